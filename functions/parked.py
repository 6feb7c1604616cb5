"""What needs a person: poison messages are parked; parked signals are listed, replayed, dropped."""

from __future__ import annotations

import azure.functions as func

from functions.answered import answered, response
from shared.bootstrap import app

bp = func.Blueprint()
FLOWS = ("referral-changes", "cosell-changes", "opportunity-changes", "lead-changes", "solution-changes")
RECORD = "parked/{kind}/{id}"


def park_poison_of(queue: str) -> None:
    @bp.function_name(name=f"{queue.replace('-', '_')}_poison")
    @bp.queue_trigger(arg_name="message", queue_name=f"{queue}-poison", connection="AzureWebJobsStorage")
    @answered
    async def poisoned(message: func.QueueMessage) -> None:
        await (await app()).poisoned(message.get_body())


for flow in FLOWS:
    park_poison_of(flow)


@bp.function_name(name="parked_list")
@bp.route(route="parked", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def parked_list(req: func.HttpRequest) -> func.HttpResponse:
    del req
    return response(await (await app()).office.listed())


@bp.function_name(name="parked_replay")
@bp.route(route=f"{RECORD}/replay", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def parked_replay(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).office.replay(req.route_params["kind"], req.route_params["id"]))


@bp.function_name(name="parked_drop")
@bp.route(route=RECORD, methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answered
async def parked_drop(req: func.HttpRequest) -> func.HttpResponse:
    return response(await (await app()).office.drop(req.route_params["kind"], req.route_params["id"]))
