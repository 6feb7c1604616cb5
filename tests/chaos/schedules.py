"""One seeded schedule of people, workers and faults: a world, what is done to it, and what must hold afterwards.

Everything is deterministic: a seed replays alone (`CHAOS_SEED=123 pytest tests/chaos`).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta

from shared.domain.values import Side
from tests.chaos.checks import check_all
from tests.chaos.endings import Endings
from tests.chaos.faults import Faults
from tests.chaos.people import People
from tests.chaos.workers import Workers
from tests.fakes.world import LIVE, World

FORBIDDING = (replace(LIVE, dry_run=True, fingerprint="dry"), replace(LIVE, live=False, fingerprint="test"))
LAGS = (0.0, 0.0, 0.0, 20.0, 120.0, 400.0)  # seconds; a POST is looked up after ten minutes


class Schedule:
    """A world under one seed: some CRMs round, some systems show a new record late, some webhooks never come."""

    worlds: type[World] = World
    crowds: type[People] = People

    def __init__(self, seed: int, *, rate: float = 0.05, carries_marker: bool = True) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.faults = Faults(self.rng, rate)
        self.live = replace(LIVE, winner=self.rng.choice(list(Side)))
        self.world = self.worlds(
            policy=self.live,
            hook=self.faults,
            carries_marker=carries_marker,
            rounds=self.rng.random() < 0.33,
            webhooks=self.rng.random() < 0.9,
        )
        self.world.partner.lag, self.world.crm.lag = self.rng.choice(LAGS), self.rng.choice(LAGS)
        self.faults.clock = self.world.clock
        self.people = self.crowds(self.world, self.rng)
        self.workers = Workers(self.world, self.faults)
        self.webhooks: Counter[str] = Counter()

    @property
    def tally(self) -> Counter[str]:
        """What was played: faults by kind, webhooks lost and doubled, looks, and edits that nobody could attribute."""
        looks = Counter({"looks": len(self.world.telemetry.outcomes), "ambiguous": self.world.ambiguous})
        return self.faults.played + self.webhooks + looks

    async def run(self, *, phases: int = 3, steps: int = 10) -> None:
        """Make deals, edit them in phases that end in quiet and a check, and bring them to their end."""
        self.faults.spared.add(asyncio.current_task())
        await self.world.watch.run()
        self.world.clock.advance(60)
        for _ in range(self.rng.choice((1, 1, 2))):
            self.people.make()
        await self._phase(steps, edits=False)
        for _ in range(phases):
            self.people.new_phase()
            self.people.accept()
            await self._phase(steps, edits=True)
        self.people.new_phase()
        self.people.complete_all()
        await self._phase(steps, edits=False)
        await self._end(steps)

    async def _phase(self, steps: int, *, edits: bool) -> None:
        await self._chaos(steps, edits=edits)
        await self.quiet()
        check_all(self.world, self.people.stories)

    def _end(self, steps: int) -> Coroutine[None, None, None]:
        ends = Endings(self.people, lambda: self._phase(steps, edits=True), self.quiet)
        return self.rng.choice((ends.closed, ends.reopened, ends.deleted, ends.lost_links))()

    async def _chaos(self, steps: int, *, edits: bool) -> None:
        for _ in range(steps):
            if edits and self.rng.random() < 0.5:
                self.people.edit()
            await self._deliver()
            self.world.clock.advance(self.rng.choice((1, 5, 60, 200)))
            for _ in range(self.rng.randrange(1, 4)):
                self.workers.start()
            if self.rng.random() < 0.4:
                self.faults.resume()
            for _ in range(self.rng.randrange(30)):
                await asyncio.sleep(0)
            self._once_in_a_while()

    def _once_in_a_while(self) -> None:
        if self.rng.random() < 0.1:
            self.workers.heal()
        if self.rng.random() < 0.1:
            self.world.configure(self.rng.choice((*FORBIDDING, self.live)))
        if self.rng.random() < 0.05:  # a delta token is only good for some days, and for one shape of its table
            self.rng.choice((self.world.partner, self.world.crm)).cursor_expired = True

    async def _deliver(self) -> None:
        """Webhooks are lost, doubled and shuffled on their way to the queue."""
        announced = self.world.announced
        self.rng.shuffle(announced)
        for signal in list(announced):
            fate = self.rng.random()
            if fate < 0.15:
                announced.remove(signal)
                self.webhooks["lost webhook"] += 1
            elif fate < 0.3:
                announced.append(signal)
                self.webhooks["doubled webhook"] += 1
        await self.world.deliver()

    async def quiet(self) -> None:
        """No more faults and all may be written: stalled workers end, the queue drains, heal finds the rest."""
        self.faults.calm = True
        self.world.configure(self.live)
        for _ in range(24):
            await self.workers.ended()
            await self.world.settle(within=timedelta(hours=1))
            self.world.clock.advance(1900)
            report = await self.world.watch.run()
            if not (report.signalled or report.woken or self.world.signals.heap or await self.workers.replayed()):
                break
        await self.world.settle()
        self.faults.calm = False
