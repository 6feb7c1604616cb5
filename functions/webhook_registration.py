"""The tenant's one webhook registration at Partner Center: shown, made ours when asked, looked at every day."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()
ROUTE = "webhook-registration"
DAILY = "0 17 4 * * *"  # at no full hour, when everybody's timers call


@bp.function_name(name="webhook_registration")
@bp.route(route=ROUTE, methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def webhook_registration(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return response(await (await app()).webhook.shown())


@bp.function_name(name="webhook_register")
@bp.route(route=ROUTE, methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def webhook_register(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).webhook.register(req.get_body()))


@bp.function_name(name="webhook_watch")
@bp.timer_trigger(arg_name="timer", schedule=DAILY, run_on_startup=False)
@answered
async def webhook_watch(timer: func.TimerRequest) -> None:
    del timer
    await (await app()).webhook.watched()
