"""ports.Cursors on Table Storage: named texts of any length."""

from __future__ import annotations

from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shared.platform.rows import key, merged, whole
from shared.platform.storage import Storage, storage_errors

TABLE = "cosellstate"


class TableCursors:
    """The texts of one pair."""

    def __init__(self, storage: Storage, pair: str) -> None:
        self._storage = storage
        self._partition = key("cursor", pair)

    async def get(self, name: str) -> str | None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                return whole("text", await table.get_entity(self._partition, key(name)))
            except ResourceNotFoundError:
                return None

    async def put(self, name: str, text: str) -> None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            await table.upsert_entity(self._row(name, text), mode="merge")  # columns of a newer release stay

    async def swap(self, name: str, before: str | None, after: str) -> bool:
        table, row = await self._storage.table(TABLE), self._row(name, after)
        with storage_errors():
            try:
                if before is None:
                    await table.create_entity(row)
                    return True
                held = await table.get_entity(self._partition, key(name))
                if whole("text", held) != before:
                    return False
                etag, unchanged = held.metadata["etag"], MatchConditions.IfNotModified
                await table.update_entity(row, mode="merge", etag=etag, match_condition=unchanged)
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return False
        return True

    def _row(self, name: str, text: str) -> dict[str, Any]:
        return {"PartitionKey": self._partition, "RowKey": key(name), **merged("text", text)}
