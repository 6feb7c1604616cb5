"""An opportunity, or a record that its deal waits for, changed: bring the deal into step."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="opportunities")
@bp.queue_trigger(arg_name="message", queue_name="opportunity-changes", connection="AzureWebJobsStorage")
@answered
async def opportunities(message: func.QueueMessage) -> None:
    await (await app()).run(message.get_body())
