"""The same schedules in an installation that has fields of its own: they converge and lose no edit either."""

from __future__ import annotations

import pytest

from tests.chaos.own_fields import OwnSchedule
from tests.chaos.test_schedules import ONLY

SEEDS = 25


@pytest.mark.parametrize("carries_marker", [True, False], ids=["marker", "no marker"])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.15])
async def test_own_fields_end_in_step_too(rate: float, *, carries_marker: bool) -> None:
    """Whatever the schedule, both sides agree on them in the end, and no one-sided edit of them is lost."""
    compared = 0
    for seed in [int(ONLY)] if ONLY else range(SEEDS):
        schedule = OwnSchedule(seed, rate=rate, carries_marker=carries_marker)
        try:
            await schedule.run()
        except AssertionError as error:
            pytest.fail(f"seed {seed} (rate {rate}, marker {carries_marker}): {error}")
        compared += schedule.compared

    assert compared > (0 if ONLY else SEEDS)
