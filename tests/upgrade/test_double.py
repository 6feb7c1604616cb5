"""The storage account in memory that the samples come from holds what the service holds."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.storage import Account, Storage
from tests.upgrade.tables import Row, Tables
from tests.upgrade.values import LINKS, NOW, PARKED

OTHER = (TABLE, "cosellstate", "cosellparked")


@pytest.fixture
async def service(azurite_connection: str) -> AsyncIterator[Storage]:
    made = Storage(Account(connection=azurite_connection))
    yield made
    await made.close()


async def use(storage: Storage, pair: str) -> None:
    """A bit of everything that is stored in tables, over itself where that leaves traces."""
    links, cursors = TableLinks(storage, pair), TableCursors(storage, pair)
    pauses, parked = TablePauses(storage, pair), TableParked(storage)
    for number, link in enumerate(LINKS.values()):
        partner = link.partner and f"{link.partner}-{number}"
        saved = await links.save(replace(link, pair=pair, key=f"o-{number}", partner=partner))
        if number % 2:
            await links.save(replace(saved, unsaid=("said",), waiting=(), partner=None))
    for text in ("long" * 9_000, "short"):
        await cursors.put("poll-crm", text)
    await cursors.swap("poll-crm", "short", "shorter")
    for entry in PARKED.values():
        await parked.put(replace(entry, pair=pair))
        await parked.put(replace(entry, pair=pair, reason="another"))
    await pauses.pause(next(iter(PARKED.values())).side, NOW, "429")


async def test_the_same_rows_lie_in_the_double_and_in_the_service(service: Storage) -> None:
    """Every row that our stores make, column for column."""
    pair, double = f"p{uuid.uuid4().hex[:12]}", Tables()
    await use(service, pair)
    await use(double.storage, pair)
    for name in OTHER:
        table, ours = await service.table(name), double.rows(name)
        assert [await _held(table.get_entity(row["PartitionKey"], row["RowKey"])) for row in ours] == ours
    named = f"PartitionKey ge '{pair}' and PartitionKey le '{pair}~'"
    rows = [row async for row in (await service.table(TABLE)).query_entities(named)]
    assert len(rows) == len(double.rows(TABLE))


async def _held(entity: object) -> Row:
    return dict(await entity)  # type: ignore[misc]  # a coroutine of the SDK, whose entity is a dict
