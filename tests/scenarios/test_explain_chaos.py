"""Explanations in the middle of chaos: workers died half-way, leases are open, posts are unanswered."""

from __future__ import annotations

import asyncio
import os

import pytest

from shared.domain.values import Side
from shared.errors import Conflict
from shared.messages import Why
from tests.chaos.schedules import Schedule
from tests.scenarios.foretelling import apart, foretold

SEEDS = int(os.environ.get("EXPLAIN_SEEDS", "8"))


class Asked(Schedule):
    """A schedule in which somebody asks for explanations all the time; every one of them has to come true."""

    explained = 0
    wrote = 0

    async def play(self, rounds: int = 8) -> None:
        self.faults.spared.add(asyncio.current_task())
        await self.world.watch.run()
        self.world.clock.advance(60)
        self.people.make()
        for number in range(rounds):
            if number % 3 == 2:
                self.people.new_phase()
                self.people.accept()
                self.people.complete_all()
            await self._chaos(6, edits=True)
            await self._ask()

    async def _ask(self) -> None:
        self.faults.calm = True
        await self.workers.ended()
        for story in self.people.stories:
            for side in self.rng.sample(list(Side), 2):
                if row := story.row(self.world, side):
                    told = await foretold(self.world, row.id, self.rng.choice((Why.AGAIN, Why.AGAIN, Why.REPLAY)))
                    self.explained += 1
                    self.wrote += bool(told.writes)
        self.faults.calm = False


@pytest.mark.parametrize("rate", [0.0, 0.15])
async def test_whatever_happened_before_an_explanation_comes_true(rate: float) -> None:
    """After any schedule of edits, deaths and lost answers the next look does exactly what was explained."""
    explained = wrote = 0
    for seed in range(SEEDS):
        schedule = Asked(seed, rate=rate, carries_marker=seed % 4 != 3)
        schedule.world.partner.lag = schedule.world.crm.lag = 0
        apart(schedule.world)
        try:
            await schedule.play()
        except (AssertionError, Conflict) as error:
            raise AssertionError(f"seed {seed} (rate {rate}): {error}") from error
        explained, wrote = explained + schedule.explained, wrote + schedule.wrote

    assert explained > 10 * SEEDS
    assert wrote >= SEEDS // 2
