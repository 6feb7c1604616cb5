"""Chaos over real parts in its short form: `python dev.py prove --only parts --runs 20000` is the long one."""

from __future__ import annotations

import sys

import pytest

from tests.proof.parts import perform
from tests.proof.parts_acts import Size

DEALS = 30


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.timeout(600)  # seconds of a loaded machine: an idle one needs 50
async def test_nothing_is_lost_doubled_or_left_behind_over_real_parts() -> None:
    """Two hosts killed at work, storage restarted, storms, resets and an outage: one of each, in step, none left."""
    size = Size(deals=DEALS, hosts=2, kills=2, outage=3)
    told: list[str] = []
    figure = await perform(size, 3, told.append, again="--seed 3")

    assert [f"{failure.harm}: {failure.what}" for failure in figure.failures] == [], "\n".join(told)
    assert figure.times == DEALS
    assert "2 hosts killed, storage restarted 1 times" in figure.found
