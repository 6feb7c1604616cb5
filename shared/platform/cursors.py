"""ports.Cursors on Table Storage: named texts of any length."""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError

from shared.platform.rows import key, pieces, whole
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
        row = {"PartitionKey": self._partition, "RowKey": key(name), **pieces("text", text)}
        with storage_errors():
            await table.upsert_entity(row, mode="replace")
