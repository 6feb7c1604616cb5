"""Whether the installation can work; behind a key, because it names settings and organisations."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="health")
@bp.route(route="health", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def health(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return response(await (await app()).health())
