"""The host's parts on their own: routes, back-off, body limit, lease."""

from datetime import timedelta

import httpx
import pytest
from azure.storage.queue.aio import QueueServiceClient
from starlette.requests import Request
from starlette.responses import Response

from sandbox.host.backoff import Backoff
from sandbox.host.calls import Answer, HttpCall, Outcome, Succeeded
from sandbox.host.functions import Function, HttpTrigger
from sandbox.host.keys import Keys, read_keys
from sandbox.host.lease import Lease
from sandbox.host.routes import compile_route
from sandbox.host.web import FunctionsApp, endpoints


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("things", "/api/things", {}),
        ("things", "/API/Things/", {}),
        ("things", "/api/things/1", None),
        ("things/{id}", "/api/things/a%2Fb", {"id": "a/b"}),
        ("things/{id?}", "/api/things", {}),
        ("things/{id:int}", "/api/things/x", None),
        ("things/{id:guid}", "/api/things/0f8fad5b-d9cb-469f-a165-70867728950e", None),
        ("files/{*rest}", "/api/files/a/b/c", {"rest": "a/b/c"}),
        ("files/{*rest}", "/api/files", {}),
        ("v{major}.{minor}", "/api/v1.2", {"major": "1", "minor": "2"}),
        ("things", "/things", None),
    ],
)
def test_a_route_matches_its_paths(template: str, path: str, expected: dict[str, str] | None) -> None:
    """Literals ignore case, parameters are decoded, optional and catch-all ones may be absent."""
    if ":guid" in template:
        expected = {"id": path.rpartition("/")[2]}

    assert compile_route(template, "api").match(path) == expected


def function(route: str) -> Function:
    trigger = HttpTrigger(route=route, methods=frozenset({"GET", "POST"}), auth="anonymous")
    return Function(name=route, trigger=trigger, outputs={}, bindings=(), disabled=False)


async def echo_name(called: Function, call: HttpCall) -> Outcome:
    return Succeeded(answer=Answer(status=200, body=f"{called.name} {len(call.body)}".encode()))


async def no_admin(request: Request) -> Response:
    return Response(status_code=500, content=request.method)


def client_of(*routes: str, max_body: int = 100) -> httpx.AsyncClient:
    app = FunctionsApp(
        endpoints=endpoints(map(function, routes), "api"),
        keys=Keys(function="f", master="m"),
        run=echo_name,
        admin=no_admin,
        max_body=max_body,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host.example.com")


async def test_the_most_specific_route_wins() -> None:
    """A literal segment comes before a constrained parameter, that before a plain one, a catch-all last."""
    async with client_of("{*rest}", "things/{id}", "things/{id:int}", "things/new") as http:
        names = [(await http.get(f"/api/{path}")).text for path in ("things/new", "things/1", "things/x", "other/x")]

    assert names == ["things/new 0", "things/{id:int} 0", "things/{id} 0", "{*rest} 0"]


@pytest.mark.parametrize(("size", "status"), [(100, 200), (101, 413)])
async def test_a_body_over_the_limit_never_reaches_the_function(size: int, status: int) -> None:
    """One byte too many is 413."""
    async with client_of("things") as http:
        answer = await http.post("/api/things", content=b"x" * size)

    assert answer.status_code == status


def test_missing_keys_are_made_up() -> None:
    """A key that no setting gives is new each time and named, so that the host can print it."""
    keys, others = read_keys({"HOST_FUNCTION_KEY": "given"}), read_keys({})

    assert keys.function == "given"
    assert keys.generated == ("HOST_MASTER_KEY",)
    assert len({keys.master, others.master, others.function}) == 3


def test_an_empty_queue_is_asked_ever_less_often() -> None:
    """The pause doubles from 100 ms, stays within its bound, and starts again after a message."""
    backoff = Backoff(timedelta(seconds=2), lambda low, high: (low + high) / 2)
    pauses = [backoff.next() for _ in range(8)]
    backoff.found()

    assert pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2])
    assert backoff.next() == pytest.approx(0.1)


async def test_a_message_that_a_function_moved_itself_is_left_alone(queues: QueueServiceClient) -> None:
    """A stale pop receipt is an answer, not an error: the function hid its message for later."""
    queue = queues.get_queue_client("work")
    await queue.send_message("moved")
    message = await queue.receive_message(visibility_timeout=30)
    assert message is not None
    lease = Lease(queue, message)
    await queue.update_message(message, visibility_timeout=60)

    await lease.release(timedelta(0))
    await lease.delete()

    properties = await queue.get_queue_properties()
    assert properties.approximate_message_count == 1
    assert await queue.peek_messages(1) == []


async def test_every_renewal_keeps_the_receipt_valid(queues: QueueServiceClient) -> None:
    """After a renewal, and even while one is on its way, the message can still be deleted."""
    queue = queues.get_queue_client("work")
    await queue.send_message("held")
    message = await queue.receive_message(visibility_timeout=30)
    assert message is not None
    lease = Lease(queue, message)

    await lease.release(timedelta(seconds=30))
    await lease.delete()

    assert (await queue.get_queue_properties()).approximate_message_count == 0
