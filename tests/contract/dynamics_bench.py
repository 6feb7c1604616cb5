"""The Dynamics gateway on its simulator, in one process, with the sellers and faults on the other end of it."""

from __future__ import annotations

import random
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from sandbox.clock import Clock as SandboxClock
from sandbox.dynamics import SolutionTables, create_app
from sandbox.dynamics.organization import ORGANIZATION
from shared.connectors.dynamics import Config, Dynamics, connect
from shared.connectors.dynamics.events import Dropped, decode
from shared.domain import deal
from shared.domain.identity import chosen_id
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.values import Address, Customer, Money, Person, Ref, Solution, Value, frozen, group
from shared.messages import Signal
from shared.ports import Change, Draft, Snapshot
from tests.contract.dynamics_transports import SandboxTransport
from tests.security.dataverse_role import shipped

BASE = "http://127.0.0.1:7082"
ROOT = f"{BASE}/api/data/v9.2/"
MARKER = "0d1c5a1e-1111-4222-8333-0123456789ab"
REFERRAL = "7b7b7b7b-2222-4333-8444-555555555555"
SELLER = {"Authorization": "Bearer sandbox-seller", "Prefer": "return=representation"}
COLUMNS = {deal.NAME: "name", deal.NOTES: "description"}
AUDIT = "msft_microsoftpartnercenterreferralsyncaudit"
SYNC = "msft_microsoftpartnercenterreferralsync"
CURRENCIES = "transactioncurrencies?$select=transactioncurrencyid,isocurrencycode"


@dataclass
class Tokens:
    """One token for everything; a test may exchange it."""

    token: str = "sandbox-app"

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        del scope, fresh
        return self.token


class Clock(SandboxClock):
    """One clock for simulator and gateway."""

    def jitter(self) -> float:
        return random.random()  # noqa: S311  a delay, no secret


@dataclass
class DynamicsBench:
    gateway: Dynamics
    config: Config
    client: httpx.AsyncClient
    clock: Clock
    app: Any
    tokens: Tokens
    slept: list[float]
    transport: SandboxTransport
    carries_marker: bool = True
    currencies: dict[str, str] = field(default_factory=dict)
    posted: list[httpx.Request] = field(default_factory=list)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.client.request(method, f"{BASE}/control/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def switch(self, **values: Any) -> None:
        await self.control("PATCH", "switches", values)

    async def seller(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A call of Dana's: what a person does in the app."""
        answer = await self.client.request(method, ROOT + path, json=body, headers=SELLER)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    async def rows(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.seller("GET", path))["value"]
        return found

    async def calls(self) -> list[str]:
        """What was called since they were last asked for, each as `METHOD path`, controls and sellers not counted."""
        log = (await self.control("GET", "requests"))["log"]
        await self.control("DELETE", "requests")
        return [f"{entry['method']} {entry['path'].removeprefix('/api/data/v9.2/')}" for entry in log]

    async def heard(self) -> list[Signal | Dropped]:
        """What the webhook calls since the last time came to."""
        await self.app.state.sender.idle()
        posted = list(self.posted)
        self.posted.clear()
        named = {"tag": self.config.tag, "organization": ORGANIZATION, "pair": self.config.pair}
        return [decode(each.content, each.headers, **named) for each in posted]

    async def currency(self, code: str) -> str:
        if not self.currencies:
            self.currencies |= {r["isocurrencycode"]: r["transactioncurrencyid"] for r in await self.rows(CURRENCIES)}
        return f"/transactioncurrencies({self.currencies[code]})"

    async def account(self, **values: Any) -> dict[str, Any]:
        named = {"name": "Contoso", "address1_postalcode": "98052", "address1_country": "US"}
        return await self.seller("POST", "accounts", named | values)

    async def contact(self, account: str, **values: Any) -> dict[str, Any]:
        named = {"firstname": "Jo", "lastname": "Doe", "emailaddress1": "jo@contoso.example.com"}
        bound = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
        return await self.seller("POST", "contacts", named | bound | values)

    async def opportunity(self, **values: Any) -> dict[str, Any]:
        named = {
            "name": "Contoso renewal",
            "estimatedvalue": 5000,
            "estimatedclosedate": "2027-01-31",
            "description": "Robots",
            SYNC: True,
            "transactioncurrencyid@odata.bind": await self.currency("USD"),
        }
        return await self.seller("POST", "opportunities", named | values)

    async def snapshot(self, **values: Any) -> Snapshot:
        record = await self.gateway.read((await self.opportunity(**values))["opportunityid"])
        assert record is not None
        return record

    async def raw(self, ident: str) -> dict[str, Any]:
        return await self.seller("GET", f"opportunities({ident})")

    async def make(self) -> str:
        return str((await self.opportunity())["opportunityid"])

    async def edit(self, ident: str, values: Mapping[str, Value]) -> None:
        await self.seller("PATCH", f"opportunities({ident})", {COLUMNS[name]: v for name, v in values.items()})

    async def close(self, ident: str, action: str = "LoseOpportunity") -> None:
        closed = {"subject": "Closed", "opportunityid@odata.bind": f"/opportunities({ident})", "actualrevenue": 70}
        await self.seller("POST", action, {"Status": -1, "OpportunityClose": closed})

    async def draft(self) -> Draft:
        return new_draft()

    async def fault(self, status: int, retry_after: int | None = None, *, method: str = "GET", times: int = 20) -> None:
        rule = {"method": method, "path": "/api/data/", "status": status, "times": times}
        await self.control("POST", "faults", rule | ({"retry_after": retry_after} if retry_after else {}))

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


def new_draft(**values: Value) -> Draft:
    """A referral as a deal, complete; `values` replace what it says."""
    complete: dict[str, Value] = {
        deal.NAME: "Contoso warehouse robots",
        deal.AMOUNT: Money(Decimal("1234.56"), "EUR"),
        deal.CLOSING_DATE: date(2027, 5, 31),
        deal.NOTES: "Forklifts that count",
        deal.STAGE: Stage.PENDING,
        deal.VISIBLE: True,
        deal.HELP: "GeneralOrOther",
        deal.INTENT: "HaveNotDecided",
        deal.SOLUTIONS: group([Solution(id="SOL-1001", name="Contoso Retail Insights", type="IP")]),
        deal.CONTACTS: group([Person(email="jo@contoso.example.com", first_name="Jo", last_name="Doe", phone="1")]),
        deal.TEAM: group([Person(email="dana@fabrikam.example", first_name="Dana", last_name="Rivera")]),
        deal.CUSTOMER: Customer(
            name="Contoso",
            address=Address(line1="1 Way", city="Redmond", state="WA", postal_code="98052", country="US"),
        ),
    }
    source = Ref("referral", str(uuid.UUID(REFERRAL)))
    return Draft(
        purpose=Purpose.CREATE,
        id=chosen_id("cosell", "opportunity", source.id),
        source=source,
        source_link="https://partner.example.com/referrals/7b7b",
        values=frozen({**complete, **values}),
        marker=MARKER,
    )


async def send(
    bench: DynamicsBench, record: Snapshot, values: Mapping[str, Value] | None = None, **more: Any
) -> Snapshot:
    """A write of the gateway's under our marker."""
    return await bench.gateway.write(Change(record=record, values=frozen(values or {}), **{"marker": MARKER, **more}))


@asynccontextmanager
async def open_bench(
    *,
    solution_tables: SolutionTables | None = None,
    transport: type[SandboxTransport] = SandboxTransport,
    **config: Any,
) -> AsyncIterator[DynamicsBench]:
    clock, tokens, slept, posted = Clock(), Tokens(), list[float](), list[httpx.Request]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    def listen(request: httpx.Request) -> httpx.Response:
        posted.append(request)
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(listen)) as receiver:
        app = create_app(base_url=BASE, clock=clock, webhook_client=receiver, solution_tables=solution_tables)
        line = transport(app=app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=line) as client:
            app.state.organization.role.change({"privileges": shipped(solution_tables)})
            settings = Config(url=BASE, **config)
            yield DynamicsBench(
                gateway=connect(settings, client=client, tokens=tokens, clock=clock, sleep=sleep),
                config=settings,
                client=client,
                clock=clock,
                app=app,
                tokens=tokens,
                slept=slept,
                transport=line,
                posted=posted,
            )
