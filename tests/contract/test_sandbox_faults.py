"""The parts that both simulators share keep their promises, in process and over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import (
    Clock,
    ConnectionDroppedError,
    Control,
    DeliveryPolicy,
    Faults,
    SandboxApp,
    StateFile,
    Switch,
    Switches,
    WebhookSender,
    choice,
    control_routes,
)
from sandbox.servers import listen, serving

RECORD = "/things/0b8c1c2e-0000-4000-8000-00000000000a"


class Received:
    """A receiver of webhooks that answers from a list of statuses, then 200."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[bytes] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.content)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)


async def no_wait(_: float) -> None:
    await asyncio.sleep(0)


def sender_to(received: Received, policy: DeliveryPolicy | None = None) -> WebhookSender:
    client = httpx.AsyncClient(transport=httpx.MockTransport(received))
    return WebhookSender(clock=Clock(), policy=policy or DeliveryPolicy(), client=client, sleep=no_wait)


def counting_app(sender: WebhookSender | None = None) -> SandboxApp:
    app_faults, clock = Faults(), Clock()
    hits = {"count": 0}

    async def hit(_: Request) -> Response:
        hits["count"] += 1
        return JSONResponse(hits)

    def forget() -> None:
        hits["count"] = 0

    control = Control(
        faults=app_faults,
        clock=clock,
        sender=sender or sender_to(Received()),
        switches=Switches({"mood": choice("good", "odd"), "lag": Switch(0.0)}),
        forget=forget,
    )
    app = SandboxApp(routes=[Route("/things/{id}", hit, methods=["GET", "POST"]), *control_routes(control)])
    app.faults = app_faults
    return app


def in_process(app: SandboxApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox")


@asynccontextmanager
async def over_socket(app: SandboxApp) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(app, listen()) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def hits(client: httpx.AsyncClient) -> int:
    count: int = (await client.get(RECORD)).json()["count"]
    return count - 1


async def test_requests_are_counted_by_route_with_guids_collapsed() -> None:
    """Every request outside /control is logged, and counted under its route's template."""
    async with in_process(counting_app()) as client:
        await client.get(RECORD)
        await client.get(RECORD, params={"a": "b"})
        counted = (await client.get("/control/requests")).json()
        emptied = (await client.delete("/control/requests")).json()

    assert counted["total"] == 2
    assert counted["by_route"] == {"GET /things/{id}": 2}
    assert counted["log"][1]["query"] == "a=b"
    assert emptied == {"total": 0, "by_route": {}, "log": []}


async def test_a_status_fault_skips_then_meets_then_ends() -> None:
    """A rule passes `skip` requests, meets `times`, and is then gone."""
    async with in_process(counting_app()) as client:
        rule = {"method": "GET", "path": "^/things", "skip": 2, "times": 2, "status": 429, "retry_after": 2}
        await client.post("/control/faults", json=rule)
        answers = [await client.get(RECORD) for _ in range(5)]
        left = (await client.get("/control/faults")).json()

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 200]
    assert answers[2].headers["retry-after"] == "2"
    assert left == {"faults": []}


async def test_a_fault_of_one_token_meets_nobody_else() -> None:
    """A rule with `bearer` lets requests with another token, or with none, pass without counting them."""
    async with in_process(counting_app()) as client:
        await client.post("/control/faults", json={"bearer": "theirs", "status": 401})
        tokens = ("Bearer mine", "", "Bearer theirs", "Bearer theirs")
        answers = [await client.get(RECORD, headers={"Authorization": token}) for token in tokens]

    assert [answer.status_code for answer in answers] == [200, 200, 401, 200]


@pytest.mark.parametrize(
    "body", [{"kind": "mystery"}, {"path": "("}, {"colour": 1}, {"times": "many"}, {"times": None}], ids=str
)
async def test_an_impossible_fault_is_refused(body: dict[str, Any]) -> None:
    """A rule that cannot be carried out is answered 400 and not kept."""
    async with in_process(counting_app()) as client:
        answer = await client.post("/control/faults", json=body)
        left = (await client.get("/control/faults")).json()

    assert answer.status_code == 400
    assert left == {"faults": []}


@pytest.mark.parametrize(("kind", "effects"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_reset_closes_the_socket_without_an_answer(kind: str, effects: int) -> None:
    """Over a socket the caller sees the connection end with no answer, and the effect as the kind says."""
    async with over_socket(counting_app()) as client:
        await client.post("/control/faults", json={"kind": kind})
        with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
            await client.post(RECORD)

        assert await hits(client) == effects


@pytest.mark.parametrize(("kind", "effects"), [("timeout_before", 0), ("timeout_after", 1)])
async def test_a_timeout_never_answers(kind: str, effects: int) -> None:
    """Over a socket the caller waits until its own time limit, and the effect is as the kind says."""
    async with over_socket(counting_app()) as client:
        await client.post("/control/faults", json={"kind": kind})
        with pytest.raises(httpx.ReadTimeout):
            await client.post(RECORD, timeout=0.1)

        assert await hits(client) == effects


@pytest.mark.parametrize(("kind", "effects"), [("reset_before", 0), ("reset_after", 1), ("timeout_after", 1)])
async def test_in_process_a_broken_connection_is_an_exception(kind: str, effects: int) -> None:
    """Without a socket a reset, or the end of a silence, surfaces as ConnectionDroppedError."""
    async with in_process(counting_app()) as client:
        await client.post("/control/faults", json={"kind": kind, "seconds": 0.01})
        with pytest.raises(ConnectionDroppedError):
            await client.post(RECORD)

        assert await hits(client) == effects


async def test_switches_are_typed_and_closed() -> None:
    """A switch takes only its own values, an unknown one is refused, and a refused patch changes nothing."""
    async with in_process(counting_app()) as client:
        bad: list[Any] = [{"mood": "angry"}, {"lag": "long"}, {"unknown": 1}, {"mood": "odd", "lag": True}, []]
        refused = [await client.patch("/control/switches", json=body) for body in bad]
        accepted = await client.patch("/control/switches", json={"mood": "odd", "lag": 2})

    assert [answer.status_code for answer in refused] == [400] * 5
    assert accepted.json() == {"mood": "odd", "lag": 2.0}


async def test_reset_returns_everything_to_the_start() -> None:
    """After a reset no rule, count, switch value, clock offset or record of the simulator is left."""
    async with in_process(counting_app()) as client:
        await client.get(RECORD)
        await client.patch("/control/switches", json={"mood": "odd"})
        await client.post("/control/faults", json={"times": 5})
        before = (await client.post("/control/clock", json={"advance": 86400})).json()["now"]
        await client.post("/control/reset")

        assert (await client.get("/control/requests")).json()["total"] == 0
        assert (await client.get("/control/switches")).json()["mood"] == "good"
        assert (await client.get("/control/clock")).json()["now"] < before
        assert await hits(client) == 0


@pytest.mark.parametrize("body", [{"drop": 2}, {"delay": [2, 1]}, {"speed": 1}, {"intervals": "fast"}], ids=str)
async def test_impossible_webhook_modes_are_refused(body: dict[str, Any]) -> None:
    """A mode that means nothing is answered 400."""
    async with in_process(counting_app()) as client:
        assert (await client.post("/control/webhooks", json=body)).status_code == 400


async def test_state_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What is saved is read back, without a half-written file in between."""
    state = {"deals": 1}
    file = StateFile(tmp_path / "kept" / "state.json", lambda: state)
    file.touch()
    file.save()

    assert file.load() == state
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["state.json"]
    assert json.loads((tmp_path / "kept" / "state.json").read_text()) == state
