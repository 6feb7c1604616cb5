"""Deleting custom tables and columns with all that hangs on them, refused while something refers to them."""

from __future__ import annotations

from sandbox.dynamics import dependencies, errors
from sandbox.dynamics.components import forget
from sandbox.dynamics.customizing_rows import born
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.schema import Table


def remove_column(organization: Organization, table: Table, name: str) -> None:
    """The values go with it; a lookup takes its relationship along; every delta token of the table dies."""
    column = table.columns[name]
    if not column.custom or name == table.primary_name:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, f"The attribute {name} cannot be deleted.")
    dependencies.refuse("Attribute", dependencies.of_column(organization, table.name, name))
    drop_column(table, name)
    store = organization.store
    for row_id, row in list(store.table(table.name).items()):
        store.put(table.name, row_id, {key: value for key, value in row.items() if key != name})
    forget(organization, stable_id("column", table.name, name))
    organization.schema_versions[table.name] = store.next_version()


def drop_column(table: Table, name: str) -> None:
    del table.columns[name]
    table.hidden_until.pop(name, None)


def remove_table(organization: Organization, table: Table) -> None:
    """With its rows, columns and relationships to others."""
    if not table.custom:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, f"The entity {table.name} cannot be deleted.")
    dependencies.refuse("Entity", dependencies.of_table(organization, table.name))
    store = organization.store
    for row_id in list(store.table(table.name)):
        store.remove(table.name, row_id)
    for name, row_id, _ in born(table):
        if store.get(name, row_id) is not None:
            store.remove(name, row_id)
    for row_id, row in list(store.table("entitymap").items()):
        if table.name in (row["sourceentityname"], row["targetentityname"]):
            store.remove("entitymap", row_id)
    organization.schema.drop(table)
    forget(organization, stable_id("table", table.name))
