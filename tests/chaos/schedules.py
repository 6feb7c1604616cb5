"""One seeded schedule of people, workers and faults: a world, what is done to it, and what must hold afterwards.

Everything is deterministic: a seed replays alone (`CHAOS_SEED=123 pytest tests/chaos`).
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

from shared.domain.values import Side
from shared.errors import CosellError
from shared.messages import Look
from tests.chaos.checks import check_all, check_lost_links
from tests.chaos.faults import Died, Faults
from tests.chaos.people import People
from tests.fakes.store import Sent
from tests.fakes.world import LIVE, World

QUEUE_LEASE = timedelta(seconds=600)
FORBIDDING = (replace(LIVE, dry_run=True, fingerprint="dry"), replace(LIVE, live=False, fingerprint="test"))


class Schedule:
    """A world under one seed: two deals in every third, a CRM that rounds in every third, another winner in a half."""

    def __init__(self, seed: int, *, rate: float = 0.05, carries_marker: bool = True) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.faults = Faults(self.rng, rate)
        self.live = replace(LIVE, winner=self.rng.choice(list(Side)))
        rounds = self.rng.random() < 0.33
        self.world = World(policy=self.live, hook=self.faults, carries_marker=carries_marker, rounds=rounds)
        self.faults.clock = self.world.clock
        self.people = People(self.world, self.rng)
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self, *, phases: int = 3, steps: int = 10) -> None:
        """Make deals, edit them in phases that end in quiet and a check, and bring them to their end."""
        self.faults.spared.add(asyncio.current_task())
        await self.world.watch.run()
        self.world.clock.advance(60)
        for _ in range(self.rng.choice((1, 1, 2))):
            self.people.make()
        await self._phase(steps, edits=False)
        self.people.new_phase()
        self.people.accept()
        for _ in range(phases):
            await self._phase(steps, edits=True)
            self.people.new_phase()
        await self._end(steps)

    async def _phase(self, steps: int, *, edits: bool) -> None:
        await self._chaos(steps, edits=edits)
        await self.quiet()
        check_all(self.world, self.people.stories)

    async def _end(self, steps: int) -> None:
        """Closed, deleted, or all links lost."""
        end = self.rng.choice(("close", "close", "delete", "lost links"))
        if end == "lost links":
            await check_lost_links(self.world, self.people.stories, self._look_at_all)
            return
        {"close": self.people.close, "delete": self.people.delete}[end]()
        await self._phase(steps, edits=True)

    async def _look_at_all(self) -> None:
        self.faults.calm = True
        for look, side in ((Look.REFERRAL, Side.PARTNER), (Look.OPPORTUNITY, Side.CRM)):
            for story in self.people.stories:
                if row := story.row(self.world, side):
                    await self.world.send(look, side, row.id)
        await self.quiet()

    async def _chaos(self, steps: int, *, edits: bool) -> None:
        for _ in range(steps):
            if edits and self.rng.random() < 0.5:
                self.people.edit()
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
            if self.rng.random() < 0.1:
                self.world.configure(self.rng.choice((*FORBIDDING, self.live)))

    async def _deliver(self) -> None:
        """Webhooks are lost, doubled and shuffled on their way to the queue."""
        announced = self.world.announced
        self.rng.shuffle(announced)
        for signal in list(announced):
            fate = self.rng.random()
            if fate < 0.15:
                announced.remove(signal)
            elif fate < 0.3:
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
        """No more faults and all may be written: stalled workers end, the queue drains, heal finds the rest."""
        self.faults.calm = True
        self.world.configure(self.live)
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
