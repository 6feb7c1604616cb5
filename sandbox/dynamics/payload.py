"""Request bodies as changes of columns: properties, `@odata.bind`, and rows to be made along with the new one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.odata_path import below_root, key_values, row_id, segments
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import REFERENCES, Column, Kind, Table
from sandbox.dynamics.store import Ref, Row
from sandbox.dynamics.values import parse


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a body asks for; `related` are rows inside the body, by navigation property."""

    values: Row = field(default_factory=dict)
    related: dict[str, Any] = field(default_factory=dict)


def read_json(body: bytes) -> dict[str, Any]:
    """Numbers keep their digits, as money must."""
    try:
        parsed = json.loads(body or b"{}", parse_float=Decimal)
    except ValueError as error:
        raise errors.DataverseError(errors.PAYLOAD, f"An error occurred while reading the payload: {error}") from error
    if not isinstance(parsed, dict):
        raise errors.DataverseError(errors.PAYLOAD, "The payload is not a JSON object.")
    return parsed


@dataclass(frozen=True, kw_only=True)
class PayloadReader:
    """Reads bodies for one request; `references` are the Content-IDs of its change set."""

    organization: Organization
    strong: bool = False
    references: Mapping[str, str] = field(default_factory=dict)

    def changes(self, table: Table, body: Any, *, creating: bool) -> Changes:
        if not isinstance(body, Mapping):
            raise errors.wrong_type("value", table.name, f"Microsoft.Dynamics.CRM.{table.name}")
        values: Row = {}
        related: dict[str, Any] = {}
        for name, value in body.items():
            if name.endswith("@odata.bind") and not name.startswith("@"):
                column, ref = self._bind(table, name.removesuffix("@odata.bind"), value)
                values[column] = ref
            elif "@" in name:
                continue
            elif isinstance(value, dict | list):
                if not creating:
                    raise errors.undeclared(name, table.name)
                related[name] = value
            else:
                values |= self._property(table, name, value)
        return Changes(values=self._writable(table, values, creating=creating), related=related)

    def _property(self, table: Table, name: str, value: Any) -> Row:
        column = table.columns.get(name)
        if column and column.kind not in REFERENCES and self._sees(table, column):
            parsed = parse(column, table.name, value)
            if parsed == "" and self.organization.switches.text("empty_text") == "null":
                parsed = None
            return {column.name: parsed}
        found = table.navigation(name)
        if found and value is None:
            return {found[0].name: None}
        raise errors.undeclared(name, table.name)

    def _sees(self, table: Table, column: Column) -> bool:
        return self.organization.visible(table, column.name, strong=self.strong)

    def _bind(self, table: Table, navigation: str, value: Any) -> tuple[str, Ref | None]:
        found = table.navigation(navigation)
        if found is None or not self._sees(table, found[0]):
            raise errors.undeclared(navigation, table.name)
        column, targets = found
        if value is None:
            return column.name, None
        if not isinstance(value, str):
            raise errors.wrong_type(f"{navigation}@odata.bind", table.name, "Edm.String")
        ref = self.reference(value)
        if all(target.table != ref.table for target in targets):
            raise errors.DataverseError(
                errors.PAYLOAD,
                f"The entity of '{value}' cannot be bound to '{navigation}' of '{table.name}'.",
            )
        return column.name, ref

    def reference(self, url: str) -> Ref:
        """`/accounts(id)`, absolute, by alternate key, or `$1` of the change set; the row must exist."""
        path = self.references.get(url[1:], url) if url.startswith("$") else url
        if path.startswith("$"):
            raise errors.DataverseError(
                errors.PAYLOAD, f"Content-ID Reference: '{url}' does not exist in the batch context."
            )
        steps = segments(below_root(path))
        table = self.organization.schema.sets.get(steps[0].name) if len(steps) == 1 else None
        if table is None or steps[0].key is None:
            raise errors.DataverseError(errors.PAYLOAD, f"The URL '{url}' names no row.")
        found = row_id(steps[0].key)
        if found is None:
            found = self.find_by_key(table, key_values(steps[0].key))
            if found is None:
                raise errors.DataverseError(errors.KEY_NOT_FOUND, "A record with the specified key does not exist.")
        if self.organization.store.get(table.name, found) is None:
            raise errors.not_found(table.name, found)
        return Ref(table.name, found)

    def find_by_key(self, table: Table, values: Mapping[str, Any]) -> str | None:
        """The row with these key values; refuses columns that are no active key of the table."""
        now = self.organization.now().timestamp()
        keys = (key for key in table.keys.values() if not key.failed and key.active_at <= now)
        names = {_logical(table, name) for name in values}
        if not any(set(key.columns) == names for key in keys):
            raise errors.DataverseError(
                errors.KEY_NOT_DEFINED,
                f"The specified key attributes are not a defined key for the {table.name} entity",
            )
        wanted = {_logical(table, name): plain_key(value) for name, value in values.items()}
        for found, row in self.organization.store.table(table.name).items():
            if all(plain_key(row.get(name)) == value for name, value in wanted.items()):
                return found
        return None

    def key_row(self, table: Table, values: Mapping[str, Any]) -> Row:
        """The key's values as columns of a row about to be made."""
        row: Row = {}
        for name, value in values.items():
            column = table.columns[_logical(table, name)]
            if column.kind in REFERENCES:
                row[column.name] = Ref(column.targets[0].table, str(value))
            else:
                whole = column.kind in (Kind.INTEGER, Kind.CHOICE) and isinstance(value, Decimal)
                row[column.name] = parse(column, table.name, int(value) if whole else value)
        return row

    def _writable(self, table: Table, values: Row, *, creating: bool) -> Row:
        allowed: Callable[[Column], bool] = lambda each: each.creatable if creating else each.updatable  # noqa: E731 - two-way choice
        kept = {name: value for name, value in values.items() if allowed(table.columns[name])}
        closed = sorted(set(values) - set(kept) - {table.primary_id, "statecode"})
        if closed and self.organization.switches.text("readonly_columns") == "refused":
            raise errors.DataverseError(errors.INVALID_ARGUMENT, f"The column '{closed[0]}' cannot be written.")
        return kept


def _logical(table: Table, name: str) -> str:
    """Key columns are named by property in URLs; a lookup by `_x_value`."""
    column = table.properties().get(name)
    return column.name if column else name


def plain_key(value: Any) -> str:
    if isinstance(value, Ref):
        return value.id
    return str(value).casefold()
