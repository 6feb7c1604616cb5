"""The platform's own tables: notes, solutions, flows, environment variables."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.columns import (
    any_of,
    choice,
    flag,
    guid,
    integer,
    lookup,
    memo,
    owned,
    states,
    table,
    text,
)
from sandbox.dynamics.schema import Table

_DERIVED: dict[str, Any] = {"creatable": False, "updatable": False}
_ONCE: dict[str, Any] = {"updatable": False}
NO_LENGTH = 1_073_741_823


def annotation() -> Table:
    return table(
        "annotation",
        "annotations",
        text("subject", 500),
        memo("notetext", 100_000),
        flag("isdocument"),
        text("filename", 255),
        text("mimetype", 256),
        memo("documentbody", NO_LENGTH),
        integer("filesize", 0, **_DERIVED),
        text("objecttypecode", 64, **_DERIVED),
        any_of(
            "objectid",
            ("opportunity", "objectid_opportunity", "Opportunity_Annotation"),
            ("account", "objectid_account", "Account_Annotation"),
            ("contact", "objectid_contact", "Contact_Annotation"),
            ("lead", "objectid_lead", "Lead_Annotation"),
        ),
        *owned(),
        primary_name="subject",
        tracked=True,
        object_type_code=5,
    )


def publisher() -> Table:
    return table(
        "publisher",
        "publishers",
        text("uniquename", 256, **_ONCE),
        text("friendlyname", 256),
        memo("description", 2000),
        text("customizationprefix", 8),
        integer("customizationoptionvalueprefix", 10_000, 99_999),
        primary_name="friendlyname",
        object_type_code=7101,
    )


def solution() -> Table:
    return table(
        "solution",
        "solutions",
        text("uniquename", 65, required="SystemRequired", **_ONCE),
        text("friendlyname", 256, required="SystemRequired"),
        text("version", 256, required="SystemRequired"),
        memo("description", 2000),
        flag("ismanaged", **_DERIVED),
        flag("isvisible", default=True, **_DERIVED),
        lookup("publisherid", "publisher", "publisher_solution", required="SystemRequired"),
        primary_name="friendlyname",
        object_type_code=7100,
    )


def solutioncomponent() -> Table:
    """Which component is in which solution, by type number (1 table, 2 column, 29 flow …)."""
    return table(
        "solutioncomponent",
        "solutioncomponents",
        guid("objectid", updatable=False),
        integer("componenttype", **_DERIVED),
        lookup("solutionid", "solution", "solution_solutioncomponent", **_DERIVED),
        primary_name="solutioncomponentid",
        object_type_code=7103,
    )


def workflow() -> Table:
    """Cloud flows too are rows of this table (category 5)."""
    kinds = ("Workflow", "Dialog", "Business Rule", "Action", "Business Process Flow", "Modern Flow")
    return table(
        "workflow",
        "workflows",
        text("name", 100),
        text("uniquename", 128),
        choice("category", *kinds, first=0, default=5),
        choice("type", "Definition", "Activation", "Template", default=1),
        guid("solutionid"),
        flag("ismanaged", **_DERIVED),
        *owned(),
        *states({(0, "Draft"): {1: "Draft"}, (1, "Activated"): {2: "Activated"}}),
        primary_name="name",
        object_type_code=4703,
    )


def environmentvariabledefinition() -> Table:
    kinds = ("String", "Number", "Boolean", "JSON", "Data Source", "Secret")
    return table(
        "environmentvariabledefinition",
        "environmentvariabledefinitions",
        text("schemaname", 100, required="SystemRequired", **_ONCE),
        text("displayname", 100),
        memo("description", 2000),
        choice("type", *kinds, first=100_000_000, default=100_000_000, **_ONCE),
        memo("defaultvalue", 2000),
        *owned(),
        primary_name="schemaname",
        object_type_code=380,
    )


def environmentvariablevalue() -> Table:
    """The definition's lookup keeps its Pascal-case navigation name."""
    return table(
        "environmentvariablevalue",
        "environmentvariablevalues",
        text("schemaname", 100),
        memo("value", 2000),
        lookup(
            "environmentvariabledefinitionid",
            "environmentvariabledefinition",
            "environmentvariabledefinition_environmentvariablevalue",
            "EnvironmentVariableDefinitionId",
            required="SystemRequired",
            **_ONCE,
        ),
        *owned(),
        primary_name="schemaname",
        object_type_code=381,
    )
