"""Pauses that several workers store in one moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shared.domain.values import Side
from shared.platform.pauses import TablePauses
from shared.platform.storage import Account, Storage
from shared.ports import Pauses
from tests.contract.store_laws import NOW
from tests.fakes.store import FakePauses

ENDS = [NOW + timedelta(seconds=seconds) for seconds in (9, 30, 4, 7, 1, 8, 2, 5)]


async def told_at_once(workers: list[Pauses], later: timedelta) -> None:
    await asyncio.gather(*(each.pause(Side.CRM, end + later, "429") for each, end in zip(workers, ENDS, strict=True)))


@pytest.mark.parametrize("table", [False, True], ids=["memory", "azurite"])
async def test_the_later_of_pauses_that_come_at_once_stands(
    request: pytest.FixtureRequest,
    table: bool,  # noqa: FBT001 - which store
) -> None:
    """Workers that are told to wait in one moment do not shorten each other's pause, whoever stores last."""
    connection = request.getfixturevalue("azurite_connection") if table else "UseDevelopmentStorage=true"
    storage, pair = Storage(Account(connection=connection)), f"pauses{id(request)}"
    shared = FakePauses()
    try:
        workers: list[Pauses] = [TablePauses(storage, pair) if table else shared for _ in ENDS]
        for later in (timedelta(), timedelta(minutes=1)):  # without a row, and over one
            await told_at_once(workers, later)
            stored = TablePauses(storage, pair) if table else shared
            assert await stored.until(Side.CRM) == max(ENDS) + later
    finally:
        await storage.close()
