"""New tables and relationships, switched-on change tracking, new options: what a metadata body makes of the schema.

Bodies and refusals: create-update-entity-definitions-using-web-api, create-update-entity-relationships-using-web-api,
create-update-optionsets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.columns import owned, states
from sandbox.dynamics.columns import table as table_of
from sandbox.dynamics.metadata_writes import column_of, inside, invalid, label_of, type_name
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import CHOICES, Column, Kind, Option, Table, Target

_FIRST_CODE = 10_201  # of custom tables
_CASCADES = frozenset({"RemoveLink", "Cascade", "Restrict", "NoCascade"})
_STATES = {(0, "Active"): {1: "Active"}, (1, "Inactive"): {2: "Inactive"}}


def prefixed(body: Mapping[str, Any]) -> str:
    """The SchemaName, which needs a publisher's prefix."""
    name = body.get("SchemaName")
    if not isinstance(name, str) or "_" not in name.strip("_"):
        raise invalid("SchemaName with a publisher's prefix is required.")
    return name


def add_table(organization: Organization, body: Mapping[str, Any]) -> Table:
    """A user-owned table with its primary name column; the set's name is the plural unless the body says it."""
    schema_name = prefixed(body)
    name = schema_name.lower()
    if name in organization.schema.tables:
        raise errors.DataverseError(errors.NAME_TAKEN, f"An entity with the specified name {name} already exists.")
    if body.get("OwnershipType", "UserOwned") != "UserOwned":
        raise invalid("The sandbox makes user-owned tables only.")
    if not label_of(body.get("DisplayName")) or not label_of(body.get("DisplayCollectionName")):
        raise invalid("DisplayName and DisplayCollectionName are required.")
    listed = body.get("Attributes") or []
    primary = [column_of(each) for each in listed if each.get("IsPrimaryName")]
    if len(primary) != 1 or primary[0].kind is not Kind.STRING:
        raise invalid("Exactly one String attribute with IsPrimaryName is required.")
    columns = [column_of(each) for each in listed]
    made = table_of(
        name,
        str(body.get("EntitySetName") or plural(name)),
        *columns,
        *owned(),
        *states(_STATES),
        primary_name=primary[0].name,
        label=label_of(body.get("DisplayName")),
        plural=label_of(body.get("DisplayCollectionName")),
        schema_name=schema_name,
        tracked=body.get("ChangeTrackingEnabled") is True,
        custom=True,
        object_type_code=_FIRST_CODE + sum(each.custom for each in organization.schema.tables.values()),
    )
    organization.schema.add(made)
    return made


def plural(name: str) -> str:
    """By the rules of English."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "z", "ch", "sh")) else f"{name}s"


def add_relation(organization: Organization, body: Mapping[str, Any]) -> tuple[Table, Column]:
    """A 1:N relationship is its lookup column: the child and the column."""
    if type_name(body) != "OneToManyRelationshipMetadata":
        raise invalid("The sandbox makes one-to-many and many-to-many relationships.")
    schema, schema_name, lookup = organization.schema, prefixed(body), inside(body, "Lookup")
    parent = schema.tables.get(str(body.get("ReferencedEntity")))
    child = schema.tables.get(str(body.get("ReferencingEntity")))
    if parent is None or child is None:
        raise invalid("ReferencedEntity and ReferencingEntity must exist.")
    if any(schema_name.lower() == name.lower() for name in relation_names(organization)):
        raise errors.DataverseError(errors.NAME_TAKEN, f"A relationship named {schema_name} already exists.")
    cascade = str(inside(body, "CascadeConfiguration").get("Delete", "RemoveLink"))
    if cascade not in _CASCADES:
        raise invalid(f"CascadeConfiguration.Delete cannot be '{cascade}'.")
    column_name = prefixed(lookup)
    if column_name.lower() in child.columns:
        raise errors.DataverseError(errors.COLUMN_EXISTS, f"Attribute {column_name.lower()} already exists.")
    target = Target(
        table=parent.name, navigation=column_name, collection=schema_name, schema_name=schema_name, on_delete=cascade
    )
    column = Column(
        name=column_name.lower(),
        kind=Kind.LOOKUP,
        schema_name=column_name,
        label=label_of(lookup.get("DisplayName")),
        targets=(target,),
        custom=True,
    )
    child.columns[column.name] = column
    return child, column


def relation_names(organization: Organization) -> set[str]:
    tables = organization.schema.tables.values()
    ends = (target for table in tables for column in table.columns.values() for target in column.targets)
    return {target.collection for target in ends} | {each.name for each in organization.schema.relations}


def change_table(table: Table, body: Mapping[str, Any]) -> None:
    """PUT of a whole definition. Change tracking is switched on once and for all (enable-change-tracking)."""
    if body.get("LogicalName", table.name) != table.name or "SchemaName" not in body:
        raise invalid("The complete definition of the same table is required.")
    tracked = body.get("ChangeTrackingEnabled")
    if table.tracked and tracked is False:
        raise invalid("Change tracking cannot be disabled once it is enabled.")
    table.tracked = table.tracked or tracked is True
    if text := label_of(body.get("DisplayName")):
        table.label = text


def add_option(organization: Organization, body: Mapping[str, Any]) -> int:
    """InsertOptionValue on a column's own choice."""
    table = organization.schema.tables.get(str(body.get("EntityLogicalName")))
    column = table.columns.get(str(body.get("AttributeLogicalName"))) if table else None
    if table is None or column is None or column.kind not in CHOICES:
        raise invalid("EntityLogicalName and AttributeLogicalName of a choice are required.")
    value = body.get("Value")
    number = int(value) if value is not None else max(each.value for each in column.options) + 1
    if column.option(number):
        raise invalid(f"An option with the value {number} already exists.")
    option = Option(value=number, label=label_of(body.get("Label")))
    table.columns[column.name] = replace(column, options=(*column.options, option))
    return number
