"""How often the organisation's metadata is read: it is two dozen requests, and every deal waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from shared.connectors.dynamics.gateway import Memory
from shared.errors import Misconfigured
from tests.contract.dynamics_bench import DynamicsBench, open_bench

NOBODY = "7b7b7b7b-9999-4333-8444-555555555555"


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


async def test_wrong_columns_cost_one_look_and_not_one_a_signal(bench: DynamicsBench) -> None:
    """A misnamed column is looked for again after a minute, however many signals meet it meanwhile."""
    gateway = replace(bench.gateway, config=replace(bench.config, deal_value_field="cr1_nothing"), memory=Memory())
    await bench.calls()

    async def refused() -> None:
        with pytest.raises(Misconfigured, match="cr1_nothing"):
            await gateway.read(NOBODY)

    await asyncio.gather(*(refused() for _ in range(5)))
    once = len(await bench.calls())
    assert once < 30
    await refused()
    assert await bench.calls() == []
    bench.clock.advance(61)
    await refused()
    assert len(await bench.calls()) == once


async def test_a_look_by_health_does_not_hold_up_the_deals(bench: DynamicsBench) -> None:
    """While health reads the metadata anew, deals go on under the metadata that is known."""
    await bench.gateway.inspect()
    known = bench.gateway.memory.schema
    looking = asyncio.create_task(bench.gateway.inspect())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bench.gateway.memory.schema is known
    assert await bench.gateway.read(NOBODY) is None
    await looking
