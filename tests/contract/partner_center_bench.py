"""The Partner Center gateway on its simulator, in one process, with the people on the other end of it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from sandbox.clock import Clock as SandboxClock
from sandbox.partner_center import create_app
from shared.connectors.partner_center import Config, PartnerCenter, Registration, connect, connect_registration
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.values import Address, Customer, Money, Person, Ref, Solution, Value, frozen, group
from shared.ports import Draft, Snapshot

BASE = "http://127.0.0.1:7081"
MARKER = "0d1c5a1e-1111-4222-8333-0123456789ab"
OPPORTUNITY = "11111111-2222-4333-8444-555555555555"
JSON_NAMES = {deal.NAME: ("name",), deal.NOTES: ("details", "notes")}


class SandboxTransport(httpx.ASGITransport):
    """In process, a dropped connection is an exception of the application: made httpx's own, as over a socket."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


@dataclass
class Tokens:
    """Hands out one token after another; the last one for good."""

    tokens: list[str] = field(default_factory=lambda: ["sandbox-user"])
    asked: list[tuple[str, bool]] = field(default_factory=list)

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        self.asked.append((scope, fresh))
        if fresh and len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.tokens[0]


class Clock(SandboxClock):
    """One clock for simulator and gateway."""

    def jitter(self) -> float:
        return random.random()  # noqa: S311  a delay, no secret


@dataclass
class PartnerCenterBench:
    gateway: PartnerCenter
    registration: Registration
    client: httpx.AsyncClient
    clock: Clock
    app: Any
    tokens: Tokens
    slept: list[float]
    delivered: list[httpx.Request]
    answers: list[int] = field(default_factory=list)  # what the next webhook calls are answered; then 200
    carries_marker: bool = True

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.client.request(method, f"{BASE}/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def referral(self, kind: str = "portal", **referral: Any) -> dict[str, Any]:
        made = await self.control("POST", "referrals", {"kind": kind, "referral": referral})
        assert isinstance(made, dict)
        return made

    async def snapshot(self, kind: str = "portal", **referral: Any) -> Snapshot:
        record = await self.gateway.read((await self.referral(kind, **referral))["id"])
        assert record is not None
        return record

    async def raw(self, ident: str) -> dict[str, Any]:
        found = await self.control("GET", f"referrals/{ident}")
        assert isinstance(found, dict)
        return found

    async def switch(self, **values: Any) -> None:
        await self.control("PATCH", "switches", values)

    async def events(self) -> list[httpx.Request]:
        """The webhook calls since the last look, once nothing is on its way."""
        await self.app.state.sender.idle()
        found = self.delivered.copy()
        self.delivered.clear()
        return found

    async def requests(self) -> dict[str, int]:
        counted: dict[str, int] = (await self.control("GET", "requests"))["by_route"]
        return counted

    async def make(self) -> str:
        return str((await self.referral("portal"))["id"])

    async def edit(self, ident: str, values: dict[str, Value]) -> None:
        body: dict[str, Any] = {}
        for name, value in values.items():
            first, *rest = JSON_NAMES[name]
            body[first] = {rest[0]: value} if rest else value
        await self.control("PATCH", f"referrals/{ident}", body)

    async def close(self, ident: str) -> None:
        await self.control("PATCH", f"referrals/{ident}", {"status": "Closed", "substatus": "Lost"})

    async def draft(self) -> Draft:
        return new_draft()

    async def fault(self, status: int, retry_after: int | None = None, *, method: str = "GET", times: int = 20) -> None:
        rule = {"method": method, "path": "/v1.0/", "status": status, "times": times}
        await self.control("POST", "faults", rule | ({"retry_after": retry_after} if retry_after else {}))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


def new_draft(**values: Value) -> Draft:
    """A complete deal; `values` replace what it says."""
    complete: dict[str, Value] = {
        deal.NAME: "Contoso warehouse robots",
        deal.AMOUNT: Money(Decimal("1234.56"), "EUR"),
        deal.CLOSING_DATE: date(2027, 5, 31),
        deal.NOTES: "Forklifts that count",
        deal.STAGE: Stage.OPEN,
        deal.VISIBLE: False,
        deal.INTENT: "HaveNotDecided",
        deal.SOLUTIONS: group(
            [Solution(id="SOL-10001-FAB", name="Fabrikam Insights", type="3P", publisher="Fabrikam")]
        ),
        deal.CONTACTS: group([_person("jo@contoso.example.com", "Jo")]),
        deal.TEAM: group([_person("kim@fabrikam.example.com", "Kim")]),
        deal.CUSTOMER: Customer(
            name="Contoso",
            address=Address(line1="1 Way", city="Redmond", state="WA", postal_code="98052", country="US"),
        ),
    }
    source = Ref("opportunity", OPPORTUNITY)
    return Draft(purpose=Purpose.CREATE, id="", source=source, values=frozen({**complete, **values}), marker=MARKER)


def _person(email: str, first: str) -> Person:
    return Person(email=email, first_name=first, last_name="Doe", phone="+1 425 555 0100", title="Buyer")


@asynccontextmanager
async def open_bench(**config: Any) -> AsyncIterator[PartnerCenterBench]:
    clock, tokens, slept, delivered = Clock(), Tokens(), list[float](), list[httpx.Request]()
    answers: list[int] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def receive(request: httpx.Request) -> httpx.Response:
        delivered.append(request)
        return httpx.Response(answers.pop(0) if answers else 200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as receiver:
        app = create_app(base_url=BASE, clock=clock, webhook_client=receiver)
        async with httpx.AsyncClient(transport=SandboxTransport(app=app)) as client:
            settings = Config(api_url=BASE, webhook_api_url=BASE, **config)
            yield PartnerCenterBench(
                gateway=connect(
                    settings, client=client, tokens=tokens, clock=clock, sleep=sleep, tick=lambda: sum(slept)
                ),
                registration=connect_registration(settings, client=client, tokens=tokens, sleep=sleep),
                client=client,
                clock=clock,
                app=app,
                tokens=tokens,
                slept=slept,
                delivered=delivered,
                answers=answers,
            )
            await app.state.sender.close()
