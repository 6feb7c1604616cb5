"""Definitions of tables, columns and relationships as the metadata part of the Web API shows them."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.customizing_rows import RIGHTS, privilege_id
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.privileges import privilege
from sandbox.dynamics.schema import CHOICES, REFERENCES, TEXTS, Column, Key, Kind, Option, Table

_CLASS = {Kind.DATE: "DateTime", Kind.CUSTOMER: "Lookup", Kind.OWNER: "Lookup", Kind.GUID: "UniqueIdentifier"}
# AttributeType of a multi-select is Virtual: only its type name tells.
_TYPE = {Kind.MULTI: "Virtual", Kind.DATE: "DateTime"}
_TYPE_NAME = {Kind.DATE: "DateTime"}
BASE = frozenset(
    {"MetadataId", "LogicalName", "SchemaName", "EntityLogicalName", "AttributeType", "AttributeTypeName"}
    | {"DisplayName", "Description", "RequiredLevel", "IsValidForCreate", "IsValidForUpdate", "IsValidForRead"}
    | {"IsCustomAttribute", "IsPrimaryId", "IsPrimaryName", "AttributeOf", "IsLogical", "IsManaged"}
)


def label(text: str) -> dict[str, Any]:
    shown = {"Label": text, "LanguageCode": 1033, "IsManaged": False}
    return {"LocalizedLabels": [shown], "UserLocalizedLabel": shown} if text else {"LocalizedLabels": []}


def class_of(column: Column) -> str:
    return f"{_CLASS.get(column.kind, column.kind.value)}AttributeMetadata"


def definition(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": stable_id("table", table.name),
        "LogicalName": table.name,
        "LogicalCollectionName": table.entity_set,
        "SchemaName": table.schema_name,
        "EntitySetName": table.entity_set,
        "PrimaryIdAttribute": table.primary_id,
        "PrimaryNameAttribute": table.primary_name,
        "ObjectTypeCode": table.object_type_code,
        "OwnershipType": "UserOwned" if "ownerid" in table.columns else "OrganizationOwned",
        "IsActivity": table.activity,
        "IsCustomEntity": table.custom,
        "IsPrivate": False,
        "IsIntersect": False,
        "ChangeTrackingEnabled": table.tracked,
        "CanChangeTrackingBeEnabled": {"Value": True, "CanBeChanged": True},
        "IsOptimisticConcurrencyEnabled": table.optimistic,
        "DisplayName": label(table.label),
        "DisplayCollectionName": label(table.plural),
        "Description": label(""),
        "Privileges": [_privilege(right, table) for right in RIGHTS],
    }


def _privilege(right: str, table: Table) -> dict[str, Any]:
    name = privilege(right, table)
    return {"Name": name, "PrivilegeId": privilege_id(name), "PrivilegeType": right, "CanBeGlobal": True}


def attribute(table: Table, column: Column) -> dict[str, Any]:
    """Everything but option sets, which come by `$expand` on a cast only."""
    type_name = _TYPE_NAME.get(column.kind, column.kind.value)
    return {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{class_of(column)}",
        "MetadataId": stable_id("column", table.name, column.name),
        "LogicalName": column.name,
        "SchemaName": column.schema_name or column.name,
        "EntityLogicalName": table.name,
        "AttributeType": _TYPE.get(column.kind, column.kind.value),
        "AttributeTypeName": {"Value": f"{type_name}Type"},
        "DisplayName": label(column.label or column.name),
        "Description": label(""),
        "RequiredLevel": {"Value": column.required, "CanBeChanged": True},
        "IsValidForCreate": column.creatable,
        "IsValidForUpdate": column.updatable,
        "IsValidForRead": column.readable,
        "IsCustomAttribute": column.custom,
        "IsPrimaryId": column.name == table.primary_id,
        "IsPrimaryName": column.name == table.primary_name,
        "AttributeOf": None,
        "IsLogical": False,
        "IsManaged": False,
    } | _details(column)


def _details(column: Column) -> dict[str, Any]:
    """What the column's own type adds."""
    if column.kind in TEXTS:
        shape = {"FormatName": {"Value": column.format or "Text"}} if column.kind is Kind.STRING else {}
        auto = {"AutoNumberFormat": column.auto} if column.auto else {}
        return {"MaxLength": column.max_length, "Format": column.format or "Text", **shape, **auto}
    if column.kind in REFERENCES:
        return {"Targets": [target.table for target in column.targets]}
    if column.kind in (Kind.DATE, Kind.DATETIME):
        behaviour = "DateOnly" if column.kind is Kind.DATE else "UserLocal"
        return {"Format": column.format, "DateTimeBehavior": {"Value": behaviour}}
    if column.kind in CHOICES or column.kind is Kind.BOOLEAN:
        default = column.default if column.default is not None else -1
        return {"DefaultValue" if column.kind is Kind.BOOLEAN else "DefaultFormValue": default}
    return _bounds(column) if column.kind in _NUMBERS else {}


_NUMBERS = frozenset({Kind.MONEY, Kind.DECIMAL, Kind.DOUBLE, Kind.INTEGER})


def _bounds(column: Column) -> dict[str, Any]:
    bounds: dict[str, Any] = {"MinValue": column.minimum, "MaxValue": column.maximum}
    precision = {} if column.kind is Kind.INTEGER else {"Precision": column.precision}
    return bounds | precision | ({"PrecisionSource": 2} if column.kind is Kind.MONEY else {})


def option_set(table: Table, column: Column) -> dict[str, Any]:
    shown = {
        "MetadataId": stable_id("options", table.name, column.name),
        "Name": f"{table.name}_{column.name}",
        "IsGlobal": False,
        "OptionSetType": "Picklist" if column.kind is Kind.MULTI else column.kind.value,
    }
    if column.kind is Kind.BOOLEAN:
        off, on = column.options
        return shown | {"TrueOption": _option(on), "FalseOption": _option(off)}
    return shown | {"Options": [_option(each) for each in column.options]}


def _option(option: Option) -> dict[str, Any]:
    state = {} if option.state is None else {"State": option.state}
    return {"Value": option.value, "Label": label(option.label), **state}


def key_definition(table: Table, key: Key, now: float) -> dict[str, Any]:
    """The index is built by a job; upsert by key works once it is Active."""
    status = "Failed" if key.failed else ("Active" if key.active_at <= now else "Pending")
    return {
        "MetadataId": stable_id("key", table.name, key.name),
        "LogicalName": key.name,
        "SchemaName": key.schema_name,
        "EntityLogicalName": table.name,
        "KeyAttributes": list(key.columns),
        "EntityKeyIndexStatus": status,
        "DisplayName": label(key.schema_name),
    }


def one_to_many(organization: Organization) -> list[dict[str, Any]]:
    """Every lookup that has a collection at its other end."""
    return [
        {
            "@odata.type": "#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
            "MetadataId": stable_id("relationship", child.name, column.name, target.table),
            "SchemaName": target.collection,
            "RelationshipType": "OneToManyRelationship",
            "IsCustomRelationship": column.custom,
            "ReferencedEntity": target.table,
            "ReferencedAttribute": organization.schema.tables[target.table].primary_id,
            "ReferencedEntityNavigationPropertyName": target.collection,
            "ReferencingEntity": child.name,
            "ReferencingAttribute": column.name,
            "ReferencingEntityNavigationPropertyName": target.navigation,
        }
        for child in organization.schema.tables.values()
        for column in child.columns.values()
        for target in column.targets
        if target.collection
    ]


def many_to_many(organization: Organization) -> list[dict[str, Any]]:
    return [
        {
            "@odata.type": "#Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata",
            "MetadataId": stable_id("relationship", each.name),
            "SchemaName": each.name,
            "RelationshipType": "ManyToManyRelationship",
            "IsCustomRelationship": each.custom,
            "Entity1LogicalName": each.first,
            "Entity1NavigationPropertyName": each.name,
            "Entity2LogicalName": each.second,
            "Entity2NavigationPropertyName": each.name,
            "IntersectEntityName": each.intersect,
        }
        for each in organization.schema.relations
    ]
