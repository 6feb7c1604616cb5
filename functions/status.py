"""The status page, at two doors with the same rooms: with a function key, or signed in through the platform."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app
from shared.platform.status.asked import Asked, Door

bp = func.Blueprint()


async def shown(req: func.HttpRequest, door: Door) -> func.HttpResponse:
    asked = Asked(
        door=door,
        method=req.method or "",
        room=tuple(filter(None, (req.route_params.get("room") or "").split("/"))),
        query=req.params,
        headers={name.lower(): text for name, text in req.headers.items()},
        body=req.get_body(),
    )
    page = await (await app()).status_page(asked)
    headers = {"Content-Type": page.kind, **page.headers}
    return func.HttpResponse(page.body, status_code=page.status, headers=headers)


@bp.function_name(name="status")
@bp.route(route="status/{*room}", methods=["GET", "POST"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def status(req: func.HttpRequest) -> func.HttpResponse:
    return await shown(req, Door.KEY)


# Open to the host, and closed by ourselves: whoever the platform has not signed in is told so and nothing else.
@bp.function_name(name="status_signed_in")
@bp.route(route="signed-in/status/{*room}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
@answered
async def status_signed_in(req: func.HttpRequest) -> func.HttpResponse:
    return await shown(req, Door.PERSON)
