"""What is made, changed and ended beyond tables and their columns: whole columns, ways between tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.metadata_tables import prefixed, relation_names
from sandbox.dynamics.metadata_writes import column_of, invalid, type_name
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import Kind, ManyToMany, Table

# A PUT leaves the options of a choice alone: they have actions of their own.
_ANY_OPTIONS = {"Options": [{"Value": 0}], "TrueOption": {"Value": 1}, "FalseOption": {"Value": 0}}


def without_complex(value: Any) -> Any:
    """A body of CreateEntities: its types are called Complex…, and mean what the definitions' own types do."""
    if isinstance(value, list):
        return [without_complex(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    plain = {name: without_complex(each) for name, each in value.items()}
    return plain | ({"@odata.type": type_name(value).removeprefix("Complex")} if "@odata.type" in value else {})


def redefine_column(table: Table, name: str, body: Mapping[str, Any]) -> None:
    """PUT replaces the whole definition: what the body leaves out is gone. Name and type stay as they are."""
    column = table.columns[name]
    wanted = column_of({**body, "OptionSet": _ANY_OPTIONS}, known=True)
    if (wanted.name, wanted.kind) != (column.name, column.kind):
        raise invalid(f"The name and type of {column.name} cannot be changed.")
    table.columns[name] = replace(
        column,
        label=wanted.label,
        required=wanted.required,
        max_length=wanted.max_length,
        precision=wanted.precision,
        minimum=wanted.minimum,
        maximum=wanted.maximum,
        format=wanted.format,
        default=wanted.default if column.kind is Kind.BOOLEAN else column.default,
    )


def add_many(organization: Organization, body: Mapping[str, Any]) -> ManyToMany:
    """A way between two tables, reached under its own name from both."""
    name, tables = prefixed(body), organization.schema.tables
    first, second = (tables.get(str(body.get(each))) for each in ("Entity1LogicalName", "Entity2LogicalName"))
    if first is None or second is None:
        raise invalid("Entity1LogicalName and Entity2LogicalName must exist.")
    intersect = str(body.get("IntersectEntityName") or name).lower()
    taken = {each.lower() for each in relation_names(organization)}
    if name.lower() in taken or intersect in tables:
        raise errors.DataverseError(errors.NAME_TAKEN, f"A relationship or entity named {name} already exists.")
    made = ManyToMany(name=name, first=first.name, second=second.name, intersect=intersect, custom=True)
    organization.schema.relations = (*organization.schema.relations, made)
    return made


def drop_relation(organization: Organization, name: str) -> None:
    """End a many-to-many relationship with its pairs; a one-to-many ends with its lookup."""
    schema = organization.schema
    schema.relations = tuple(each for each in schema.relations if each.name != name)
    organization.store.links.pop(name, None)
