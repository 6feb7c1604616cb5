"""Values on their way between the host and Python, in the runtime's own currency: a datum is a value and its kind.

Both runtimes of the sandbox share these, so that a function sees the same request whichever of them calls it.
Shapes: the host's GrpcMessageConversionExtensions and the converters of the azure-functions package.
"""

import json
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any

from sandbox.host.calls import Answer, Call, Failed, HttpCall, QueueCall, Succeeded, TimerCall

MakeDatum = Callable[[Any, str], Any]


def trigger_datum(call: Call, make: MakeDatum) -> Any:
    match call:
        case HttpCall():
            return make(_http(call, make), "http")
        case QueueCall():
            return _text_or_bytes(call.body, make)
        case TimerCall():
            return make(json.dumps(_timer(call)), "json")


def trigger_metadata(call: Call, make: MakeDatum) -> dict[str, Any]:
    if not isinstance(call, QueueCall):
        return {}
    return {
        "Id": make(call.id, "string"),
        "PopReceipt": make(call.pop_receipt, "string"),
        "DequeueCount": make(str(call.dequeue_count), "json"),
        "InsertionTime": make(_json_time(call.inserted), "json"),
        "ExpirationTime": make(_json_time(call.expires), "json"),
        "NextVisibleTime": make(_json_time(call.next_visible), "json"),
    }


def _http(call: HttpCall, make: MakeDatum) -> dict[str, Any]:
    def texts(values: Iterable[tuple[str, str]]) -> dict[str, Any]:
        return {name: make(value, "string") for name, value in values}

    return {
        "method": make(call.method, "string"),
        "url": make(call.url, "string"),
        "headers": texts(call.headers.items()),
        "query": texts(call.query.items()),
        "params": texts(call.params.items()),
        "body": make(call.body, "bytes"),
    }


def _text_or_bytes(body: bytes, make: MakeDatum) -> Any:
    try:
        return make(body.decode(), "string")
    except UnicodeDecodeError:
        return make(body, "bytes")


def _timer(call: TimerCall) -> dict[str, object]:
    status = {"Last": call.last.isoformat(), "Next": call.next.isoformat(), "LastUpdated": call.last.isoformat()}
    return {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": call.past_due}


def _json_time(moment: datetime) -> str:
    return json.dumps(moment.isoformat())


def answer_of(datum: Any) -> Answer | None:
    """Read what an HTTP function returned; plain text is a 200, as on the platform."""
    if datum is None or datum.type is None:
        return None
    if datum.type != "http":
        body = datum.value.encode() if isinstance(datum.value, str) else bytes(datum.value)
        return Answer(status=200, headers=(("content-type", "text/plain; charset=utf-8"),), body=body)
    value = datum.value
    headers = [(name, str(each.value)) for name, each in value["headers"].items()]
    return Answer(
        status=int(value["status_code"].value),
        headers=(*headers, *_cookies(value.get("cookies") or ())),
        body=value["body"].value,
    )


def _cookies(cookies: Iterable[SimpleCookie]) -> list[tuple[str, str]]:
    return [("set-cookie", morsel.OutputString()) for cookie in cookies for morsel in cookie.values()]


def messages_of(datum: Any) -> tuple[bytes, ...]:
    """Read what was set on a queue output: one text, bytes, one message object, or a list of texts and objects."""
    if datum is None or datum.value is None:
        return ()
    if datum.type == "json":
        value = json.loads(datum.value)
        return tuple(_body(each) for each in value) if isinstance(value, list) else (_body(value),)
    return (_body(datum.value),)


def _body(item: Any) -> bytes:
    if isinstance(item, dict):  # a func.QueueMessage travels as its id and body
        item = item.get("body", "")
    return item.encode() if isinstance(item, str) else bytes(item)


def read_outcome(returned: Any, outputs: list[tuple[str, Any]]) -> Succeeded | Failed:
    """Read what a function returned and set; a value that no queue can hold fails the invocation."""
    try:
        messages = {name: messages_of(datum) for name, datum in outputs}
        if returned is not None and returned.type in {"http", None}:
            return Succeeded(answer=answer_of(returned), messages=messages)
        answer = answer_of(returned)
        return Succeeded(answer=answer, messages=messages | {"$return": messages_of(returned)})
    except (TypeError, ValueError) as error:
        return Failed(repr(error), traceback.format_exc())
