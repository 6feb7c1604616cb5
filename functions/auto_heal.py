"""Auto-heal: find what no webhook announced, and come back to what waits."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app
from shared.settings import reading

bp = func.Blueprint()


# The schedule is a value and not "%AUTO_HEAL_SCHEDULE%": without that setting the host would not start the timer.
@bp.function_name(name="auto_heal")
@bp.timer_trigger(arg_name="timer", schedule=reading().best.auto_heal_schedule, run_on_startup=False)
@answered
async def auto_heal(timer: func.TimerRequest) -> None:
    del timer
    await (await app()).heal()
