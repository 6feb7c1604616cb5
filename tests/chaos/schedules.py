"""One seeded schedule of people, workers and faults: a world, what is done to it, and what must hold afterwards.

Everything is deterministic: a seed replays alone (`CHAOS_SEED=123 pytest tests/chaos`).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Side, Value
from shared.errors import CosellError, Remote, Throttled, Unavailable
from tests.fakes.store import FakeClock, Sent
from tests.fakes.world import World

QUEUE_LEASE = timedelta(seconds=600)
FUNCTION_TIMEOUT = timedelta(seconds=600)  # the platform ends an invocation then (host.json)
VALUES: dict[str, tuple[Value, ...]] = {
    deal.NOTES: ("a", "b", "c"),
    deal.NAME: ("x", "y"),
    deal.AMOUNT: (Money(Decimal(1), "USD"), Money(Decimal(2), "USD"), Money(Decimal(2), "EUR")),
    deal.INTENT: ("Yes", "No"),
    deal.VISIBLE: (True,),
}


class Died(BaseException):
    """The process is gone: nothing after this line runs."""


@dataclass
class Faults:
    """What goes wrong at the awaits of one schedule. Calm worlds only interleave."""

    rng: random.Random
    rate: float
    calm: bool = False
    stalled: list[asyncio.Future[None]] = field(default_factory=list)
    clock: FakeClock = field(default_factory=FakeClock)

    async def __call__(self, name: str) -> None:
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
        if self.calm or asyncio.current_task() in self.spared or self.rng.random() > self.rate:
            return
        await self._go_wrong(name)

    spared: set[asyncio.Task[object] | None] = field(default_factory=set)

    async def _go_wrong(self, name: str) -> None:
        kind = self.rng.choice(("die", "die", "stall", "stall", "no answer", "throttled"))
        remote = name.startswith(tuple(Side))
        if kind == "stall":
            future = asyncio.get_running_loop().create_future()
            self.stalled.append(future)
            begun = self.clock.now()
            await future
            if self.clock.now() - begun >= FUNCTION_TIMEOUT:
                raise Died
        elif kind == "no answer" and remote:
            raise Unavailable(Remote(system="somewhere", message="no answer"))
        elif kind == "throttled" and remote and not name.endswith("done"):
            raise Throttled(Remote(system="somewhere", status=429), retry_after=20)
        elif kind == "die":
            raise Died

    def resume(self) -> None:
        """A stalled worker goes on, perhaps long after its lease."""
        if self.stalled:
            self.stalled.pop(self.rng.randrange(len(self.stalled))).set_result(None)


class Schedule:
    """A world under one seed."""

    def __init__(self, seed: int, *, rate: float = 0.05, carries_marker: bool = True) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.faults = Faults(self.rng, rate)
        self.world = World(hook=self.faults, carries_marker=carries_marker)
        self.faults.clock = self.world.clock
        self.tasks: set[asyncio.Task[None]] = set()
        self.last: dict[str, Value] = {}
        self.both: set[str] = set()

    async def run(self, *, phases: int = 3, steps: int = 10) -> None:
        """Make a deal, then several phases of edits, each ending in quiet and in a check."""
        self.faults.spared.add(asyncio.current_task())
        await self.world.watch.run()
        self.world.clock.advance(60)
        (self.world.partner if self.rng.random() < 0.5 else self.world.crm).make()
        await self._chaos(steps, edits=False)
        await self.quiet()
        self.check()
        for _ in range(phases):
            self._new_phase()
            await self._chaos(steps, edits=True)
            await self.quiet()
            self.check()

    def _new_phase(self) -> None:
        """Which side edits which field: each field belongs to one side, or to both (a conflict, any winner)."""
        self.last = {}
        owners = {name: self.rng.choice((Side.PARTNER, Side.CRM, None)) for name in VALUES}
        self.both = {name for name, owner in owners.items() if owner is None}
        self.owners = owners

    async def _chaos(self, steps: int, *, edits: bool) -> None:
        for _ in range(steps):
            if edits and self.rng.random() < 0.5:
                self._edit()
            await self._deliver()
            self.world.clock.advance(self.rng.choice((1, 5, 60, 200)))
            for _ in range(self.rng.randrange(1, 4)):
                self._start_worker()
            if self.rng.random() < 0.4:
                self.faults.resume()
            for _ in range(self.rng.randrange(30)):
                await asyncio.sleep(0)
            if self.rng.random() < 0.1:
                await self.world.watch.run()

    def _edit(self) -> None:
        name = self.rng.choice(list(VALUES))
        side = self.owners[name] or self.rng.choice(list(Side))
        gateway = self.world.partner if side is Side.PARTNER else self.world.crm
        ours = [row for row in gateway.rows.values() if row.ours]
        if ours and ours[0].values[deal.STAGE] in (Stage.ACTIVE, Stage.OPEN):
            value = self.rng.choice(VALUES[name])
            gateway.edit(ours[0].id, **{name: value})
            self.last[name] = value
            self.world.clock.advance(self.rng.choice((1, 100, 301)))

    async def _deliver(self) -> None:
        """Webhooks are lost, doubled and shuffled on their way to the queue."""
        announced = self.world._announced
        self.rng.shuffle(announced)
        for signal in list(announced):
            if self.rng.random() < 0.15:
                announced.remove(signal)
            elif self.rng.random() < 0.15:
                announced.append(signal)
        await self.world.deliver()

    # --- workers ------------------------------------------------------------------------------------------------

    def _start_worker(self) -> None:
        taken = self.world.signals.take()
        if taken is not None:
            task = asyncio.get_running_loop().create_task(self._work(taken))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _work(self, taken: Sent) -> None:
        """One message: a death or an error leaves it hidden until the platform's lease is over."""
        try:
            await self.world.job.run(taken.body)
        except (Died, CosellError):
            again = Sent(self.world.clock.now() + QUEUE_LEASE, taken.number, taken.body)
            self.world.signals.put(again)

    async def quiet(self) -> None:
        """No more faults: stalled workers end, the queue drains, heal finds the rest."""
        self.faults.calm = True
        for _ in range(12):
            while self.faults.stalled or self.tasks:
                self.faults.resume()
                await asyncio.sleep(0)
            await self.world.settle(within=timedelta(hours=1))
            self.world.clock.advance(1900)
            report = await self.world.watch.run()
            if not report.signalled and not report.woken and not self.world.signals.heap:
                break
        await self.world.settle()
        self.faults.calm = False

    # --- invariants ---------------------------------------------------------------------------------------------

    def check(self) -> None:
        """One of each, both sides agree, no one-sided edit lost, nothing illegal tried, nothing left behind."""
        w = self.world
        referrals = [row for row in w.partner.rows.values() if row.ours]
        assert len(referrals) == 1, f"{len(referrals)} referrals"
        assert len(w.crm.rows) == 1, f"{len(w.crm.rows)} opportunities"
        referral, row = referrals[0], w.row
        assert (referral.counterpart, row.counterpart) == (row.id, referral.id), "the tie is missing"
        for name in VALUES:
            assert referral.values[name] == row.values[name], (
                f"{name} diverged: {referral.values[name]} {row.values[name]}"
            )
        for name, value in self.last.items():
            if name not in self.both and name != deal.VISIBLE:
                assert row.values[name] == value, f"the edit of {name} to {value} was lost: {row.values[name]}"
        assert w.partner.violations == w.crm.violations == []
        assert w.parked.entries == {}, [entry.reason for entry in w.parked.entries.values()]
        assert w.link.intents == (), "an intent was left behind"
        assert w.link.unsaid == (), "something was not said"
