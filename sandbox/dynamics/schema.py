"""What a table is made of: columns, the lookups between tables, alternate keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """A column's AttributeType in the metadata; multi-select says `Virtual` there."""

    STRING = "String"
    MEMO = "Memo"
    MONEY = "Money"
    DECIMAL = "Decimal"
    DOUBLE = "Double"
    INTEGER = "Integer"
    BIGINT = "BigInt"
    BOOLEAN = "Boolean"
    CHOICE = "Picklist"
    MULTI = "MultiSelectPicklist"
    STATE = "State"
    STATUS = "Status"
    DATE = "Date"
    DATETIME = "DateTime"
    GUID = "Uniqueidentifier"
    LOOKUP = "Lookup"
    CUSTOMER = "Customer"
    OWNER = "Owner"


REFERENCES = frozenset({Kind.LOOKUP, Kind.CUSTOMER, Kind.OWNER})
CHOICES = frozenset({Kind.CHOICE, Kind.MULTI, Kind.STATE, Kind.STATUS})
TEXTS = frozenset({Kind.STRING, Kind.MEMO})


@dataclass(frozen=True, kw_only=True)
class Option:
    """One value of a choice; a status belongs to a state."""

    value: int
    label: str
    state: int | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """One table a lookup may point to, with the names of both ends (case-sensitive, as in the metadata)."""

    table: str
    navigation: str
    collection: str = ""
    schema_name: str = ""
    # What the row pointed to does to its children when it is deleted: RemoveLink, Cascade or Restrict.
    on_delete: str = "RemoveLink"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `name` is the lower-case logical name."""

    name: str
    kind: Kind
    schema_name: str = ""
    label: str = ""
    max_length: int | None = None
    precision: int | None = None
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[Option, ...] = ()
    targets: tuple[Target, ...] = ()
    required: str = "None"
    default: Any = None
    format: str = ""
    creatable: bool = True
    updatable: bool = True
    readable: bool = True
    custom: bool = False
    # AutoNumberFormat: what a row gets that says nothing itself.
    auto: str = ""

    @property
    def property_name(self) -> str:
        """The name in a row's JSON: a lookup reads as `_name_value`."""
        return f"_{self.name}_value" if self.kind in REFERENCES else self.name

    def option(self, value: int) -> Option | None:
        return next((each for each in self.options if each.value == value), None)


@dataclass(frozen=True, kw_only=True)
class Key:
    """An alternate key; its index is built by a job that ends at `active_at` (epoch seconds)."""

    name: str
    schema_name: str
    columns: tuple[str, ...]
    active_at: float = 0.0
    failed: bool = False


@dataclass(frozen=True, kw_only=True)
class ManyToMany:
    """An N:N relationship, reachable under the same name from both ends in all that is used here."""

    name: str
    first: str
    second: str
    intersect: str
    custom: bool = False


@dataclass(kw_only=True)
class Table:
    """A table's definition; columns and keys may be added while the server runs."""

    name: str
    entity_set: str
    primary_id: str
    primary_name: str
    schema_name: str
    label: str
    plural: str
    columns: dict[str, Column]
    tracked: bool = False
    optimistic: bool = True
    activity: bool = False
    custom: bool = False
    keys: dict[str, Key] = field(default_factory=dict)
    hidden_until: dict[str, float] = field(default_factory=dict)
    object_type_code: int = 0
    # Epoch seconds: data calls do not know a new table before.
    seen_from: float = 0.0

    def properties(self) -> dict[str, Column]:
        """Columns by the name they have in a row's JSON."""
        return {column.property_name: column for column in self.columns.values()}

    def navigation(self, name: str) -> tuple[Column, list[Target]] | None:
        """The lookup column behind a single-valued navigation property, with what it may point to there."""
        for column in self.columns.values():
            targets = [each for each in column.targets if each.navigation == name]
            if targets:
                return column, targets
        return None

    def status_of(self, state: int) -> list[int]:
        """The status reasons of a state, its default first."""
        column = self.columns["statuscode"]
        return [each.value for each in column.options if each.state == state]


@dataclass(frozen=True, kw_only=True)
class Collection:
    """A one-to-many navigation property: the children whose lookup points here."""

    name: str
    child: str
    column: str
    navigation: str
    on_delete: str = "RemoveLink"


class Schema:
    """All tables, and the ways between them."""

    def __init__(self, tables: list[Table], relations: tuple[ManyToMany, ...] = ()) -> None:
        self.tables = {table.name: table for table in tables}
        self.sets = {table.entity_set: table for table in tables}
        self.relations = relations

    def add(self, table: Table) -> None:
        self.tables[table.name] = self.sets[table.entity_set] = table

    def drop(self, table: Table) -> None:
        del self.tables[table.name], self.sets[table.entity_set]

    def collection(self, table: str, name: str) -> Collection | None:
        return next((each for each in self.collections(table) if each.name == name), None)

    def collections(self, table: str) -> list[Collection]:
        return [
            Collection(
                name=target.collection,
                child=child.name,
                column=column.name,
                navigation=target.navigation,
                on_delete=target.on_delete,
            )
            for child in self.tables.values()
            for column in child.columns.values()
            for target in column.targets
            if target.table == table and target.collection
        ]

    def relation(self, table: str, name: str) -> ManyToMany | None:
        return next((each for each in self.relations if each.name == name and table in (each.first, each.second)), None)
