"""Both systems, the queue and the clock in memory, and the product's own core between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.link import Link
from shared.domain.outcome import Outcome
from shared.domain.policy import Policy
from shared.domain.values import Side
from shared.messages import Look, Signal, Why
from shared.sync.job import Job
from shared.sync.reconcile import Reconcile
from shared.sync.watch import Report, Watch
from tests.fakes.gateway import FakeGateway, Row
from tests.fakes.store import (
    FakeClock,
    FakeCursors,
    FakeLinks,
    FakeParked,
    FakePauses,
    FakeSignals,
    FakeTelemetry,
    Hook,
    nothing,
)

LIVE = Policy(live=True, fingerprint="live")


@dataclass
class World:
    """`webhooks` false: nothing announces a change, only heal finds it.

    `ambiguous` counts edits that gave way because nobody can say who wrote them (a side without a marker).
    """

    policy: Policy = LIVE
    hook: Hook = nothing
    carries_marker: bool = True
    rounds: bool = False
    webhooks: bool = True
    clock: FakeClock = field(default_factory=FakeClock)
    ambiguous: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        hook = self.hook
        self.partner = FakeGateway(Side.PARTNER, self.clock, hook, carries_marker=self.carries_marker)
        self.crm = FakeGateway(Side.CRM, self.clock, hook, rounds=self.rounds)
        self.leads = FakeGateway(
            Side.CRM, self.clock, hook, rounds=self.rounds, kind="lead", early=True, beside=self.crm
        )
        self.partner.on_change = self._announce_referral
        self.crm.on_change = self._announce_row
        self.leads.on_change = self._announce_lead
        self.links = FakeLinks(hook=hook)
        self.signals = FakeSignals(self.clock, hook=hook)
        self.cursors = FakeCursors(hook=hook)
        self.pauses = FakePauses(hook=hook)
        self.parked = FakeParked(hook=hook)
        self.telemetry = FakeTelemetry()
        self.announced: list[Signal] = []
        self.configure(self.policy)

    def configure(self, policy: Policy) -> None:
        """Restart with other settings; everything that lies in tables and queues stays."""
        self.policy = policy
        reconcile = Reconcile(
            partner=self.partner,
            crm=self.crm,
            links=self.links,
            cursors=self.cursors,
            clock=self.clock,
            policy=policy,
            leads=self.leads,
        )
        self.reconcile = reconcile
        self.job = Job(
            reconcile=reconcile,
            links=self.links,
            signals=self.signals,
            parked=self.parked,
            pauses=self.pauses,
            telemetry=self.telemetry,
            clock=self.clock,
            policy=policy,
        )
        self.watch = Watch(
            partner=self.partner,
            crm=self.crm,
            links=self.links,
            cursors=self.cursors,
            signals=self.signals,
            clock=self.clock,
            telemetry=self.telemetry,
            policy=policy,
            leads=self.leads,
        )

    # --- announcements ------------------------------------------------------------------------------------------

    def _announce_referral(self, ident: str, _who: str) -> None:
        look = Look.REFERRAL if ident in self.partner.rows and self.partner.rows[ident].ours else Look.COSELL
        self._announce(look, Side.PARTNER, "referral", ident)

    def _announce_row(self, ident: str, who: str) -> None:
        if who == "person":  # our own writes carry our tag and are dropped at the door
            gone = ident not in self.crm.rows
            self._announce(Look.OPPORTUNITY, Side.CRM, "opportunity", ident, Why.GONE if gone else Why.EVENT)

    def _announce_lead(self, ident: str, who: str) -> None:
        if who == "person":
            gone = ident not in self.leads.rows
            self._announce(Look.LEAD, Side.CRM, "lead", ident, Why.GONE if gone else Why.EVENT)

    def _announce(self, look: Look, side: Side, kind: str, ident: str, why: Why = Why.EVENT) -> None:
        if self.webhooks:
            signal = Signal(look=look, side=side, kind=kind, id=ident, why=why, first_sent=self.clock.now())
            self.announced.append(signal)

    async def deliver(self) -> None:
        """What was announced reaches the queue."""
        announced, self.announced = self.announced, []
        for signal in announced:
            await self.signals.send(signal, delay=2 if signal.side is Side.PARTNER else 0)

    # --- running ------------------------------------------------------------------------------------------------

    async def step(self) -> Outcome | None:
        """One signal, if one is visible."""
        await self.deliver()
        taken = self.signals.take()
        if taken is None:
            return None
        outcome = await self.job.run(taken.body)
        self.outcomes.append(outcome)
        return outcome

    async def settle(self, *, within: timedelta = timedelta(hours=2)) -> list[Outcome]:
        """Run until nothing is on the queue that becomes visible in time; every outcome on the way."""
        before = len(self.outcomes)
        end = self.clock.now() + within
        while True:
            if await self.step() is not None:
                continue
            if self.signals.next_at is None or self.signals.next_at > end:
                return self.outcomes[before:]
            self.clock.jump(self.signals.next_at)

    async def send(
        self, look: Look, side: Side, ident: str, why: Why = Why.EVENT, *, within: timedelta = timedelta(hours=2)
    ) -> list[Outcome]:
        """A signal of the test's own, and everything that follows from it."""
        await self.signals.send(self.signal(look, side, ident, why))
        return await self.settle(within=within)

    def signal(self, look: Look, side: Side, ident: str, why: Why = Why.EVENT) -> Signal:
        """A signal that is sent now."""
        kind = "referral" if side is Side.PARTNER else "lead" if look is Look.LEAD else "opportunity"
        return Signal(look=look, side=side, kind=kind, id=ident, why=why, first_sent=self.clock.now())

    async def replay(self, side: Side, ident: str) -> list[Outcome]:
        """An administrator asks for another look."""
        return await self.send(Look.REFERRAL if side is Side.PARTNER else Look.OPPORTUNITY, side, ident, Why.REPLAY)

    async def heal(self) -> Report:
        """A pass of auto-heal, and everything that it signals."""
        report = await self.watch.run()
        await self.settle()
        return report

    # --- looking ------------------------------------------------------------------------------------------------

    @property
    def link(self) -> Link:
        """The only link there is."""
        (link,) = self.links.rows.values()
        return link

    @property
    def referral(self) -> Row:
        """The only referral of ours."""
        (row,) = (row for row in self.partner.rows.values() if row.ours)
        return row

    @property
    def row(self) -> Row:
        """The only opportunity."""
        (row,) = self.crm.rows.values()
        return row
