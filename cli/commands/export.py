"""`cosell export FILE`: the tested set-up as one file to carry to production; with --links the state to back up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.carrying.document import Setup
from cli.carrying.file import end_text, head_text, link_text, replacing
from cli.carrying.settings import secrets, without
from cli.carrying.setup import setup_here
from cli.output import counted
from cli.work import Asked, Tools, run

WELL = 0


def add(app: typer.Typer) -> None:
    app.command()(export)


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.", show_default=False)],
    *,
    links: Annotated[bool, typer.Option("--links", help="Which referral is which opportunity, too: a backup.")] = False,
    customize: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The customisation file, where no setting names it.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the tested set-up (no secrets, no addresses) into one file, to be imported elsewhere."""
    asked: Asked = context.obj
    raise typer.Exit(run(exported(asked, file, links=links, customize=customize, force=force)))


async def exported(asked: Asked, file: Path, *, links: bool, customize: Path | None = None, force: bool = False) -> int:
    async with asked.tools() as tools:
        setup = await setup_here(tools, links=links, customize=customize)
        count = await _written(asked, tools, setup, file, force=force)
    more = f" and {counted(count, 'link')}" if links else ""
    custom = f", {setup.customize.name}" if setup.customize else ""
    asked.output.say(f"{file}: {counted(len(setup.settings), 'setting')}{custom}{more}. It holds no secret.")
    asked.output.document({"file": str(file), "settings": dict(setup.settings), "links": count if links else None})
    return WELL


async def _written(asked: Asked, tools: Tools, setup: Setup, file: Path, *, force: bool) -> int:
    count, hidden = 0, secrets(tools.settings)
    with replacing(file, force=force) as write, asked.output.progress("links") as bar:
        write(without(head_text(setup), hidden))
        if setup.links:
            async for link in tools.world.links.every():
                write(without(link_text(link), hidden))
                count += 1
                bar.advance(bar.task_ids[0])
            write(end_text(count))
    return count
