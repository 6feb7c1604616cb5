"""`cosell solutions`: the catalogue of solution details, loaded from Excel or CSV, listed, and a file to fill in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.output import counted
from cli.sheets import read_sheet, write_sheet
from cli.solution_file import HEADER, TAB, TITLES, Checked, checked
from cli.work import Asked, Tools, run
from shared.connectors.dynamics.library import Detail, Entry, Library
from shared.domain.values import Side, Solution
from shared.errors import CosellError, Misconfigured
from shared.messages import Look, Signal, Why
from shared.platform.world import Organisation

FORBIDDEN = "DRY_RUN is on, so nothing is written: this is what would be."
ANOTHER = (
    "DATAVERSE_URL leads to organisation {found}, but this installation belongs to {pinned}: correct the setting, or "
    "give the other organisation an installation with a storage account of its own"
)


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="The catalogue of Microsoft solution details in Dynamics 365.", no_args_is_help=True)
    group.command("import")(load)
    group.command("list")(listed)
    group.command("template")(template)
    app.add_typer(group, name="solutions")


def load(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="An .xlsx or .csv file; `template` writes an empty one.")
    ],
    *,
    tab: Annotated[str, typer.Option(help="The tab of a workbook, where it is not the first.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the file and say what would be written.")] = False,
) -> None:
    """Load solution details from a file: made or brought up to date, never twice, and nothing while a row is wrong."""
    asked: Asked = context.obj
    if not run(_load(asked, file, tab, dry_run=dry_run)):
        raise typer.Exit(1)


def listed(context: typer.Context) -> None:
    """List the solution details of Dynamics 365."""
    asked: Asked = context.obj
    details = run(_every(asked))
    rows = [_texts(one.solution) for one in details]
    asked.output.table(tuple(TITLES.values()), rows)
    asked.output.document({"details": [dict(zip(TITLES, row, strict=True)) for row in rows]})


def template(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The .xlsx or .csv file to write; it must not exist yet.")
    ],
    *,
    filled: Annotated[bool, typer.Option("--filled", help="With the details that Dynamics 365 has already.")] = False,
) -> None:
    """Write a file to fill in: its columns are those that `import` reads."""
    asked: Asked = context.obj
    rows = [_texts(one.solution) for one in run(_every(asked))] if filled else []
    write_sheet(file, TAB, HEADER, rows)
    asked.output.say(f"{file} is there to be filled in; * marks what every solution needs.")
    asked.output.document({"file": str(file), "details": len(rows)})


async def _every(asked: Asked) -> tuple[Detail, ...]:
    async with asked.tools() as tools:
        return await (await tools.core.crm.library()).every()


async def _load(asked: Asked, file: Path, tab: str, *, dry_run: bool) -> bool:
    """Whether all went well; the output says what was done, or what is wrong."""
    sheet = read_sheet(file, tab)
    async with asked.tools() as tools:
        library = await tools.core.crm.library()
        found = checked(sheet, labels=library.labels, length=library.length)
        if found.problems:
            _refuse(asked, file, found)
            return False
        await _same_organisation(tools)
        entries = library.planned(found.details.values(), await library.every())
        if dry_run or tools.settings.dry_run:
            asked.output.say("Nothing is written: this is what would be." if dry_run else FORBIDDEN)
            _report(asked, file, entries, dry_run=True)
            return True
        await _write(asked, tools, library, dict(zip(found.details, entries, strict=True)))
    _report(asked, file, entries, dry_run=False)
    return True


async def _same_organisation(tools: Tools) -> None:
    """Details of one organisation do not belong into another. Raises Misconfigured."""
    pinned = await Organisation(tools.world.cursors)()
    found = (await tools.core.crm.ping()).organisation
    if pinned and pinned != found:
        raise Misconfigured((ANOTHER.format(found=found, pinned=pinned),))


async def _write(asked: Asked, tools: Tools, library: Library, entries: dict[int, Entry]) -> None:
    """Set by set; the deals that show a changed detail are looked at again.

    The event of a write under our own tag wakes nobody, so this one is told here.
    """
    rows = {id(entry): row for row, entry in entries.items()}
    todo = [entry for entry in entries.values() if not entry.same]
    with asked.output.progress("Loading solution details", total=len(todo)) as bar:
        for some in library.sets(todo):
            try:
                await library.write(some)
            except CosellError as error:
                first, last = rows[id(some[0])], rows[id(some[-1])]
                asked.output.say(
                    f"Rows {first} to {last} were not written, nor any below; those above are. "
                    "Mend what follows and run this again: it goes on where it stopped"
                )
                raise error from None
            for entry in some:
                if not entry.made:
                    await tools.world.signals.send(_changed(tools, entry))
            bar.advance(bar.task_ids[0], len(some))


def _changed(tools: Tools, entry: Entry) -> Signal:
    """Look again at whatever shows this detail."""
    pair, now = tools.settings.pair, tools.world.clock.now()
    ref = entry.ref
    return Signal(pair=pair, look=Look.SOLUTION, side=Side.CRM, kind=ref.kind, id=ref.id, why=Why.AGAIN, first_sent=now)


def _refuse(asked: Asked, file: Path, found: Checked) -> None:
    rows = [(str(one.row), one.column, one.what) for one in found.problems]
    asked.output.table(("row", "column", "what to do"), rows)
    asked.output.say(f"Nothing was loaded: {len(rows)} to mend in {file.name}.")
    problems = [{"row": one.row, "column": one.column, "what": one.what} for one in found.problems]
    asked.output.document({"file": str(file), "loaded": False, "problems": problems})


def _report(asked: Asked, file: Path, entries: Sequence[Entry], *, dry_run: bool) -> None:
    done: dict[str, list[Entry]] = {"made": [], "changed": [], "as they were": []}
    for entry in entries:
        done["as they were" if entry.same else "made" if entry.made else "changed"].append(entry)
    told = [(what, *_texts(one.solution)) for what in ("made", "changed") for one in done[what]]
    if dry_run and told:
        asked.output.table(("", *TITLES.values()), told)
    summed = ", ".join(f"{len(found)} {what}" for what, found in done.items())
    asked.output.say(f"{counted(len(entries), 'solution')} in {file.name}: {summed}.")
    asked.output.document(
        {
            "file": str(file),
            "loaded": not dry_run,
            "made": [one.solution.id for one in done["made"]],
            "changed": [one.solution.id for one in done["changed"]],
            "same": len(done["as they were"]),
            "problems": [],
        }
    )


def _texts(solution: Solution) -> tuple[str, str, str, str]:
    return solution.id, solution.name, solution.type, solution.publisher
