"""ports.Pauses on Table Storage: every worker sees a pause, and asks for it once a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError

from shared.domain.values import Side
from shared.platform.rows import key
from shared.platform.storage import Storage, storage_errors

TABLE = "cosellstate"
FRESH = 1.0  # seconds
LONGEST = 2_000  # characters of a reason


class TablePauses:
    """One row a system. Of two pauses the later end stands: a short 429 does not shorten a lost access."""

    def __init__(self, storage: Storage, pair: str, *, tick: Callable[[], float] = time.monotonic) -> None:
        self._storage = storage
        self._partition = key("pause", pair)
        self._tick = tick
        self._known: dict[Side, tuple[float, datetime | None]] = {}

    async def until(self, system: Side) -> datetime | None:
        seen, end = self._known.get(system, (float("-inf"), None))
        if self._tick() - seen < FRESH:
            return end
        end = await self._stored(system)
        self._known[system] = (self._tick(), end)
        return end

    async def pause(self, system: Side, until: datetime, reason: str) -> None:
        end = await self._stored(system)
        if end is None or end < until:
            table = await self._storage.table(TABLE)
            row = {"PartitionKey": self._partition, "RowKey": key(system), "until": until.isoformat()}
            with storage_errors():
                await table.upsert_entity(row | {"reason": reason[:LONGEST]}, mode="merge")
            end = until
        self._known[system] = (self._tick(), end)

    async def clear(self, system: Side) -> None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            await table.delete_entity(self._partition, key(system))
        self._known[system] = (self._tick(), None)

    async def _stored(self, system: Side) -> datetime | None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                row = await table.get_entity(self._partition, key(system))
            except ResourceNotFoundError:
                return None
        return datetime.fromisoformat(str(row["until"]))
