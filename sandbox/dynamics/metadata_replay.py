"""What changed the definitions before a restart, done again without the rows that came along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.dynamics.metadata_redefinition import add_many, drop_relation, redefine_column
from sandbox.dynamics.metadata_removal import drop_column
from sandbox.dynamics.metadata_tables import add_option, add_relation, add_table, change_table
from sandbox.dynamics.metadata_writes import add_column, add_key, type_name
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import Table

Change = Mapping[str, Any]
OfTable = Callable[[Organization, Table, Change], object]
OfAll = Callable[[Organization, Change], object]


def _relation(organization: Organization, change: Change) -> None:
    body = change["relationship"]
    many = type_name(body) == "ManyToManyRelationshipMetadata"
    (add_many if many else add_relation)(organization, body)


def _no_key(_: Organization, table: Table, change: Change) -> None:
    del table.keys[change["dropped_key"]]


# By the one name that such a change alone has; those of a table name it too.
_OF_TABLE: dict[str, OfTable] = {
    "column": lambda organization, table, change: add_column(organization, table, change["column"]),
    "key": lambda organization, table, change: add_key(organization, table, change["key"]),
    "definition": lambda _, table, change: change_table(table, change["definition"]),
    "redefined": lambda _, table, change: redefine_column(table, change["redefined"], change["body"]),
    "dropped_column": lambda _, table, change: drop_column(table, change["dropped_column"]),
    "dropped_key": _no_key,
}
_OF_ALL: dict[str, OfAll] = {
    "entity": lambda organization, change: add_table(organization, change["entity"]),
    "relationship": _relation,
    "option": lambda organization, change: add_option(organization, change["option"]),
    "dropped_table": lambda organization, change: organization.schema.drop(
        organization.schema.tables[change["dropped_table"]]
    ),
    "dropped_relation": lambda organization, change: drop_relation(organization, change["dropped_relation"]),
}


def replay(organization: Organization, change: Change) -> None:
    """One of `Organization.additions`."""
    if "table" in change:
        name = next(each for each in _OF_TABLE if each in change)
        _OF_TABLE[name](organization, organization.schema.tables[change["table"]], change)
    else:
        _OF_ALL[next(each for each in _OF_ALL if each in change)](organization, change)
