"""One row: read, create, update or upsert, delete, with the conditions of If-Match and If-None-Match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer, Call
from sandbox.dynamics.execution import Execution
from sandbox.dynamics.odata_options import Options
from sandbox.dynamics.odata_path import Segment, key_values, row_id, unknown_segment
from sandbox.dynamics.payload import Changes, PayloadReader, read_json
from sandbox.dynamics.pipeline import Pipeline
from sandbox.dynamics.privileges import Guard
from sandbox.dynamics.render import Renderer
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Ref, Row

_PRIVILEGES = {"POST": "Create", "PATCH": "Write", "PUT": "Write", "DELETE": "Delete"}


@dataclass(frozen=True, kw_only=True)
class Work:
    """All that an operation needs, made once for each call."""

    call: Call
    options: Options
    pipeline: Pipeline
    reader: PayloadReader
    renderer: Renderer
    execution: Execution

    @property
    def root(self) -> str:
        return self.renderer.root

    def may_write(self, table: Table) -> None:
        if self.call.caller.read_only:
            raise Guard(caller=self.call.caller).lack(f"prv{_PRIVILEGES[self.call.method]}{table.name.title()}")

    def context(self, table: Table, *, single: bool = False) -> str:
        columns = f"({','.join(self.options.select)})" if self.options.select else ""
        return f"{self.root}$metadata#{table.entity_set}{columns}{'/$entity' if single else ''}"


@dataclass(frozen=True, kw_only=True)
class Key:
    """How a URL names a row: `id` once it is known, `values` of an alternate key, `text` as it was written."""

    id: str | None
    values: dict[str, Any]
    text: str


def find(work: Work, table: Table, segment: Segment) -> Key:
    text = segment.key or ""
    found = row_id(text)
    if found is not None:
        return Key(id=found, values={}, text=text)
    values = key_values(text)
    return Key(id=work.reader.find_by_key(table, values), values=values, text=text)


def existing(work: Work, table: Table, key: Key) -> Row:
    """The row, or the 404 that its kind of key gives."""
    row = work.pipeline.organization.store.get(table.name, key.id) if key.id else None
    if row is not None:
        return row
    if key.values:
        raise errors.DataverseError(errors.KEY_NOT_FOUND, "A record with the specified key values does not exist.")
    raise errors.not_found(table.name, key.text)


def read(work: Work, table: Table, key: Key) -> Answer:
    work.renderer.check(table, work.options)
    row = existing(work, table, key)
    etag = f'W/"{row["versionnumber"]}"'
    plain = not work.options.expand and not work.call.annotations and table.optimistic
    if plain and work.call.headers.get("if-none-match") == etag:
        return Answer(status=304, headers={"ETag": etag})
    return _shown(work, table, row, status=200)


def create(work: Work, table: Table) -> Answer:
    work.may_write(table)
    body = read_json(work.call.body)
    return _created(work, table, work.reader.changes(table, body, creating=True), None, None)


def change(work: Work, table: Table, key: Key) -> Answer:
    """PATCH: an update, or a creation when nothing is there and no condition forbids it."""
    work.may_write(table)
    store, body = work.pipeline.organization.store, read_json(work.call.body)
    row = store.get(table.name, key.id) if key.id else None
    match, none_match = work.call.headers.get("if-match"), work.call.headers.get("if-none-match")
    if row is None:
        if match:
            existing(work, table, key)
        changes = work.reader.changes(table, body, creating=True)
        return _created(work, table, _with_key(work, table, key, changes), key.id, key)
    if none_match == "*":
        raise errors.DataverseError(errors.DUPLICATE, "A record with matching key values already exists.")
    check_version(row, match)
    keyed = {name: value for name, value in body.items() if name not in key.values}
    sent = work.reader.changes(table, keyed, creating=False).values
    work.pipeline.update(table, row[table.primary_id], sent, work.execution)
    return _written(work, table, row[table.primary_id], key, created=False)


def _with_key(work: Work, table: Table, key: Key, changes: Changes) -> Changes:
    """On a creation a different value of a key column in the body wins."""
    if not key.values:
        return changes
    return Changes(values=work.reader.key_row(table, key.values) | changes.values, related=changes.related)


def remove(work: Work, table: Table, key: Key) -> Answer:
    work.may_write(table)
    row = existing(work, table, key)
    check_version(row, work.call.headers.get("if-match"))
    work.pipeline.delete(table, row[table.primary_id], work.execution)
    return Answer()


def check_version(row: Row, match: str | None) -> None:
    if match and match != "*" and match != f'W/"{row["versionnumber"]}"':
        raise errors.DataverseError(
            errors.STALE, "The version of the existing record doesn't match the RowVersion property provided."
        )


def _created(work: Work, table: Table, changes: Changes, wanted: str | None, key: Key | None) -> Answer:
    """Rows in the body are made too: what the new row points to before it, its children after it."""
    values, children = dict(changes.values), []
    for name, related in changes.related.items():
        found = table.navigation(name)
        if found and isinstance(related, Mapping):
            target = work.pipeline.organization.schema.tables[found[1][0].table]
            values[found[0].name] = Ref(target.name, _insert(work, target, related, {}))
        elif isinstance(related, list):
            children.append((name, related))
        else:
            raise errors.undeclared(name, table.name)
    new = work.pipeline.create(table, values, work.execution, wanted)
    for name, rows in children:
        _insert_children(work, table, new, name, rows)
    return _written(work, table, new, key, created=True)


def _insert(work: Work, table: Table, body: Mapping[str, Any], extra: Row) -> str:
    changes = work.reader.changes(table, body, creating=True)
    if changes.related:
        raise errors.undeclared(next(iter(changes.related)), table.name)
    return work.pipeline.create(table, changes.values | extra, work.execution)


def _insert_children(work: Work, table: Table, parent: str, name: str, rows: list[Any]) -> None:
    collection = work.pipeline.organization.schema.collection(table.name, name)
    if collection is None:
        raise errors.undeclared(name, table.name)
    child = work.pipeline.organization.schema.tables[collection.child]
    for body in rows:
        _insert(work, child, body, {collection.column: Ref(table.name, parent)})


def _written(work: Work, table: Table, row: str, key: Key | None, *, created: bool) -> Answer:
    """204 with the row's URL, which repeats an alternate key; with a representation 201 or 200 and no URL."""
    if not work.call.representation:
        name = key.text if key and key.values else row
        url = f"{work.root}{table.entity_set}({name})"
        return Answer(status=204, headers={"OData-EntityId": url, "Location": url})
    work.renderer.check(table, work.options)
    shown = existing(work, table, Key(id=row, values={}, text=row))
    applied = {"Preference-Applied": "return=representation"}
    return _shown(work, table, shown, status=201 if created else 200, headers=applied)


def _shown(work: Work, table: Table, row: Row, *, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    body = {"@odata.context": work.context(table, single=True), **work.renderer.row(table, row, work.options)}
    return Answer(status=status, body=body, headers={"ETag": body["@odata.etag"], **(headers or {})})


def read_property(work: Work, table: Table, key: Key, name: str) -> Answer:
    work.renderer.readable(table)
    column = work.renderer.properties(table).get(name)
    if column is None:
        raise unknown_segment(name)
    shown = work.renderer.row(table, existing(work, table, key), Options(select=(name,)))
    if shown[name] is None:
        return Answer()
    return Answer(status=200, body={"@odata.context": work.context(table, single=True), "value": shown[name]})


def write_property(work: Work, table: Table, key: Key, name: str) -> Answer:
    """PUT {"value": v} or DELETE, which sets null."""
    work.may_write(table)
    row = existing(work, table, key)
    check_version(row, work.call.headers.get("if-match"))
    value = read_json(work.call.body).get("value") if work.call.method == "PUT" else None
    sent = work.reader.changes(table, {name: value}, creating=False).values
    work.pipeline.update(table, row[table.primary_id], sent, work.execution)
    return Answer()
