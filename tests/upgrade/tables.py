"""Table and Queue Storage in memory, as far as our own store classes go: rows that a test can look into.

Held to the service by the store laws of `tests/contract`, and by `test_double.py`, which stores the same in Azurite.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import TableEntity

from shared.platform.links import BETWEEN, STORED_SINCE
from shared.platform.storage import Storage

Row = dict[str, Any]
Place = tuple[str, str]


class Refused(HttpResponseError):
    """A transaction that failed at one of its operations, as the SDK says it."""

    def __init__(self, index: int, error: HttpResponseError) -> None:
        super().__init__(str(error))
        self.index, self.status_code = index, error.status_code


@dataclass
class Table:
    """One table: rows by partition and row key, each with an eTag of its own."""

    rows: dict[Place, Row] = field(default_factory=dict)
    etags: dict[Place, str] = field(default_factory=dict)
    times: dict[Place, datetime] = field(default_factory=dict)
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    async def get_entity(self, partition_key: str, row_key: str) -> TableEntity:
        return self._entity(self._held((partition_key, row_key)))

    async def create_entity(self, entity: Mapping[str, Any]) -> Mapping[str, str]:
        if _place(entity) in self.rows:
            raise _failed(ResourceExistsError("EntityAlreadyExists"), 409)
        return self._store(entity, {})

    async def upsert_entity(self, entity: Mapping[str, Any], mode: str = "merge") -> Mapping[str, str]:
        return self._store(entity, self.rows.get(_place(entity), {}) if mode == "merge" else {})

    async def update_entity(
        self, entity: Mapping[str, Any], mode: str = "merge", *, etag: str = "", match_condition: object = None
    ) -> Mapping[str, str]:
        del match_condition
        self._same(entity, etag)
        return self._store(entity, self._held(_place(entity)) if mode == "merge" else {})

    async def delete_entity(self, *named: Any, etag: str = "", match_condition: object = None) -> None:
        del match_condition
        place = cast("Place", named) if len(named) > 1 else _place(named[0])
        self._same({"PartitionKey": place[0], "RowKey": place[1]}, etag)
        self.rows.pop(place, None)

    async def submit_transaction(
        self, operations: Iterable[tuple[str, Row, Mapping[str, Any]]]
    ) -> list[Mapping[str, str]]:
        before, done = dict(self.rows), []
        for index, (name, entity, options) in enumerate(operations):
            try:
                done.append(await getattr(self, f"{name}_entity")(entity, **options) or {})
            except HttpResponseError as error:
                self.rows = before
                raise Refused(index, error) from error
        return done

    async def query_entities(self, query: str, *, parameters: Mapping[str, Any]) -> AsyncIterator[TableEntity]:
        assert query in (BETWEEN, STORED_SINCE)
        pair, low, high = (parameters[name] for name in ("pair", "low", "high"))
        for place in sorted(self.rows):
            stored = "since" not in parameters or self.times[place] >= parameters["since"]
            if place[0] == pair and low <= place[1] < high and stored:
                yield self._entity(self.rows[place])

    async def list_entities(self) -> AsyncIterator[TableEntity]:
        for place in sorted(self.rows):
            yield self._entity(self.rows[place])

    def _held(self, place: Place) -> Row:
        if place not in self.rows:
            raise _failed(ResourceNotFoundError("ResourceNotFound"), 404)
        return self.rows[place]

    def _same(self, entity: Mapping[str, Any], etag: str) -> None:
        if etag and self._held(_place(entity)) and self.etags[_place(entity)] != etag:
            raise _failed(ResourceModifiedError("UpdateConditionNotSatisfied"), 412)

    def _store(self, entity: Mapping[str, Any], under: Row) -> Mapping[str, str]:
        place = _place(entity)
        self.rows[place] = {**under, **entity}
        self.times[place] = datetime.now(UTC)
        self.etags[place] = f'W/"{next(iter(self._numbers))}"'
        return {"etag": self.etags[place]}

    def _entity(self, row: Row) -> TableEntity:
        entity = TableEntity(row)
        entity._metadata = {"etag": self.etags[_place(row)], "timestamp": None}
        return entity


@dataclass
class Queue:
    """What was sent to one queue."""

    sent: list[Row] = field(default_factory=list)

    async def send_message(self, content: bytes, *, visibility_timeout: int | None, time_to_live: int) -> None:
        self.sent.append({"body": content.decode(), "hidden": visibility_timeout, "lives": time_to_live})


@dataclass
class Tables:
    """A storage account."""

    tables: dict[str, Table] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)

    async def table(self, name: str) -> Table:
        return self.tables.setdefault(name, Table())

    def queue(self, name: str) -> Queue:
        return self.queues.setdefault(name, Queue())

    @property
    def storage(self) -> Storage:
        """The account as our store classes ask for it."""
        return cast("Storage", self)

    async def close(self) -> None:
        """Nothing is held open."""

    def rows(self, name: str) -> list[Row]:
        """A table's rows by their keys."""
        table = self.tables.get(name, Table())
        return [table.rows[place] for place in sorted(table.rows)]

    def put(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows as another release left them."""
        for row in rows:
            self.tables.setdefault(name, Table())._store(row, {})


def _place(entity: Mapping[str, Any]) -> Place:
    return entity["PartitionKey"], entity["RowKey"]


def _failed(error: HttpResponseError, status: int) -> HttpResponseError:
    error.status_code = status
    return error
