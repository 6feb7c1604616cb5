"""What refers to a component and so keeps it from being deleted (dependency-tracking-solution-components)."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from sandbox.dynamics import errors
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import Table


def of_column(organization: Organization, table: str, column: str) -> list[str]:
    """Published forms that show it, maps that copy it, keys made of it."""
    found = [
        f"form {name}" for name, control in controls(organization, table) if control.get("datafieldname") == column
    ]
    store = organization.store
    for row in store.table("attributemap").values():
        pair = store.of(row["entitymapid"]) or {}
        ends = {(pair.get("sourceentityname"), row["sourceattributename"])}
        ends.add((pair.get("targetentityname"), row["targetattributename"]))
        found += ["map"] if (table, column) in ends else []
    keys = organization.schema.tables[table].keys.values()
    return found + [f"key {key.name}" for key in keys if column in key.columns]


def of_table(organization: Organization, table: str) -> list[str]:
    """Other tables' lookups to it, sub-grids of forms, steps that listen to it."""
    schema, store = organization.schema, organization.store
    found = [f"relationship {each.name}" for each in schema.collections(table) if each.child != table]
    for form in store.table("systemform").values():
        grids = (each.findtext("parameters/TargetEntityType") for each in _controls(str(form["formxml"])))
        found += [f"form {form['name']}" for each in grids if each == table and form["objecttypecode"] != table]
    for step in store.table("sdkmessageprocessingstep").values():
        listening = store.of(step.get("sdkmessagefilterid")) or {}
        found += [f"step {step['name']}"] if listening.get("primaryobjecttypecode") == table else []
    return found


def refuse(what: str, found: list[str]) -> None:
    if found:
        raise errors.DataverseError(
            errors.IN_USE,
            f"The {what} component cannot be deleted because it is referenced by {len(found)} other components. For a "
            "list of referenced components, use the RetrieveDependenciesForDeleteRequest.",
        )


def controls(organization: Organization, table: str) -> Iterator[tuple[str, ET.Element]]:
    """Each control of the table's published forms, with the form's name."""
    for form in organization.store.table("systemform").values():
        if form["objecttypecode"] == table:
            for control in _controls(str(form["formxml"])):
                yield str(form["name"]), control


def _controls(text: str) -> Iterator[ET.Element]:
    yield from ET.fromstring(text).iter("control")  # noqa: S314 - checked when the form was written


def lookups_to(table: Table, target: str) -> list[str]:
    """The columns of a table that point to another."""
    return [each.name for each in table.columns.values() if any(end.table == target for end in each.targets)]
