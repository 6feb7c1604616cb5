"""ports.Links on Table Storage: a deal is one row, found by pointer rows that move with it in one transaction."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from shared.domain.link import Link
from shared.domain.values import Ref
from shared.errors import TooNew
from shared.platform.link_rows import Held, held_by, link_of, main_key, partner_key, pointers, row_of
from shared.platform.rows import after, key
from shared.platform.storage import Storage, storage_errors
from shared.ports import LinkMoved

LOGGER = logging.getLogger("cosell")
TABLE = "links"
MOVED = frozenset({404, 409, 412})  # the row is gone, is there already, or is a newer one
BETWEEN = "PartitionKey eq @pair and RowKey ge @low and RowKey lt @high"
STORED_SINCE = f"{BETWEEN} and Timestamp ge @since"
Operation = tuple[str, dict[str, Any], dict[str, Any]]


class TableLinks:
    """The links of one pair, in one partition of the table."""

    def __init__(self, storage: Storage, pair: str) -> None:
        self._storage = storage
        self._pair = pair

    async def get(self, key: str) -> Link:  # the port's name for it
        row = await self._row(main_key(key))
        return Link(pair=self._pair, key=key) if row is None else link_of(row, row.metadata["etag"])

    async def by_partner(self, ident: str) -> Link | None:
        pointer = await self._row(partner_key(ident))
        if pointer is None:
            return None
        link = await self.get(pointer["link"])
        return link if link.partner == ident else None

    async def save(self, link: Link) -> Link:
        held = None if link.tag is None else Held.parse(link.tag)
        row = row_of(link, held)
        done = await self._stored(link, _operations(link, row, held))
        return replace(link, tag=held_by(link, row, done[0]["etag"]).tag())

    async def move(self, before: Link, after: Link) -> Link:
        """Both rows and what points to them in one transaction, which may name each row only once."""
        held = [None if link.tag is None else Held.parse(link.tag) for link in (before, after)]
        row = row_of(after, held[1])
        leaving = _operations(before, row_of(before, held[0]), held[0])
        coming = _operations(after, row, held[1])
        names = [each[1]["RowKey"] for each in coming]
        gone = [each for each in leaving if each[1]["RowKey"] not in names]
        left = [("upsert", *each[1:]) if each[1]["RowKey"] in _keys(leaving) else each for each in coming]
        done = await self._stored(after, [*left, *gone])
        return replace(after, tag=held_by(after, row, done[0]["etag"]).tag())

    async def _stored(self, link: Link, operations: list[Operation]) -> list[Any]:
        """The answers to a transaction, of which the link's own row is the first operation; raises LinkMoved."""
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                return list(await table.submit_transaction(operations))
            except HttpResponseError as error:
                if error.status_code not in MOVED:
                    raise
                index = getattr(error, "index", 0)
                if index:
                    await self._drop_orphan(link.partner)
                raise LinkMoved(_why(link, index)) from error

    async def _drop_orphan(self, ident: str | None) -> None:
        """A pointer whose link somebody deleted by hand would refuse its referral for ever: here it goes.

        Link and pointer change in one transaction, so a pointer that is unchanged since before its link was read and
        that the link does not confirm is nobody's.
        """
        pointer = await self._row(partner_key(ident)) if ident else None
        if pointer is None or (await self.get(pointer["link"])).partner == ident:
            return
        table = await self._storage.table(TABLE)
        try:
            etag, unchanged = pointer.metadata["etag"], MatchConditions.IfNotModified
            await table.delete_entity(pointer, etag=etag, match_condition=unchanged)
        except (ResourceModifiedError, ResourceNotFoundError):
            return

    async def waiting_on(self, ref: Ref) -> tuple[str, ...]:
        return tuple([row["link"] async for row in self._rows(key("waiting", ref.kind, ref.id))])

    async def every(self) -> AsyncIterator[Link]:
        """All that this release can read; the rest is the newer release's to come back to."""
        async for link in self._readable(self._rows("crm")):
            yield link

    async def recent(self, since: datetime) -> AsyncIterator[Link]:
        """The service looks at every row of the pair for that, and hands over those alone."""
        async for link in self._readable(self._rows("crm", since)):
            yield link

    async def _readable(self, rows: AsyncIterator[Any]) -> AsyncIterator[Link]:
        async for row in rows:
            try:
                link = link_of(row, row.metadata["etag"])
            except TooNew as error:
                LOGGER.warning("left out: %s", error)
                continue
            yield link

    async def _row(self, row_key: str) -> Any:
        table = await self._storage.table(TABLE)
        with storage_errors():
            try:
                return await table.get_entity(self._pair, row_key)
            except ResourceNotFoundError:
                return None

    async def _rows(self, prefix: str, since: datetime | None = None) -> AsyncIterator[Any]:
        table = await self._storage.table(TABLE)
        span = {"pair": self._pair, "low": f"{prefix}:", "high": after(prefix)}
        with storage_errors():
            if since is None:
                rows = table.query_entities(BETWEEN, parameters=span)
            else:
                rows = table.query_entities(STORED_SINCE, parameters=span | {"since": since})
            async for row in rows:
                yield row


def _operations(link: Link, row: Mapping[str, Any], held: Held | None) -> list[Operation]:
    """The row first, then what points to it: either all of it is stored or nothing."""
    condition = {"mode": "merge", "etag": held.etag, "match_condition": MatchConditions.IfNotModified} if held else {}
    before, now = set(held.pointers if held else ()), set(pointers(link))
    return [
        ("update" if held else "create", dict(row), condition),
        *(("create", _pointer(link, name), {}) for name in sorted(now - before)),
        *(("delete", _pointer(link, name), {}) for name in sorted(before - now)),
    ]


def _keys(operations: list[Operation]) -> set[str]:
    return {each[1]["RowKey"] for each in operations}


def _pointer(link: Link, row_key: str) -> dict[str, Any]:
    return {"PartitionKey": link.pair, "RowKey": row_key, "link": link.key}


def _why(link: Link, index: int) -> str:
    if index == 0:
        return f"the link of {link.key} was stored by somebody else since it was read"
    return f"{link.partner} belongs to another deal than {link.key}"
