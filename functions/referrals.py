"""A referral was created or changed: bring its deal into step."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="referrals")
@bp.queue_trigger(arg_name="message", queue_name="referral-changes", connection="AzureWebJobsStorage")
@answered
async def referrals(message: func.QueueMessage) -> None:
    await (await app()).run(message.get_body())
