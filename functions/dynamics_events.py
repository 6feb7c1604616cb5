"""Dataverse's webhook: its function key is the proof of who calls."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="dynamics_events")
@bp.route(route="dynamics/events", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def dynamics_events(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).dynamics_event(req.headers, req.get_body()))
