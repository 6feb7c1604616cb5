"""Concurrent workers, crashes between any two awaits, lost and doubled webhooks, recurring values: nothing is lost."""

from __future__ import annotations

import os

import pytest

from tests.chaos.schedules import Schedule

SEEDS = 60
ONLY = os.environ.get("CHAOS_SEED")


@pytest.mark.parametrize("carries_marker", [True, False], ids=["marker", "no marker"])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.15])
async def test_every_schedule_ends_in_step(rate: float, *, carries_marker: bool) -> None:
    """Whatever the schedule, both sides agree in the end, no one-sided edit is lost, and there is one of each."""
    for seed in [int(ONLY)] if ONLY else range(SEEDS):
        schedule = Schedule(seed, rate=rate, carries_marker=carries_marker)
        try:
            await schedule.run()
        except AssertionError as error:
            pytest.fail(f"seed {seed} (rate {rate}, marker {carries_marker}): {error}")
