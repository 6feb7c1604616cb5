"""`cosell columns TABLE`: the real column names to choose from in settings and in customize.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from cli.output import counted
from cli.work import Asked, run
from shared.connectors.dynamics.metadata import read_table
from shared.connectors.dynamics.schema import Column
from shared.connectors.rest import Missing

WELL, WRONG = 0, 1
MOST = 5  # options that a line of the table names; --json has all
HEADS = ("column", "label", "type", "length", "options")


def add(app: typer.Typer) -> None:
    app.command()(columns)


def columns(
    context: typer.Context,
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A table's logical name.")] = "opportunity",
    *,
    contains: Annotated[str, typer.Option(help="Only columns whose name or label contains this.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only columns of this type, like Money or String.")] = "",
) -> None:
    """List the columns of a Dynamics 365 table: logical name, label, type, length, options."""
    raise typer.Exit(run(listed(context.obj, table, contains=contains, kind=kind)))


async def listed(asked: Asked, table: str, *, contains: str = "", kind: str = "") -> int:
    """Without the check that settings fit the columns: who looks for the right name has a wrong one set."""
    async with asked.tools() as tools:
        try:
            found = (await read_table(tools.core.crm.calls.rest, table.strip().casefold())).columns.values()
        except Missing:
            asked.output.say(f"This organisation has no table {table}: give its logical name, like opportunity.")
            asked.output.document({"table": table, "columns": []})
            return WRONG
    shown = sorted((one for one in found if _wanted(one, contains, kind)), key=lambda column: column.name)
    asked.output.table(HEADS, [_cells(column) for column in shown], whole=True)
    asked.output.say(f"{counted(len(shown), 'column')} of {table}.")
    asked.output.document({"table": table, "columns": [_plain(column) for column in shown]})
    return WELL


def _wanted(column: Column, contains: str, kind: str) -> bool:
    text = f"{column.name} {' '.join(column.labels)}".casefold()
    return contains.casefold() in text and kind.casefold() in ("", column.type.casefold())


def _cells(column: Column) -> Sequence[str]:
    labels = [choice.label for choice in column.choices]
    more = [f"and {len(labels) - MOST} more"] if len(labels) > MOST else []
    label = column.labels[0] if column.labels else ""
    return (column.name, label, column.type, str(column.length or ""), ", ".join([*labels[:MOST], *more]))


def _plain(column: Column) -> dict[str, object]:
    options = [{"value": choice.value, "label": choice.label} for choice in column.choices]
    label = column.labels[0] if column.labels else ""
    return {"name": column.name, "label": label, "type": column.type, "length": column.length, "options": options}
