"""The real app between both simulators, in one process: webhooks come in at its doors, signals run when told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.clock import Clock as SandboxClock
from sandbox.dynamics import SolutionTables
from sandbox.dynamics import create_app as create_dynamics
from sandbox.faults import SandboxApp
from sandbox.partner_center import create_app as create_partner_center
from sandbox.people import AUDIT, REFERRAL, Json, People
from sandbox.stack import EVENTS, Stack, settings
from shared.bootstrap import App
from shared.domain.link import Link
from shared.domain.outcome import Outcome
from shared.messages import Signal
from shared.platform.doors import Answer
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.ports import ParkedEntry
from shared.settings import read
from tests.audit_page import explained
from tests.fakes.store import (
    FakeClock,
    FakeCursors,
    FakeLinks,
    FakeParked,
    FakePauses,
    FakeSignals,
    FakeTelemetry,
)
from tests.integration.network import DYNAMICS, DYNAMICS_EVENTS, HOST, PARTNER, PARTNER_EVENTS, Call, Network, doors
from tests.security.dataverse_role import shipped

STORAGE = "UseDevelopmentStorage=true"  # named only: nothing of it is opened here
SETTLING = timedelta(hours=2)
SIGNALS_AT_MOST = 200  # in one settling: more is a loop


@dataclass
class Bench:
    """What a test holds: people on both sides, what lies in our tables and queues, and what we called."""

    partner: SandboxApp
    dynamics: SandboxApp
    people: People
    clock: FakeClock
    client: httpx.AsyncClient
    base: Mapping[str, str]
    app: App = field(init=False)
    calls: list[Call] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.links, self.cursors, self.parked, self.pauses = FakeLinks(), FakeCursors(), FakeParked(), FakePauses()
        self.signals, self.telemetry = FakeSignals(self.clock), FakeTelemetry()
        self.configure()

    def configure(self, **changes: str) -> None:
        """Start again under other app settings; tables and queues stay."""
        self.base = {**self.base, **changes}
        self.app = App(read(self.base), self._outside())

    def _outside(self) -> Outside:
        return Outside(
            client=self.client,
            links=self.links,
            signals=self.signals,
            cursors=self.cursors,
            pauses=self.pauses,
            parked=self.parked,
            clock=self.clock,
            telemetry=self.telemetry,
            partner_tokens=StaticTokens("sandbox-user"),
            dataverse_tokens=StaticTokens("sandbox-app"),
            close=self.client.aclose,
            tick=lambda: self.clock.now().timestamp(),
        )

    async def take(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A webhook call at one of our doors."""
        door = {PARTNER_EVENTS: self.app.partner_event, DYNAMICS_EVENTS: self.app.dynamics_event}[path]
        answer = await door(headers, body)
        self.refused += [answer] if answer.status >= httpx.codes.BAD_REQUEST else []
        return answer

    # --- running --------------------------------------------------------------------------------------------------

    async def settle(self, within: timedelta = SETTLING) -> list[Outcome]:
        """Let every webhook arrive and every signal run that becomes visible in time; their outcomes."""
        before, end = len(self.telemetry.outcomes), self.clock.now() + within
        for _ in range(SIGNALS_AT_MOST):
            if not await self._next(end):
                return [told.outcome for told in self.telemetry.outcomes[before:]]
        last = [f"{told.signal.ref}: {told.outcome.reason}" for told in self.telemetry.outcomes[-5:]]
        raise AssertionError(f"it never comes to rest: {last}")

    async def _next(self, end: datetime) -> bool:
        await self.delivered()
        if taken := self.signals.take():
            self.clock.advance(0.5)
            await self.app.run(taken.body)
            return True
        if self.signals.next_at is None or self.signals.next_at > end:
            return False
        self.clock.jump(self.signals.next_at)
        return True

    async def delivered(self) -> None:
        for simulator in (self.partner, self.dynamics):
            await simulator.state.sender.idle()

    async def heal(self) -> list[Outcome]:
        await self.delivered()
        await self.app.heal()
        return await self.settle()

    async def signal(self, signal: Signal) -> list[Outcome]:
        await self.signals.send(signal)
        return await self.settle()

    async def counted(self, work: Callable[[], Awaitable[Any]]) -> list[str]:
        """The remote calls that follow from what a person does, once everything has come to rest."""
        await work()
        await self.delivered()
        self.calls.clear()
        await self.settle()
        return [call.name for call in self.calls]

    def sent(self, name: str) -> list[Any]:
        """The bodies of our calls of this name."""
        return [call.body for call in self.calls if call.name == name]

    # --- looking --------------------------------------------------------------------------------------------------

    async def row(self) -> Json:
        """The only opportunity."""
        (row,) = await self.people.opportunities()
        return await self.people.read_opportunity(str(row["opportunityid"]))

    async def own(self) -> Json:
        """The only referral of ours."""
        (found,) = [one for one in await self.people.referrals() if one["organizationName"] == "Fabrikam"]
        return found

    async def microsofts(self) -> list[Json]:
        return [one for one in await self.people.referrals() if one["organizationName"] == "Microsoft"]

    def link(self, row: Json) -> Link:
        return self.links.rows[str(row["opportunityid"])]

    def entry(self, ident: str) -> ParkedEntry:
        """What is parked of this record."""
        (found,) = [entry for (_, ref), entry in self.parked.entries.items() if ref.id == ident]
        return found

    # --- the simulators -------------------------------------------------------------------------------------------

    async def switch(self, system: str, **values: Any) -> None:
        await self.people.control(system, "PATCH", "switches", values)

    async def fault(self, system: str, **rule: Any) -> None:
        await self.people.control(system, "POST", "faults", rule)

    async def register(self, *, both: bool = True) -> None:
        """Both systems send their events to our doors; or Partner Center alone."""
        registration = {"WebhookUrl": f"{HOST}{PARTNER_EVENTS}", "WebhookEvents": EVENTS}
        answer = await self.people.stack.client.post(
            f"{PARTNER}/webhooks/v1/registration",
            headers={"Authorization": "Bearer sandbox-user"},
            json=registration,
        )
        answer.raise_for_status()
        if both:
            await self.people.control("dynamics", "POST", "webhook", {"url": f"{HOST}{DYNAMICS_EVENTS}"})


def audit(row: Json) -> list[str]:
    """The Audit lines without their dates, newest first."""
    return [line.partition(" - ")[2] for line in str(row[AUDIT] or "").splitlines()]


async def linked_inbound(bench: Bench, kind: str = "inbound", **values: Any) -> tuple[Json, Json]:
    """A deal made in Partner Center, in step: its referral and its opportunity."""
    made = await bench.people.referral(kind, **values)
    await bench.settle()
    referral = await bench.people.read_referral(str(made["id"]))
    return referral, await bench.people.read_opportunity(str(referral["externalReferenceId"]))


async def made_in_crm(bench: Bench, **values: Any) -> str:
    """The id of an opportunity that a seller just made, with everything that Partner Center requires."""
    account = await bench.people.account()
    return await bench.people.opportunity(account, await bench.people.contact(account), **values)


async def linked_outbound(bench: Bench, **values: Any) -> tuple[Json, Json]:
    """A deal made in the CRM, in step: its referral and its opportunity."""
    ident = await made_in_crm(bench, **values)
    await bench.settle()
    row = await bench.people.read_opportunity(ident)
    return await bench.people.read_referral(str(row[REFERRAL])), row


@asynccontextmanager
async def open_bench(
    root: Path,
    *,
    solution_tables: SolutionTables | None = None,
    first_start: bool = True,
    connector: bool = True,
    **changes: str,
) -> AsyncIterator[Bench]:
    """Both systems with our webhooks registered, and the first start behind us unless a test wants to see it.

    In Dynamics 365 we have the security role that is shipped, and nothing else. Without `connector` it is empty: no
    columns, no tables, no webhook, no role.
    """
    clock, network = FakeClock(), Network()
    time = SandboxClock(clock.now)
    async with (
        httpx.AsyncClient(transport=network) as theirs,
        httpx.AsyncClient(transport=network) as people,
        httpx.AsyncClient(transport=network) as ours,
    ):
        partner = create_partner_center(base_url=PARTNER, clock=time, webhook_client=theirs)
        dynamics = create_dynamics(
            base_url=DYNAMICS, clock=time, webhook_client=theirs, solution_tables=solution_tables, connector=connector
        )
        root.write_bytes(partner.state.certificates.root_pem)
        stack = Stack(
            partner_center=PARTNER, dynamics=DYNAMICS, host=HOST, storage=STORAGE, log=root, settings={}, client=people
        )
        base = settings(PARTNER, DYNAMICS, STORAGE, root) | {"PUBLIC_URL": HOST} | changes
        bench = Bench(partner=partner, dynamics=dynamics, people=People(stack), clock=clock, client=ours, base=base)
        _join(network, bench)
        await bench.register(both=connector)
        if connector:
            await bench.people.control("dynamics", "POST", "role", {"privileges": shipped(solution_tables)})
        if first_start and connector:
            await bench.heal()
            clock.advance(60)
        yield bench
        strange = [line for line in told(dynamics) if not explained(line)]
        assert not strange, f"docs/administrator.md does not explain {strange}"
        for simulator in (partner, dynamics):
            await simulator.state.sender.close()


def told(dynamics: SandboxApp) -> Iterator[str]:
    """Every line that Audit holds anywhere, without its date."""
    for table in ("opportunity", "lead"):
        for row in dynamics.state.organization.store.table(table).values():
            texts = (str(text or "") for column, text in row.items() if column.endswith("audit"))
            yield from (line.partition(" - ")[2] for text in texts for line in text.splitlines())


def _join(network: Network, bench: Bench) -> None:
    """Everybody at his address, and a note of each call of ours."""
    network.add(PARTNER, bench.partner)
    network.add(DYNAMICS, bench.dynamics)
    network.add(HOST, doors(bench.take))

    async def note(request: httpx.Request) -> None:
        bench.calls.append(Call.of(request))

    bench.client.event_hooks = {"request": [note]}
