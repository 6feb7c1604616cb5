"""Microsoft's side of a deal changed: bring its status and identifier into the CRM."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered
from shared.bootstrap import app

bp = func.Blueprint()


@bp.function_name(name="cosell_updates")
@bp.queue_trigger(arg_name="message", queue_name="cosell-changes", connection="AzureWebJobsStorage")
@answered
async def cosell_updates(message: func.QueueMessage) -> None:
    await (await app()).run(message.get_body())
