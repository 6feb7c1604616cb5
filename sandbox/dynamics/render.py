"""Rows as the Web API shows them: properties, annotations on request, expanded relations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.odata_filter import compile_filter
from sandbox.dynamics.odata_options import Options
from sandbox.dynamics.odata_world import World
from sandbox.dynamics.schema import Column, Kind, Table
from sandbox.dynamics.store import Ref, Row
from sandbox.dynamics.values import as_json

FORMATTED = "OData.Community.Display.V1.FormattedValue"
LOOKUP_TABLE = "Microsoft.Dynamics.CRM.lookuplogicalname"
NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"


@dataclass(frozen=True, kw_only=True)
class Renderer:
    """Renders for one request: which annotations it asked for, which columns it may see yet."""

    world: World
    root: str
    annotations: tuple[str, ...] = ()
    visible: Callable[[Table, str], bool]
    # Refuses a table that the caller may not read.
    readable: Callable[[Table], None] = lambda _: None
    # Columns do not change while one request is answered.
    known: dict[str, dict[str, Column]] = field(default_factory=dict)

    def wants(self, annotation: str) -> bool:
        return any(fnmatchcase(annotation, pattern) for pattern in self.annotations)

    def properties(self, table: Table) -> dict[str, Column]:
        if table.name not in self.known:
            listed = table.properties().items()
            seen = {name: each for name, each in listed if each.readable and self.visible(table, each.name)}
            self.known[table.name] = seen
        return self.known[table.name]

    def check(self, table: Table, options: Options) -> None:
        """Refuse unknown names before any row is looked at, so that an empty result refuses them too."""
        self.readable(table)
        known = self.properties(table)
        for name in (*options.select, *(name for name, _ in options.orderby)):
            if name not in known:
                raise errors.no_property(name, table.name)
        for name, inner in options.expand:
            self.check(self._far_end(table, name), inner)

    def _far_end(self, table: Table, name: str) -> Table:
        schema = self.world.schema
        found = table.navigation(name)
        if found:
            return schema.tables[found[1][0].table]
        collection = schema.collection(table.name, name)
        if collection:
            return schema.tables[collection.child]
        relation = schema.relation(table.name, name)
        if relation is None:
            raise errors.no_property(name, table.name)
        return schema.tables[relation.second if relation.first == table.name else relation.first]

    def row(self, table: Table, row: Row, options: Options) -> dict[str, Any]:
        known = self.properties(table)
        names = dict.fromkeys((*options.select, table.primary_id)) if options.select else known
        shown: dict[str, Any] = {"@odata.etag": f'W/"{row["versionnumber"]}"'}
        for name in names:
            column = known[name]
            value = row.get(column.name)
            if self.annotations and value is not None:
                shown |= self._annotated(column, name, value, row)
            shown[name] = as_json(value)
        for name, inner in options.expand:
            shown[name] = self._expand(table, row, name, inner)
        return shown

    def _annotated(self, column: Column, name: str, value: Any, row: Row) -> dict[str, Any]:
        notes: dict[str, Any] = {}
        if isinstance(value, Ref):
            notes[NAVIGATION] = next((each.navigation for each in column.targets if each.table == value.table), "")
            notes[LOOKUP_TABLE] = value.table
        notes[FORMATTED] = self._formatted(column, value, row)
        return {f"{name}@{key}": text for key, text in notes.items() if text and self.wants(key)}

    def _formatted(self, column: Column, value: Any, row: Row) -> str:
        if isinstance(value, Ref):
            return self.name_of(value)
        if column.kind is Kind.MULTI:
            chosen = (column.option(int(part)) for part in value.split(",") if part)
            return "; ".join(each.label for each in chosen if each)
        if column.options:
            option = column.option(int(value))
            return option.label if option else ""
        if column.kind is Kind.MONEY:
            currency = self.world.store.of(row.get("transactioncurrencyid")) or {}
            return f"{currency.get('currencysymbol') or ''}{value:,}"
        return f"{value:,}" if column.kind in (Kind.INTEGER, Kind.BIGINT, Kind.DECIMAL) else _shown(column, value)

    def name_of(self, ref: Ref) -> str:
        row = self.world.store.of(ref)
        return str(row.get(self.world.schema.tables[ref.table].primary_name) or "") if row else ""

    def _expand(self, table: Table, row: Row, name: str, options: Options) -> Any:
        found = table.navigation(name)
        far = self._far_end(table, name)
        if found:
            ref = row.get(found[0].name)
            reachable = isinstance(ref, Ref) and any(each.table == ref.table for each in found[1])
            target = self.world.store.of(ref) if reachable else None
            return self.row(self.world.schema.tables[ref.table], target, options) if target and ref else None
        rows = self.related(table, row[table.primary_id], name)
        if options.filter:
            keep = compile_filter(self.world, far, options.filter)
            rows = [each for each in rows if keep(each)]
        rows = ordered(far, rows, options)
        return [self.row(far, each, options) for each in (rows[: options.top] if options.top else rows)]

    def related(self, table: Table, row_id: str, name: str) -> list[Row]:
        """The rows at the far end of a collection-valued navigation property."""
        store = self.world.store
        collection = self.world.schema.collection(table.name, name)
        if collection:
            return store.children(collection.child, collection.column, row_id)
        relation = self.world.schema.relation(table.name, name)
        if relation is None:
            raise errors.no_property(name, table.name)
        forward = relation.first == table.name
        pairs = sorted(store.links.get(relation.name, ()))
        far = [pair[forward] for pair in pairs if pair[not forward] == row_id]
        rows = (store.get(relation.second if forward else relation.first, each) for each in far)
        return [each for each in rows if each]


def _shown(column: Column, value: Any) -> str:
    return str(value) if column.kind in (Kind.DATE, Kind.DATETIME, Kind.DOUBLE) else ""


def ordered(table: Table, rows: list[Row], options: Options) -> list[Row]:
    """By $orderby, else as they were created; nulls first when ascending."""
    known = table.properties()
    result = list(rows)
    for name, descending in reversed(options.orderby):
        column = known[name].name
        result.sort(key=lambda row: _sort_key(row.get(column)), reverse=descending)
    return result


def _sort_key(value: Any) -> tuple[bool, Any]:
    plain = value.id if isinstance(value, Ref) else value
    return (plain is not None, plain.casefold() if isinstance(plain, str) else plain or 0)
