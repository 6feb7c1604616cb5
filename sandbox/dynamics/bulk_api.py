"""CreateMultiple, UpdateMultiple and UpsertMultiple: many rows of one table, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.odata_path import below_root, segments
from sandbox.dynamics.payload import Changes, read_json
from sandbox.dynamics.rows_api import Key, Work, existing, find
from sandbox.dynamics.schema import Table


def bulk(work: Work, table: Table, name: str) -> Answer | None:
    """None when the table has no such action."""
    action = _ACTIONS.get(name)
    if action is None or work.call.method != "POST":
        return None
    work.may_write(table)
    targets = read_json(work.call.body).get("Targets")
    if not isinstance(targets, list) or not targets:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "Required parameter 'Targets' is missing.")
    return action(work, table, targets)


def _create(work: Work, table: Table, targets: list[Mapping[str, Any]]) -> Answer:
    made = [work.pipeline.create(table, _changes(work, table, each, creating=True), work.execution) for each in targets]
    context = f"{work.root}$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse"
    return Answer(status=200, body={"@odata.context": context, "Ids": made})


def _update(work: Work, table: Table, targets: list[Mapping[str, Any]]) -> Answer:
    for target in targets:
        row = existing(work, table, _key(work, table, target))[table.primary_id]
        work.pipeline.update(table, row, _changes(work, table, target, creating=False), work.execution)
    return Answer()


def _upsert(work: Work, table: Table, targets: list[Mapping[str, Any]]) -> Answer:
    """Says nothing about which rows were made."""
    for target in targets:
        key = _key(work, table, target)
        if key.id and work.pipeline.organization.store.get(table.name, key.id):
            sent = {name: value for name, value in target.items() if name not in key.values}
            work.pipeline.update(table, key.id, _changes(work, table, sent, creating=False), work.execution)
        else:
            values = work.reader.key_row(table, key.values) | _changes(work, table, target, creating=True)
            work.pipeline.create(table, values, work.execution, key.id)
    return Answer()


def _changes(work: Work, table: Table, target: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    changes: Changes = work.reader.changes(table, target, creating=creating)
    if changes.related:
        raise errors.undeclared(next(iter(changes.related)), table.name)
    return changes.values


def _key(work: Work, table: Table, target: Mapping[str, Any]) -> Key:
    """The primary key's column, or an `@odata.id` by any key."""
    url = target.get("@odata.id")
    if isinstance(url, str):
        return find(work, table, segments(below_root(url))[0])
    row = target.get(table.primary_id)
    if not isinstance(row, str):
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "Each of Targets needs its primary key.")
    return Key(id=row.lower(), values={}, text=row)


_ACTIONS: dict[str, Callable[[Work, Table, list[Mapping[str, Any]]], Answer]] = {
    "CreateMultiple": _create,
    "UpdateMultiple": _update,
    "UpsertMultiple": _upsert,
}
