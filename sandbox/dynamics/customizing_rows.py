"""Rows that the service keeps beside the definitions: message filters, views, maps of tables, privileges."""

from __future__ import annotations

from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.privileges import CHOICES, COLUMNS, RELATIONS, TABLES, privilege
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Ref, Row

RIGHTS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")
# What each new role holds of itself (seen by several makers of tools; no page lists it).
SHAREPOINT = tuple(f"prv{name}" for name in ("ReadSharePointData", "WriteSharePointData", "CreateSharePointData"))
BASELINE = (*SHAREPOINT, "prvReadSharePointDocument", "prvReadSdkMessage", "prvReadPluginAssembly")
KEPT = (*SHAREPOINT, "prvReadSharePointDocument")
_OTHERS = (TABLES, COLUMNS, RELATIONS, CHOICES, *BASELINE)
MESSAGES = ("Create", "Update", "Delete")
# Messages of one table alone.
SPECIAL = {"Win": "opportunity", "Lose": "opportunity", "QualifyLead": "lead"}

Planned = tuple[str, str, Row]


def message_id(name: str) -> str:
    return stable_id("sdkmessage", name)


def filter_id(table: str, message: str) -> str:
    return stable_id("sdkmessagefilter", table, message)


def privilege_id(name: str) -> str:
    return stable_id("privilege", name)


def view_id(table: str) -> str:
    return stable_id("savedquery", table)


def map_id(source: str, target: str) -> str:
    return stable_id("entitymap", source, target)


def filters(table: str) -> list[Planned]:
    return [_filter(table, message) for message in MESSAGES]


def _filter(table: str, message: str) -> Planned:
    values = {"primaryobjecttypecode": table, "sdkmessageid": Ref("sdkmessage", message_id(message))}
    return ("sdkmessagefilter", filter_id(table, message), values)


def special_filters() -> list[Planned]:
    return [_filter(table, message) for message, table in SPECIAL.items()]


def privileges(table: Table) -> list[Planned]:
    names = [privilege(right, table) for right in RIGHTS]
    return [("privilege", privilege_id(name), {"name": name}) for name in names]


def other_privileges() -> list[Planned]:
    return [("privilege", privilege_id(name), {"name": name}) for name in _OTHERS]


def view(table: Table) -> Planned:
    """The default public view that a table is born with."""
    values: Row = {"name": f"Active {table.plural}", "returnedtypecode": table.name, "querytype": 0, "isdefault": True}
    return ("savedquery", view_id(table.name), values)


def table_map(source: str, target: str) -> Planned:
    names = {"sourceentityname": source, "targetentityname": target}
    return ("entitymap", map_id(source, target), names)


def born(table: Table) -> list[Planned]:
    """Everything that comes with a new table."""
    return [*filters(table.name), *privileges(table), view(table)]


def put(organization: Organization, planned: list[Planned]) -> None:
    """As the service itself writes: no events, no privileges asked for, nothing of it twice."""
    for name, row_id, values in planned:
        table = organization.schema.tables[name]
        if organization.store.get(name, row_id) is None:
            row = {column: each.default for column, each in table.columns.items()}
            row |= values | {table.primary_id: row_id, "versionnumber": organization.store.next_version()}
            organization.store.put(name, row_id, row)
