"""A link as a table row and back: one column a field, JSON where the field is more than a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from shared.domain.link import Link
from shared.errors import Remote, TooNew
from shared.platform.rows import key, pieces, spilled, whole
from shared.platform.unknown import Path, restored, unknown

# Of a row that an older release must not touch; a new column or field needs no new number (adr/0011).
SCHEMA = 2
WITHOUT_LEADS = 1  # what a deal's own link is written as: releases before the leads' read it as well
WORDS = frozenset(
    {"kind", "moved", "grown", "partner", "invited", "wake_at", "owed_under", "gone", "engagement", "detached", "tries"}
)
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
    pointers: tuple[str, ...] = ()
    spilled: tuple[str, ...] = ()
    unknown: tuple[tuple[Path, Any], ...] = ()

    def tag(self) -> str:
        return json.dumps([self.etag, self.pointers, self.spilled, self.unknown])

    @classmethod
    def parse(cls, tag: str) -> Held:
        etag, pointers, columns, found = json.loads(tag)
        return cls(
            etag=etag,
            pointers=tuple(pointers),
            spilled=tuple(columns),
            unknown=tuple((tuple(path), value) for path, value in found),
        )


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


def columns(link: Link, held: Held | None = None) -> dict[str, Any]:
    """Every field's columns. None is an empty text, because a merge keeps what it is not given."""
    plain = restored(_plain(link), held.unknown if held else ())
    row: dict[str, Any] = {}
    for name in COLUMNS:
        value = plain[name]
        text = json.dumps(value, separators=(",", ":"))
        row |= {name: "" if value is None else value} if name in WORDS else pieces(name, text)
    return row


def schema(link: Link) -> int:
    """A lead's link would be taken for that of an opportunity which is gone, its successor's for a strange one."""
    half_made = link.origin is not None and not link.linked
    return SCHEMA if link.kind or link.moved or half_made else WITHOUT_LEADS


def row_of(link: Link, held: Held | None) -> dict[str, Any]:
    """The row to store: over an older one it empties the pieces that are no longer needed."""
    new = columns(link, held)
    unused = dict.fromkeys((name for name in (held.spilled if held else ()) if name not in new), "")
    place = {"PartitionKey": link.pair, "RowKey": main_key(link.key), "link": link.key, "schema": schema(link)}
    return place | new | unused


def held_by(link: Link, row: Mapping[str, Any], etag: str) -> Held:
    return Held(
        etag=etag,
        pointers=pointers(link),
        spilled=tuple(spilled(name for name in row if row[name] != "")),
        unknown=tuple(unknown(_stored(row), _plain(link))),
    )


def link_of(row: Mapping[str, Any], etag: str) -> Link:
    """The link of a stored row; what a newer version added stays where it is. Raises TooNew."""
    schema = row.get("schema", SCHEMA)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise _too_new(row)
    try:
        link = _links().validate_python({"pair": row["PartitionKey"], "key": row["link"], **_stored(row)})
    except (ValueError, RecursionError) as error:  # pydantic's and json's are ValueErrors
        raise _too_new(row) from error
    return replace(link, tag=held_by(link, row, etag).tag())


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a row that hold anything, read as far as JSON."""
    texts = {name: row.get(name, "") if name in WORDS else whole(name, row) for name in COLUMNS}
    return {name: text if name in WORDS else json.loads(text) for name, text in texts.items() if text != ""}


def _plain(link: Link) -> dict[str, Any]:
    return dict(_links().dump_python(link, mode="json"))


def _too_new(row: Mapping[str, Any]) -> TooNew:
    reason = f"the link of {row['link']} is one that only a newer release can read, and is left to it"
    return TooNew(Remote(system="link store", message=reason))
