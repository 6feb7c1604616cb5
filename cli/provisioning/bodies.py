"""The bodies that make columns, tables and relationships.

Documented under webapi/create-update-column-definitions-using-web-api, create-update-entity-definitions-using-web-api
and create-update-entity-relationships-using-web-api.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cli.provisioning.site import CAST, REQUIRED_NONE, Site
from cli.provisioning.wanted import CHOICE, FLAG, MEMO, Wanted


def column(site: Site, wanted: Wanted, first_option: int = 0) -> dict[str, Any]:
    """`first_option` is the publisher's first value for a choice: values of different publishers never meet."""
    body: dict[str, Any] = {
        "@odata.type": f"{CAST}{wanted.type}AttributeMetadata",
        "SchemaName": wanted.schema,
        "DisplayName": site.label(wanted.label),
        "RequiredLevel": dict(REQUIRED_NONE),
        "AttributeType": wanted.type,
        "AttributeTypeName": {"Value": f"{wanted.type}Type"},
    }
    if wanted.type == FLAG:
        return body | {"DefaultValue": False, "OptionSet": _flag(site, wanted.options or ("No", "Yes"))}
    if wanted.type == CHOICE:
        return body | {"SourceTypeMask": 0, "OptionSet": _choice(site, wanted.options, first_option)}
    if wanted.type == MEMO:
        return body | {"Format": "TextArea", "ImeMode": "Disabled", "MaxLength": wanted.length}
    numbered = {"AutoNumberFormat": wanted.auto} if wanted.auto else {}
    return body | {"FormatName": {"Value": wanted.format}, "MaxLength": wanted.length, **numbered}


def _flag(site: Site, labels: Sequence[str]) -> dict[str, Any]:
    off, on = ({"Value": value, "Label": site.label(text)} for value, text in enumerate(labels))
    return {"@odata.type": f"{CAST}BooleanOptionSetMetadata", "TrueOption": on, "FalseOption": off}


def _choice(site: Site, labels: Sequence[str], first: int) -> dict[str, Any]:
    listed = [{"Value": first + index, "Label": site.label(text)} for index, text in enumerate(labels)]
    kind = f"{CAST}OptionSetMetadata"
    return {"@odata.type": kind, "IsGlobal": False, "OptionSetType": "Picklist", "Options": listed}


def table(site: Site, schema: str, labels: tuple[str, str], primary: Wanted) -> dict[str, Any]:
    """A table of users' rows whose changes can be followed; `labels` are one and many."""
    return {
        "@odata.type": f"{CAST}EntityMetadata",
        "SchemaName": schema,
        "DisplayName": site.label(labels[0]),
        "DisplayCollectionName": site.label(labels[1]),
        "OwnershipType": "UserOwned",
        "IsActivity": False,
        "HasActivities": False,
        "HasNotes": False,
        "ChangeTrackingEnabled": True,
        "Attributes": [column(site, primary) | {"IsPrimaryName": True}],
    }


def relation(
    site: Site, schema: str, ends: tuple[str, str, str], lookup: tuple[str, str], cascade: str
) -> dict[str, Any]:
    """`ends` are parent, its key and child, `lookup` the column's SchemaName and label."""
    parent, key, child = ends
    return {
        "@odata.type": f"{CAST}OneToManyRelationshipMetadata",
        "SchemaName": schema,
        "ReferencedEntity": parent,
        "ReferencedAttribute": key,
        "ReferencingEntity": child,
        "CascadeConfiguration": dict.fromkeys(("Assign", "Merge", "Reparent", "Share", "Unshare"), "NoCascade")
        | {"Delete": cascade},
        "AssociatedMenuConfiguration": {
            "Behavior": "UseCollectionName",
            "Group": "Details",
            "Label": site.label(lookup[1]),
            "Order": 10000,
        },
        "Lookup": {
            "@odata.type": f"{CAST}LookupAttributeMetadata",
            "SchemaName": lookup[0],
            "DisplayName": site.label(lookup[1]),
            "RequiredLevel": dict(REQUIRED_NONE),
            "AttributeType": "Lookup",
            "AttributeTypeName": {"Value": "LookupType"},
        },
    }
