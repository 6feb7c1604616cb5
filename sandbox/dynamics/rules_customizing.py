"""What the service does of itself to the rows of customising: publishers, solutions, maps, forms, roles, steps.

Publisher and solution: reference/entities/publisher and solution. Maps: customize-entity-attribute-mappings.
"""

from __future__ import annotations

import re

from sandbox.dynamics import errors, roles
from sandbox.dynamics.components import OF_ROWS, forget, joined
from sandbox.dynamics.forms import check
from sandbox.dynamics.pipeline import Change, Pipeline, Rule
from sandbox.dynamics.schema import Column
from sandbox.dynamics.store import Ref

_PREFIX = re.compile(r"(?!mscrm)[a-z][a-z0-9]{1,7}\Z")
_SOLUTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def _invalid(message: str) -> errors.DataverseError:
    return errors.DataverseError(errors.INVALID_ARGUMENT, message)


def _another(pipeline: Pipeline, change: Change, column: str) -> bool:
    rows = pipeline.organization.store.table(change.table.name).items()
    return any(found != change.id and row.get(column) == change.row.get(column) for found, row in rows)


def publisher(pipeline: Pipeline, change: Change) -> None:
    prefix, number = change.row.get("customizationprefix"), change.row.get("customizationoptionvalueprefix")
    if change.creating and not _PREFIX.match(str(prefix)):
        raise _invalid(f"The customization prefix '{prefix}' is not valid.")
    if change.creating and number is None:
        raise _invalid("customizationoptionvalueprefix must be from 10000 to 99999.")
    if _another(pipeline, change, "uniquename"):
        raise errors.DataverseError(errors.NAME_TAKEN, "A publisher with this unique name already exists.")


def solution(pipeline: Pipeline, change: Change) -> None:
    if not _SOLUTION_NAME.match(str(change.row.get("uniquename"))):
        raise errors.DataverseError(errors.SOLUTION_UNKNOWN, "The unique name of the solution is not valid.")
    if _another(pipeline, change, "uniquename"):
        raise errors.DataverseError(errors.SOLUTION_EXISTS, "The solution unique name is already being used.")


def attribute_map(pipeline: Pipeline, change: Change) -> None:
    """Same type and format, a target that is long enough and not mapped yet."""
    store, tables = pipeline.organization.store, pipeline.organization.schema.tables
    pair = store.of(change.row.get("entitymapid")) or {}
    source = _column(tables[pair["sourceentityname"]].columns, change.row["sourceattributename"])
    target = _column(tables[pair["targetentityname"]].columns, change.row["targetattributename"])
    if (source.kind, source.format or "Text") != (target.kind, target.format or "Text"):
        raise _invalid(f"{source.name} and {target.name} are of different types or formats.")
    if (source.max_length or 0) > (target.max_length or 0):
        raise _invalid(f"{target.name} is shorter than {source.name}.")
    siblings = store.children("attributemap", "entitymapid", change.row["entitymapid"].id)
    if any(row["targetattributename"] == target.name and row["attributemapid"] != change.id for row in siblings):
        raise _invalid(f"{target.name} is used in another mapping.")


def _column(columns: dict[str, Column], name: str) -> Column:
    if name not in columns:
        raise errors.DataverseError(errors.NOT_FOUND, f"Could not find the attribute {name}.")
    return columns[name]


def form(pipeline: Pipeline, change: Change) -> None:
    """A changed form is a draft until it is published."""
    organization = pipeline.organization
    table = organization.schema.tables.get(str(change.row.get("objecttypecode")))
    if table is None:
        raise _invalid("objecttypecode names no table.")
    if "formxml" in change.sent:
        check(organization, table, str(change.row["formxml"]))
    if change.before is not None and "formxml" in change.sent:
        organization.drafts[change.id] = str(change.row["formxml"])
        change.row["formxml"] = change.before["formxml"]


def begin_role(pipeline: Pipeline, change: Change) -> None:
    if change.creating:
        roles.begin(pipeline.organization, change.id)


def end_role(pipeline: Pipeline, change: Change) -> None:
    roles.end(pipeline.organization, change.id)
    forget(pipeline.organization, change.id)


def end_step(pipeline: Pipeline, change: Change) -> None:
    """Its images go with it."""
    store = pipeline.organization.store
    for name, row in list(store.table("sdkmessageprocessingstepimage").items()):
        owner = row.get("sdkmessageprocessingstepid")
        if owner is None or owner.id == change.id:
            store.remove("sdkmessageprocessingstepimage", name)
            forget(pipeline.organization, name)
    forget(pipeline.organization, change.id)


def end_component(pipeline: Pipeline, change: Change) -> None:
    forget(pipeline.organization, change.id)


def end_solution(pipeline: Pipeline, change: Change) -> None:
    """An unmanaged one is a list of components: they stay."""
    store = pipeline.organization.store
    for found, row in list(store.table("solutioncomponent").items()):
        if row.get("solutionid") in (None, Ref("solution", change.id)):
            store.remove("solutioncomponent", found)


def in_use(pipeline: Pipeline, change: Change) -> None:
    """An endpoint with steps and a publisher with solutions cannot be deleted."""
    store = pipeline.organization.store
    child, column = {
        "serviceendpoint": ("sdkmessageprocessingstep", "eventhandler"),
        "publisher": ("solution", "publisherid"),
    }[change.table.name]
    if store.children(child, column, change.id):
        code = errors.IN_USE if child != "solution" else errors.ASSOCIATED
        raise errors.DataverseError(code, f"The {change.table.name} is referenced by other components.")


def joins(rule: Rule | None, table: str) -> Rule:
    """What a table's rule does, and then the new row joins the solution of its call."""

    def both(pipeline: Pipeline, change: Change) -> None:
        if rule:
            rule(pipeline, change)
        if change.creating:
            joined(pipeline.organization, change.execution, OF_ROWS[table], change.id)

    return both


BEFORE: dict[str, Rule] = {
    "publisher": publisher,
    "solution": solution,
    "attributemap": attribute_map,
    "systemform": form,
}
AFTER: dict[str, Rule] = {table: joins({"role": begin_role}.get(table), table) for table in OF_ROWS}
DELETING: dict[str, Rule] = {"serviceendpoint": in_use, "publisher": in_use}
DELETED: dict[str, Rule] = {
    "role": end_role,
    "sdkmessageprocessingstep": end_step,
    "serviceendpoint": end_component,
    "systemform": end_component,
    "solution": end_solution,
}
