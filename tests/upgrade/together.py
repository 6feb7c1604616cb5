"""Two releases at work on the same deals, one seed at a time: an upgrade, or one that is rolled back."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.domain import deal
from shared.domain.values import Side
from shared.messages import Look
from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.office import Office
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.reception import Reception
from shared.ports import Signals
from shared.sync.job import Job
from shared.sync.watch import Watch
from tests.chaos.faults import Died
from tests.fakes.gateway import Row
from tests.fakes.store import Sent
from tests.fakes.world import World
from tests.proof.figure import Harm, must
from tests.upgrade.newer import NewerAccount, NewerSignals, numbers, own, plain
from tests.upgrade.scene import HIDDEN
from tests.upgrade.tables import Tables

OWNED = {Side.CRM: deal.NAME, Side.PARTNER: deal.NOTES}  # who edits which field: nobody's last edit may be lost
TEXTS = ("one", "two", "three")  # values recur
STEPS = 40


@dataclass(frozen=True)
class Release:
    """The workers of one release."""

    newer: bool
    job: Job
    watch: Watch
    signals: Signals
    office: Office

    async def run(self, body: bytes, w: World) -> None:
        async def open_gate() -> None:
            return None

        reception = Reception(job=self.job, closed=open_gate, signals=self.signals, telemetry=w.telemetry)
        await reception.run(own(body) if self.newer else body)


class Together:
    """One installation during a deployment."""

    def __init__(self, seed: int, *, rate: float = 0.1) -> None:
        self.rng, self.rate, self.calm = random.Random(seed), rate, False  # noqa: S311 - repeatable on purpose
        self.tables = Tables()
        self.w = World(hook=self._fault)
        self.w.signals.hook = self._fault
        account = NewerAccount(self.tables.tables, self.tables.queues, self.rng)
        signals = NewerSignals(self.w.signals, self.w.clock, self.rng, numbers())
        self.old = self._release(self.tables, self.w.signals, newer=False)
        self.new = self._release(account, signals, newer=True)
        self.running = [self.old]
        self.wanted: dict[tuple[Side, str], str] = {}
        self.parked = 0

    def _release(self, account: Tables, signals: Signals, *, newer: bool) -> Release:
        w, storage, sent = self.w, account.storage, self.w.signals
        w.links = TableLinks(storage, "cosell")  # type: ignore[assignment]  # the real stores instead of the fakes
        w.cursors = TableCursors(storage, "cosell")  # type: ignore[assignment]
        w.pauses = TablePauses(storage, "cosell", tick=lambda: w.clock.now().timestamp())  # type: ignore[assignment]
        w.parked = TableParked(storage)  # type: ignore[assignment]
        w.signals = signals  # type: ignore[assignment]
        w.configure(w.policy)
        w.signals = sent
        deals = {"opportunity": (Side.CRM, Look.OPPORTUNITY), "referral": (Side.PARTNER, Look.REFERRAL)}
        office = Office(pair="cosell", parked=w.parked, signals=signals, telemetry=w.telemetry, deals=deals)
        return Release(newer, w.job, w.watch, signals, office)

    async def _fault(self, _: str) -> None:
        if not self.calm and self.rng.random() < self.rate:
            raise Died

    @property
    def tally(self) -> Counter[str]:
        """What was played: looks, signals handed back, looks put off for a newer link, parked by a roll-back."""
        told, events = self.w.telemetry.outcomes, self.w.telemetry.events
        return Counter(
            {
                "looks": len(told),
                "handed back": len([name for name, _ in events if name == "newer_handed_back"]),
                "put off": len([one for one in told if "a newer release" in one.outcome.reason]),
                "parked": self.parked,
            }
        )

    # --- what happens -------------------------------------------------------------------------------------------

    async def upgraded(self) -> None:
        """The older release alone, both, the newer one alone: every deal is in step and nothing is parked."""
        await self._deployment()
        self.running = [self.new]
        await self._quiet()
        self._check_in_step()
        must(not self.tables.rows("cosellparked"), Harm.OTHER, "something was parked by an upgrade")

    async def rolled_back(self) -> None:
        """The older one alone again, for days: what it cannot read is parked, and in step once the newer is back."""
        await self._deployment()
        self.running = [self.old]
        await self._quiet()
        told = {row["record"] for row in self.tables.rows("cosellparked")}
        self.parked = len(told)
        for side, ident in self.wanted:
            known = told & {ident, *self._pair(side, ident)}
            must(known or not self._behind(side, ident), Harm.LOST, f"nobody is told that {ident} is behind")
        self.running = [self.new]
        for row in self.tables.rows("cosellparked"):
            answer = await self.new.office.replay(row["kind"], row["record"])
            must(answer.status == 202, Harm.OTHER, f"{row['record']} cannot be replayed: {answer.body}")
        await self._quiet()
        self._check_in_step()
        must(not self.tables.rows("cosellparked"), Harm.OTHER, "something stays parked after a replay")

    async def _deployment(self) -> None:
        self.calm = True
        await self.old.watch.run()
        self.w.clock.advance(60)
        self.w.partner.make()
        self.w.crm.make(**{deal.NAME: "Fabrikam rollout"})
        self.calm = False
        for step in range(STEPS):
            self.running = [self.old] if step < STEPS // 4 else [self.old, self.new]
            self._edit()
            await self._survived(self._deliver)
            for _ in range(self.rng.randrange(4)):
                await self._one_message()
            if self.rng.random() < 0.15:
                await self._survived(self._heal)
            self.w.clock.advance(self.rng.choice((1, 5, 60)))

    def _edit(self) -> None:
        side = self.rng.choice(list(Side))
        gateway = self.w.partner if side is Side.PARTNER else self.w.crm
        ours = [row.id for row in gateway.rows.values() if row.ours]
        if ours and self.rng.random() < 0.5:
            text = self.rng.choice(TEXTS)
            ident = self.rng.choice(ours)
            gateway.edit(ident, **{OWNED[side]: text})
            self.wanted[side, ident] = text

    # --- workers ------------------------------------------------------------------------------------------------

    async def _one_message(self) -> bool:
        taken = self.w.signals.take()
        if taken is None:
            return False
        release, before, calls = self.rng.choice(self.running), self._novelties(), self._calls
        try:
            await release.run(taken.body, self.w)
        except Died:
            self.w.signals.put(Sent(self.w.clock.now() + HIDDEN, taken.number, taken.body))
        lost = before - self._novelties()
        must(not lost, Harm.LOST, f"what the newer release stored is gone: {sorted(lost)}")
        guessed = not release.newer and own(taken.body) != plain(taken.body) and self._calls != calls
        must(not guessed, Harm.OTHER, f"the older release acted on {taken.body!r}")
        return True

    @property
    def _calls(self) -> int:
        return len(self.w.partner.calls) + len(self.w.crm.calls)

    async def _deliver(self) -> None:
        """A webhook comes to either release's door; one that meets a dying worker is lost."""
        while self.w.announced:
            signal = self.w.announced.pop(0)
            delay = 2 if signal.side is Side.PARTNER else 0
            await self.rng.choice(self.running).signals.send(signal, delay=delay)

    async def _heal(self) -> None:
        await self.rng.choice(self.running).watch.run()

    async def _survived(self, work: Callable[[], Awaitable[object]]) -> None:
        try:
            await work()
        except Died:
            return

    async def _quiet(self) -> None:
        """No more faults: everything on the queues is worked off, whatever its delay, and heal finds the rest."""
        self.calm = True
        for _ in range(8):
            self.w.clock.advance(1900)
            await self._heal()
            await self._deliver()
            end = self.w.clock.now() + timedelta(days=2)
            while self.w.signals.next_at is not None and self.w.signals.next_at <= end:
                self.w.clock.jump(self.w.signals.next_at)
                await self._one_message()
        must(not self.w.signals.heap, Harm.OTHER, "messages go round for ever")

    # --- what must hold -----------------------------------------------------------------------------------------

    def _novelties(self) -> set[tuple[str, str]]:
        """Where the newer release has left a column or a field."""
        found = set()
        for row in self.tables.rows(TABLE):
            if "base" in row:
                base = json.loads(row["base"])
                found |= {(row["RowKey"], side) for side, held in base.items() if "novelty" in held}
                found |= {(row["RowKey"], "column")} if "novelty" in row else set()
        return found

    def _behind(self, side: Side, ident: str) -> bool:
        """Is the last edit of a record missing on the other side?"""
        key, partner = self._pair(side, ident)
        pair = (self.w.partner.rows.get(partner), self.w.crm.rows.get(key))
        missing = [row and row.values[OWNED[side]] for row in pair] != [self.wanted[side, ident]] * 2
        return missing and not (pair[1] and _named(pair[1], OWNED[side]))

    def _pair(self, side: Side, ident: str) -> tuple[str, str]:
        """The opportunity and the referral of a deal; "" where there is no link of it."""
        links = [(row["link"], row["partner"]) for row in self.tables.rows(TABLE) if "base" in row]
        return next((pair for pair in links if pair[side is Side.PARTNER] == ident), ("", ""))

    def _check_in_step(self) -> None:
        referrals = [row for row in self.w.partner.rows.values() if row.ours]
        counts = (len(referrals), len(self.w.crm.rows))
        must(counts == (2, 2), Harm.DOUBLED, f"referrals and opportunities: {counts}")
        behind = [ident for side, ident in self.wanted if self._behind(side, ident)]
        must(not behind, Harm.LOST, f"an edit of {behind} is missing on the other side")
        for referral in referrals:
            row = self.w.crm.rows[referral.counterpart]
            for name in OWNED.values():
                same = row.values[name] == referral.values[name]
                must(same, Harm.DIVERGED, f"{name} of {row.id}: {row.values[name]} and {referral.values[name]}")


def _named(row: Row, name: str) -> bool:
    """On a side without a marker the newest wins where nobody can say who wrote a value; Audit names both then."""
    return any(f"{deal.TITLES[name]} was set to" in line for line in row.audit)
