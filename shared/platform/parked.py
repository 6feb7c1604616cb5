"""ports.Parked on Table Storage: kept for good, while a poison queue forgets after seven days."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.domain.values import Ref, Side
from shared.platform.rows import key, merged, moment, whole
from shared.platform.storage import Storage, storage_errors
from shared.ports import ParkedEntry

TABLE = "cosellparked"
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


class TableParked:
    """One row a pair and record."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def put(self, entry: ParkedEntry) -> None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            await table.upsert_entity(_row(entry), mode="merge")  # columns of a newer release stay

    async def get(self, pair: str, ref: Ref) -> ParkedEntry | None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                return _entry(await table.get_entity(key(pair), key(ref.kind, ref.id)))
            except ResourceNotFoundError:
                return None

    async def clear(self, pair: str, ref: Ref) -> None:
        table = await self._storage.table(TABLE)
        with storage_errors():
            await table.delete_entity(key(pair), key(ref.kind, ref.id))

    async def every(self) -> AsyncIterator[ParkedEntry]:
        table = await self._storage.table(TABLE)
        with storage_errors():
            async for row in table.list_entities():
                yield _entry(row)


def _row(entry: ParkedEntry) -> dict[str, Any]:
    texts = {"reason": entry.reason, "advice": entry.advice, "body": entry.body}
    row = {
        "PartitionKey": key(entry.pair),
        "RowKey": key(entry.ref.kind, entry.ref.id),
        "pair": entry.pair,
        "kind": entry.ref.kind,
        "record": entry.ref.id,
        "side": entry.side.value,
        "at": entry.at.isoformat(),
    }
    for column, text in texts.items():
        row |= merged(column, text)
    return row


def _entry(row: Mapping[str, Any]) -> ParkedEntry:
    """A row that somebody spoilt by hand is shown as far as it says anything: one must not hide the others."""
    return ParkedEntry(
        pair=str(row.get("pair") or row["PartitionKey"]),
        ref=Ref(str(row.get("kind") or "unreadable"), str(row.get("record") or row["RowKey"])),
        side=_side(str(row.get("side"))),
        reason=whole("reason", row),
        advice=whole("advice", row),
        body=whole("body", row),
        at=moment(row, "at") or NO_TIME,
    )


def _side(text: str) -> Side:
    """Only shown, never acted on: a word of a newer release must not hide the whole list."""
    return Side(text) if text in set(Side) else Side.CRM
