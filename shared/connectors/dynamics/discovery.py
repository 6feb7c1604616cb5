"""Finding the solution tables: their names are public nowhere, so relationships and labels decide, never a guess.

A row table is a child of the opportunity labelled as Microsoft Solution, with a lookup to a table of details that
has a column labelled Solution Identifier.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from shared.connectors.dynamics.metadata import labels_of, read_table
from shared.connectors.dynamics.odata import Row, row_of, rows_of
from shared.connectors.dynamics.schema import SolutionNames, Table, squeezed
from shared.connectors.rest import Rest

ROW_LABELS = frozenset({"microsoftsolution", "microsoftsolutions"})
DETAIL_LABELS = frozenset({"microsoftsolutiondetail", "microsoftsolutiondetails"})
COLUMN_LABELS: Mapping[str, str] = {
    "identifier": "solutionidentifier",
    "name": "solutionname",
    "type": "type",
    "publisher": "publishername",
}
_RELATION = (
    "SchemaName,ReferencedEntity,ReferencingEntity,ReferencingAttribute,"
    "ReferencedEntityNavigationPropertyName,ReferencingEntityNavigationPropertyName"
)
_HEAD = {"$select": "LogicalName,EntitySetName,PrimaryIdAttribute,DisplayName,DisplayCollectionName"}


async def find_solutions(rest: Rest, prefix: str) -> SolutionNames | None:
    """The map of names, None where this organisation has no such tables or more than one pair of them."""
    children = await _relations(rest, "opportunity", "OneToManyRelationships", "ReferencingEntity", prefix)
    heads = await _heads(rest, {child.text("ReferencingEntity") for child in children})
    rows = [(child, heads[child.text("ReferencingEntity")]) for child in children]
    rows = [(child, head) for child, head in rows if _is(head, ROW_LABELS)]
    if len(rows) != 1:
        return None
    (child, row) = rows[0]
    parents = await _relations(rest, row.text("LogicalName"), "ManyToOneRelationships", "ReferencedEntity", prefix)
    heads = await _heads(rest, {parent.text("ReferencedEntity") for parent in parents})
    details = [(parent, heads[parent.text("ReferencedEntity")]) for parent in parents]
    details = [(parent, head) for parent, head in details if _is(head, DETAIL_LABELS)]
    if len(details) != 1:
        return None
    return _names(child, row, *details[0], await read_table(rest, details[0][1].text("LogicalName")))


async def _relations(rest: Rest, table: str, kind: str, far_end: str, prefix: str) -> tuple[Row, ...]:
    """The table's relationships whose other end carries the prefix."""
    answer = await rest.call("GET", f"EntityDefinitions(LogicalName='{table}')/{kind}", params={"$select": _RELATION})
    return tuple(row for row in rows_of(answer.json()) if row.text(far_end).startswith(f"{prefix}_"))


async def _heads(rest: Rest, tables: set[str]) -> dict[str, Row]:
    names = sorted(tables)
    paths = (f"EntityDefinitions(LogicalName='{name}')" for name in names)
    answers = await asyncio.gather(*(rest.call("GET", path, params=_HEAD) for path in paths))
    return {name: row_of(answer.json()) for name, answer in zip(names, answers, strict=True)}


def _is(head: Row, labels: frozenset[str]) -> bool:
    shown = (*labels_of(head.data.get("DisplayName")), *labels_of(head.data.get("DisplayCollectionName")))
    return not labels.isdisjoint(map(squeezed, shown))


def _names(child: Row, row: Row, parent: Row, detail: Row, table: Table) -> SolutionNames | None:
    columns = {role: _labelled(table, label) for role, label in COLUMN_LABELS.items()}
    if not columns["identifier"] or not columns["name"]:
        return None
    return SolutionNames(
        row=row.text("LogicalName"),
        row_set=row.text("EntitySetName"),
        row_id=row.text("PrimaryIdAttribute"),
        collection=child.text("ReferencedEntityNavigationPropertyName"),
        opportunity=child.text("ReferencingAttribute"),
        opportunity_bind=child.text("ReferencingEntityNavigationPropertyName"),
        detail=detail.text("LogicalName"),
        detail_set=detail.text("EntitySetName"),
        detail_id=detail.text("PrimaryIdAttribute"),
        detail_column=parent.text("ReferencingAttribute"),
        detail_bind=parent.text("ReferencingEntityNavigationPropertyName"),
        **columns,
    )


def _labelled(table: Table, label: str) -> str:
    """The text column with this label; the type may be a choice in other versions, which is then left alone."""
    named = (column for column in table.columns.values() if column.type in ("String", "Memo"))
    return next((column.name for column in named if label in map(squeezed, column.labels)), "")
