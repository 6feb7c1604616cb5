"""Partner Center's refresh token, renewed once a day: it ends 90 days after it was issued."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app

bp = func.Blueprint()
DAILY = "0 43 3 * * *"  # at no full hour, when everybody's timers call


@bp.function_name(name="refresh_token_watch")
@bp.timer_trigger(arg_name="timer", schedule=DAILY, run_on_startup=False)
@answered
async def refresh_token_watch(timer: func.TimerRequest) -> None:
    del timer
    await (await app()).refresh_token.watched()
