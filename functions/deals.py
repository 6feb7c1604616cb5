"""One deal explained: both sides, their link, what would be written and why; behind a key, as it shows the deal."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="deal_explained")
@bp.route(route="deals/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def deal_explained(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).deal(req.route_params["id"]))
