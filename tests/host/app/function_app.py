"""A small function app whose every function does what its input tells it to."""

import asyncio
import json
import time
import typing

import azure.functions as func
from opentelemetry import trace

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

# What the functions saw and when; the tests run the host in their own process and read it here.
SEEN: list[dict[str, typing.Any]] = []


@app.route("echo/{id:int}/{name?}", methods=["GET", "POST"])
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {
        "method": req.method,
        "headers": dict(req.headers),
        "query": dict(req.params),
        "route": dict(req.route_params),
        "body": req.get_body().hex(),
        "function": context.function_name,
        "traceparent": context.trace_context.trace_parent,
        "parent": f"{trace.get_current_span().get_span_context().trace_id:032x}",
    }
    headers = {"x-answer": "yes", "set-cookie": "crumb=1; Path=/"}
    return func.HttpResponse(json.dumps(seen), status_code=201, mimetype="application/json", headers=headers)


@app.route("plain")
def plain(req: func.HttpRequest) -> str:
    return f"plain {req.method}"


@app.route("fail/{how}")
async def fail(req: func.HttpRequest) -> func.HttpResponse:
    answer: func.HttpResponse = await FATES[req.route_params["how"]]()
    return answer


@app.route("locked", auth_level=func.AuthLevel.FUNCTION)
async def locked(req: func.HttpRequest) -> str:
    return f"open to {req.method}"


@app.route("vault", auth_level=func.AuthLevel.ADMIN)
async def vault(req: func.HttpRequest) -> str:
    return f"open to {req.method}"


@app.route("send")
@app.queue_output("out", "results", "AzureWebJobsStorage")
async def send(req: func.HttpRequest, out: func.Out[typing.List[str]]) -> str:  # noqa: UP006 — the runtime refuses `list[str]`
    out.set(["dropped"])
    out.set(["first", "second"])
    if req.params.get("fail"):
        raise RuntimeError("after setting its output")
    return "sent"


@app.queue_trigger("msg", "work", "AzureWebJobsStorage")
async def work(msg: func.QueueMessage) -> None:
    await _do(msg)


@app.queue_trigger("msg", "threads", "AzureWebJobsStorage")
def in_thread(msg: func.QueueMessage) -> None:
    SEEN.append({"body": msg.get_body().decode()})
    time.sleep(float(msg.get_body()))


@app.queue_trigger("msg", "%CHAIN_QUEUE%", "AzureWebJobsStorage")
@app.queue_output("$return", "results", "AzureWebJobsStorage")
async def chain(msg: func.QueueMessage) -> str:
    return msg.get_body().decode().upper()


@app.queue_trigger("msg", "work-poison", "AzureWebJobsStorage")
async def poisoned(msg: func.QueueMessage) -> None:
    await _do(msg)


@app.timer_trigger("timer", "%TICK%")
async def tick(timer: func.TimerRequest) -> None:
    status: dict[str, str] = getattr(timer, "schedule_status", {})  # not in the public class's annotations
    SEEN.append({"past_due": timer.past_due, "status": status})


async def _do(msg: func.QueueMessage) -> None:
    """Do what the message says; a body that is not JSON is only remembered."""
    text = msg.get_body().decode()
    entry = {
        "body": text,
        "id": msg.id,
        "dequeue_count": msg.dequeue_count,
        "pop_receipt": msg.pop_receipt,
        "inserted": msg.insertion_time,
        "at": asyncio.get_running_loop().time(),
        "ended": False,
        "beside": sum(each.get("ended") is False for each in SEEN),
    }
    SEEN.append(entry)
    order = json.loads(text) if text.startswith("{") else {}
    await asyncio.sleep(order.get("sleep", 0))
    if order.get("until", 0) > (msg.dequeue_count or 0):
        raise RuntimeError("told to fail")
    if "fate" in order:
        await FATES[order["fate"]]()
    entry["ended"] = True


async def _raise() -> func.HttpResponse:
    raise ValueError("told to fail")


async def _cancel() -> func.HttpResponse:
    raise asyncio.CancelledError


async def _exit() -> func.HttpResponse:
    raise SystemExit(3)


async def _hang() -> func.HttpResponse:
    await asyncio.Event().wait()
    return func.HttpResponse("never")


async def _nothing() -> func.HttpResponse | None:
    return None


FATES: dict[str, typing.Callable[[], typing.Awaitable[typing.Any]]] = {
    "raise": _raise,
    "cancel": _cancel,
    "exit": _exit,
    "hang": _hang,
    "nothing": _nothing,
}
