"""`cosell columns TABLE`: the real column names to choose from in settings and in customize.yaml."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.work import Asked, run
from shared.connectors.dynamics.schema import Column


def add(app: typer.Typer) -> None:
    app.command()(columns)


def columns(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="opportunity, account or contact")] = "opportunity",
    contains: Annotated[str, typer.Option(help="Only columns whose name or label contains this.")] = "",
) -> None:
    """List the columns of a Dynamics 365 table: logical name, label, type, length."""
    asked: Asked = context.obj
    found = run(_columns(asked, table))
    shown = [one for one in found if contains.casefold() in f"{one.name} {' '.join(one.labels)}".casefold()]
    rows = [(one.name, one.labels[0] if one.labels else "", one.type, str(one.length or "")) for one in shown]
    asked.output.table(("column", "label", "type", "length"), rows)
    asked.output.document(
        {"table": table, "columns": [{"name": n, "label": label, "type": t, "length": le} for n, label, t, le in rows]}
    )


async def _columns(asked: Asked, table: str) -> list[Column]:
    async with asked.tools() as tools:
        schema = await tools.core.crm.inspect()
    tables = {one.name: one for one in (schema.opportunity, schema.account, schema.contact)}
    if table not in tables:
        raise typer.BadParameter(f"{table}: it is one of {', '.join(tables)}")
    return sorted(tables[table].columns.values(), key=lambda column: column.name)
