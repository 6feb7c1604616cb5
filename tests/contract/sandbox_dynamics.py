"""What the tests of the Dataverse simulator share: a client, rows to start from, a receiver of webhooks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from sandbox.dynamics import SolutionTables, create_app
from sandbox.faults import Clock, SandboxApp

BASE = "http://127.0.0.1:7082"
ROOT = f"{BASE}/api/data/v9.2/"
RECEIVER = "http://127.0.0.1:7071/api/dynamics/events"
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
UNKNOWN = "00000000-0000-4000-8000-00000000dead"
WHOLE = {"Prefer": "return=representation"}


@dataclass
class Receiver:
    """Stands where the product's webhook endpoint would: keeps what arrives, answers from a list, then 200."""

    statuses: list[int] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests]

    def events(self) -> list[tuple[str, str]]:
        """(message, table), in order of arrival."""
        return [(body["MessageName"], body["PrimaryEntityName"]) for body in self.bodies()]


@dataclass
class Sandbox:
    """A simulator in this process, with a clock that stands until it is advanced."""

    app: SandboxApp
    client: httpx.AsyncClient
    receiver: Receiver

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=sent)

    async def make(self, entity_set: str, **values: Any) -> dict[str, Any]:
        """A new row; `parentaccountid__bind="/accounts(…)"` binds a lookup."""
        body = {name.replace("__bind", "@odata.bind"): value for name, value in values.items()}
        answer = await self.client.post(entity_set, json=body, headers=WHOLE)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def opportunity(self, **values: Any) -> dict[str, Any]:
        return await self.make("opportunities", **({"name": "Contoso renewal"} | values))

    async def get(self, path: str, **headers: str) -> dict[str, Any]:
        answer = await self.send("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def rows(self, path: str, **headers: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(path, **headers))["value"]
        return found

    async def patch(self, path: str, body: Mapping[str, Any], **headers: str) -> httpx.Response:
        return await self.send("PATCH", path, body, **headers)

    async def win(self, opportunity: str, action: str = "WinOpportunity", status: int = -1) -> httpx.Response:
        close = {"subject": "Closed", "actualrevenue": 900.5, "actualend": "2026-10-31"}
        close["opportunityid@odata.bind"] = f"/opportunities({opportunity})"
        return await self.send("POST", action, {"Status": status, "OpportunityClose": close})

    async def control(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        answer = await self.client.request(method, f"{BASE}/control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def switch(self, **values: Any) -> None:
        await self.control("switches", values, "PATCH")

    async def subscribe(self) -> None:
        await self.control("webhook", {"url": RECEIVER, "code": "a key"})

    async def delivered(self) -> None:
        await self.app.state.sender.idle()


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


@asynccontextmanager
async def sandbox(
    token: str = "sandbox-app",
    state_path: Path | None = None,
    solution_tables: SolutionTables | None = None,
    *,
    connector: bool = True,
) -> AsyncIterator[Sandbox]:
    receiver = Receiver()
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    app = create_app(
        base_url=BASE,
        clock=Clock(lambda: NOON),
        state_path=state_path,
        solution_tables=solution_tables,
        connector=connector,
        webhook_client=client,
    )
    app.state.sender.configure({"intervals": [0.0]})
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ROOT, headers=headers) as caller,
    ):
        yield Sandbox(app, caller, receiver)
