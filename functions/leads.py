"""A lead changed: it is kept in step with its referral, and goes on as an opportunity once that is accepted."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="leads")
@bp.queue_trigger(arg_name="message", queue_name="lead-changes", connection="AzureWebJobsStorage")
@answered
async def leads(message: func.QueueMessage) -> None:
    await (await app()).run(message.get_body())
