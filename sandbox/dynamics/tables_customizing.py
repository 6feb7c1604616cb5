"""The tables of customising: forms, views, column maps, security roles with their privileges."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.columns import choice, flag, integer, lookup, memo, options, table, text
from sandbox.dynamics.schema import Table

_DERIVED: dict[str, Any] = {"creatable": False, "updatable": False}
_ONCE: dict[str, Any] = {"updatable": False}
NO_LENGTH = 1_073_741_823
MAIN_FORM, ACTIVE = 2, 1
FORM_KINDS = {0: "Dashboard", 2: "Main", 6: "Quick View Form", 7: "Quick Create", 11: "Card"}
PUBLIC_VIEW = 0


def systemform() -> Table:
    return table(
        "systemform",
        "systemforms",
        text("name", required="SystemRequired"),
        memo("description"),
        text("objecttypecode", 64, **_ONCE),
        options("type", FORM_KINDS, MAIN_FORM, **_ONCE),
        memo("formxml", NO_LENGTH, required="SystemRequired"),
        choice("formactivationstate", "Inactive", "Active", first=0, default=ACTIVE),
        flag("isdefault"),
        flag("ismanaged", **_DERIVED),
        primary_id="formid",
        primary_name="name",
        object_type_code=1030,
    )


def savedquery() -> Table:
    return table(
        "savedquery",
        "savedqueries",
        text("name", 200, required="SystemRequired"),
        text("returnedtypecode", 64, **_ONCE),
        integer("querytype", default=PUBLIC_VIEW, **_ONCE),
        flag("isdefault"),
        memo("fetchxml", NO_LENGTH),
        primary_name="name",
        object_type_code=1039,
    )


def entitymap() -> Table:
    """Valid maps are made with a relationship, by the service alone."""
    return table(
        "entitymap",
        "entitymaps",
        text("sourceentityname", 64, **_DERIVED),
        text("targetentityname", 64, **_DERIVED),
        primary_name="sourceentityname",
        object_type_code=4600,
    )


def attributemap() -> Table:
    return table(
        "attributemap",
        "attributemaps",
        text("sourceattributename", 50, required="SystemRequired"),
        text("targetattributename", 50, required="SystemRequired"),
        flag("issystem", **_DERIVED),
        lookup("entitymapid", "entitymap", "entity_map_attribute_maps", required="SystemRequired", **_ONCE),
        primary_name="sourceattributename",
        object_type_code=4601,
    )


def privilege() -> Table:
    return table("privilege", "privileges", text("name", 100, **_DERIVED), primary_name="name", object_type_code=1023)


def roleprivileges() -> Table:
    """Which role has which privilege; changed by actions of the role alone."""
    return table(
        "roleprivileges",
        "roleprivilegescollection",
        lookup("roleid", "role", **_DERIVED),
        lookup("privilegeid", "privilege", **_DERIVED),
        text("depth", 10, **_DERIVED),
        primary_id="roleprivilegeid",
        primary_name="roleprivilegeid",
        object_type_code=12,
    )
