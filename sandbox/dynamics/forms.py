"""Forms as Dynamics 365 Sales brings them, what a changed one must be like, and what publishing does.

Structure and control classes: form-xml-schema, and "Customize entity forms" of the developer guide.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.customizing_rows import Planned
from sandbox.dynamics.metadata_tables import relation_names
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.schema import Table

TEXT = "{4273EDBD-AC1D-40d3-9FB2-095C621B552D}"
SHOWN = {
    "opportunity": ("Opportunity", ("name", "estimatedvalue", "estimatedclosedate", "description")),
    "lead": ("Lead", ("subject", "companyname", "emailaddress1")),
}


def form_id(table: str) -> str:
    return stable_id("systemform", table)


def seeded() -> list[Planned]:
    """One active main form a table."""
    rows: list[Planned] = []
    for table, (name, columns) in SHOWN.items():
        values = {"name": name, "objecttypecode": table, "formxml": _form(table, columns), "isdefault": True}
        rows.append(("systemform", form_id(table), values))
    return rows


def _form(table: str, columns: tuple[str, ...]) -> str:
    rows = "".join(_row(table, each) for each in columns)
    return (
        f'<form shownavigationbar="false"><tabs><tab verticallayout="true" id="{{{stable_id("tab", table)}}}" '
        'IsUserDefined="0" name="Summary"><labels><label description="Summary" languagecode="1033" /></labels>'
        '<columns><column width="100%"><sections><section showlabel="false" showbar="false" '
        f'id="{{{stable_id("section", table)}}}" IsUserDefined="0" name="details">'
        '<labels><label description="Details" languagecode="1033" /></labels>'
        f"<rows>{rows}</rows></section></sections></column></columns></tab></tabs>"
        "<Navigation><NavBar /></Navigation></form>"
    )


def _row(table: str, column: str) -> str:
    return (
        f'<row><cell id="{{{stable_id("cell", table, column)}}}" showlabel="true"><labels>'
        f'<label description="{column}" languagecode="1033" /></labels>'
        f'<control id="{column}" classid="{TEXT}" datafieldname="{column}" disabled="false" /></cell></row>'
    )


def check(organization: Organization, table: Table, text: str) -> None:
    """Refuses XML that is none, ids that are there twice, and names of columns and relationships that do not exist."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - written by the one who runs this sandbox
    except ET.ParseError as error:
        raise _bad(f"it is no XML ({error})") from error
    if root.tag != "form" or root.find("tabs/tab/columns/column/sections/section/rows") is None:
        raise _bad("a form is form/tabs/tab/columns/column/sections/section/rows")
    ids = [each.get("id", "").casefold() for tag in ("tab", "section", "cell") for each in root.iter(tag)]
    if len(ids) != len(set(ids)) or "" in ids:
        raise _bad("every tab, section and cell has an id of its own")
    for control in root.iter("control"):
        _check_control(organization, table, control)


def _check_control(organization: Organization, table: Table, control: ET.Element) -> None:
    column = control.get("datafieldname")
    if column is not None and column not in table.columns:
        raise _bad(f"the attribute {column} does not exist on {table.name}")
    grid = control.find("parameters")
    if column is None and grid is not None:
        view = (grid.findtext("ViewId") or "").strip("{}").lower()
        known = organization.store.get("savedquery", view) or {}
        if known.get("returnedtypecode") != grid.findtext("TargetEntityType"):
            raise _bad(f"there is no view {view} of {grid.findtext('TargetEntityType')}")
        if grid.findtext("RelationshipName") not in relation_names(organization):
            raise _bad(f"there is no relationship {grid.findtext('RelationshipName')}")


def _bad(why: str) -> errors.DataverseError:
    return errors.DataverseError(errors.INVALID_ARGUMENT, f"The form XML is not valid: {why}.")


def publish(organization: Organization, body: Mapping[str, Any]) -> None:
    """PublishXml: changed forms of the named tables are what everybody sees from now on."""
    text = body.get("ParameterXml")
    if not isinstance(text, str):
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "Required parameter 'ParameterXml' is missing.")
    try:
        root = ET.fromstring(text)  # noqa: S314 - written by the one who runs this sandbox
    except ET.ParseError as error:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, f"ParameterXml is no XML ({error}).") from error
    named = {str(each.text) for each in root.iter("entity")}
    if unknown := sorted(named - organization.schema.tables.keys()):
        raise errors.DataverseError(errors.NOT_FOUND, f"Could not find an entity with name {unknown[0]}.")
    publish_tables(organization, named)


def publish_all(organization: Organization, _: Mapping[str, Any]) -> None:
    publish_tables(organization, set(organization.schema.tables))


def publish_tables(organization: Organization, tables: set[str]) -> None:
    store = organization.store
    for ident, text in list(organization.drafts.items()):
        form = store.get("systemform", ident)
        if form is not None and form["objecttypecode"] in tables:
            version = store.next_version()
            store.put("systemform", ident, {**form, "formxml": text, "versionnumber": version})
            del organization.drafts[ident]
