"""Partner Center's webhook: its signature is the proof of who calls, so it needs no key."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="partner_center_events")
@bp.route(route="partner-center/events", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answered
async def partner_center_events(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).partner_event(req.headers, req.get_body()))
