"""ports.Pauses on Table Storage: every worker sees a pause, and asks for it once a second at most."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shared.domain.values import Side
from shared.platform.rows import key, moment
from shared.platform.storage import Storage, storage_errors

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

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
        end = _end(await self._row(system))
        self._known[system] = (self._tick(), end)
        return end

    async def pause(self, system: Side, until: datetime, reason: str) -> None:
        """Workers are told to wait together and for different times: each stores over what it has seen alone."""
        while not await self._paused(system, until, reason):
            """Another worker stored its own end in this moment: the later of the two is found next time."""

    async def _paused(self, system: Side, until: datetime, reason: str) -> bool:
        """Whether that end or a later one is stored now; False where the row moved meanwhile."""
        held = await self._row(system)
        end = _end(held)
        if end is None or end < until:
            if not await self._swapped(system, held, {"until": until.isoformat(), "reason": reason[:LONGEST]}):
                return False
            end = until
        self._known[system] = (self._tick(), end)
        return True

    async def _swapped(self, system: Side, held: TableEntity | None, columns: dict[str, str]) -> bool:
        table = await self._storage.table(TABLE)
        row = {"PartitionKey": self._partition, "RowKey": key(system), **columns}
        with storage_errors():
            try:
                if held is None:
                    await table.create_entity(row)
                else:
                    etag, unchanged = held.metadata["etag"], MatchConditions.IfNotModified
                    await table.update_entity(row, mode="merge", etag=etag, match_condition=unchanged)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    async def clear(self, system: Side) -> None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            await table.delete_entity(self._partition, key(system))
        self._known[system] = (self._tick(), None)

    async def _row(self, system: Side) -> TableEntity | None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                return await table.get_entity(self._partition, key(system))
            except ResourceNotFoundError:
                return None


def _end(row: TableEntity | None) -> datetime | None:
    return moment(row, "until") if row else None
