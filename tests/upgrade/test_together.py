"""During a deployment two releases work on the same deals, and it may be rolled back."""

from __future__ import annotations

import pytest

from tests.upgrade.together import Together

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_upgrade_with_both_releases_at_work_loses_nothing(seed: int) -> None:
    """Workers die, values recur, either release takes any message: in the end all is in step, and nothing parked."""
    await Together(seed).upgraded()


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_roll_back_loses_nothing(seed: int) -> None:
    """What the older release cannot read is parked and not lost, and in step once the newer one is back."""
    await Together(seed).rolled_back()
