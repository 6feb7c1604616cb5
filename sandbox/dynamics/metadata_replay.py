"""The definitions after a restart: every change of them again, in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dynamics.metadata_removal import drop_column
from sandbox.dynamics.metadata_tables import add_option, add_relation, add_table, change_table
from sandbox.dynamics.metadata_writes import add_column, add_key
from sandbox.dynamics.organization import Organization


def replay(organization: Organization, change: Mapping[str, Any]) -> None:
    """What changed the definitions before a restart, without the rows that came along."""
    tables = organization.schema.tables
    if "column" in change:
        add_column(organization, tables[change["table"]], change["column"])
    elif "key" in change:
        add_key(organization, tables[change["table"]], change["key"])
    elif "entity" in change:
        add_table(organization, change["entity"])
    elif "relationship" in change:
        add_relation(organization, change["relationship"])
    elif "definition" in change:
        change_table(tables[change["table"]], change["definition"])
    elif "option" in change:
        add_option(organization, change["option"])
    elif "dropped_column" in change:
        drop_column(tables[change["table"]], change["dropped_column"])
    else:
        organization.schema.drop(tables[change["dropped_table"]])
