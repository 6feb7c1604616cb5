"""A link as a table row and back: one column a field, JSON where the field is more than a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from shared.domain.link import Link
from shared.platform.rows import key, pieces, spilled, whole

SCHEMA = 1
WORDS = frozenset({"partner", "invited", "wake_at", "owed_under", "gone", "engagement", "detached", "tries"})
NOT_COLUMNS = frozenset({"pair", "key", "tag"})
COLUMNS = tuple(field.name for field in fields(Link) if field.name not in NOT_COLUMNS)
# A transaction takes 100 operations: the row, the partner's pointer going and coming, and these going and coming.
MOST_WAITING = 48


@cache
def _links() -> TypeAdapter[Link]:
    return TypeAdapter(Link)


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the store held when a link was read; it travels in the link's tag, so that a save reads nothing."""

    etag: str
    schema: int
    pointers: tuple[str, ...]
    spilled: tuple[str, ...]

    def tag(self) -> str:
        return json.dumps([self.etag, self.schema, self.pointers, self.spilled])

    @classmethod
    def parse(cls, tag: str) -> Held:
        etag, schema, pointers, columns = json.loads(tag)
        return cls(etag=etag, schema=schema, pointers=tuple(pointers), spilled=tuple(columns))


def main_key(deal: str) -> str:
    return key("crm", deal)


def partner_key(ident: str) -> str:
    return key("partner", ident)


def pointers(link: Link) -> tuple[str, ...]:
    """The rows by which this link is found: by its referral, and by each record that it waits for.

    Of very many records the last ones have no pointer; their deal is tried again by auto-heal.
    """
    waiting = sorted({key("waiting", ref.kind, ref.id, link.key) for ref in link.waiting[:MOST_WAITING]})
    return (*((partner_key(link.partner),) if link.partner else ()), *waiting)


def columns(link: Link) -> dict[str, Any]:
    """Every field's columns. None is an empty text, because a merge keeps what it is not given."""
    plain = _links().dump_python(link, mode="json")
    row: dict[str, Any] = {}
    for name in COLUMNS:
        value = plain[name]
        text = json.dumps(value, separators=(",", ":"))
        row |= {name: "" if value is None else value} if name in WORDS else pieces(name, text)
    return row


def row_of(link: Link, held: Held | None) -> dict[str, Any]:
    """The row to store: over an older one it empties the pieces that are no longer needed."""
    new = columns(link)
    unused = dict.fromkeys((name for name in (held.spilled if held else ()) if name not in new), "")
    schema = max(SCHEMA, held.schema if held else 0)
    place = {"PartitionKey": link.pair, "RowKey": main_key(link.key), "link": link.key, "schema": schema}
    return place | new | unused


def held_by(link: Link, row: Mapping[str, Any], etag: str) -> Held:
    return Held(
        etag=etag,
        schema=int(row.get("schema", SCHEMA)),
        pointers=pointers(link),
        spilled=tuple(spilled(name for name in row if row[name] != "")),
    )


def link_of(row: Mapping[str, Any], etag: str) -> Link:
    """The link of a stored row; columns that a newer version added stay where they are."""
    plain: dict[str, Any] = {"pair": row["PartitionKey"], "key": row["link"]}
    for name in COLUMNS:
        text = row.get(name, "") if name in WORDS else whole(name, row)
        if text != "":
            plain[name] = text if name in WORDS else json.loads(text)
    link = _links().validate_python(plain)
    return replace(link, tag=held_by(link, row, etag).tag())
