"""`cosell doctor`: everything that must hold before going live, with the one thing to do for each that does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import typer

from cli.address import Address, address_of
from cli.doctor import Report, diagnose
from cli.doctor.diagnosis import COUNT
from cli.work import Asked, run
from shared.settings import Problem

WELL, WRONG, MISUSED, UNREACHABLE = 0, 1, 2, 3
COLUMNS = ("check", "state", "found", "what to do")
Cells = tuple[str, str, str, str, str]  # area, check, state, found, what to do


def add(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(
    context: typer.Context,
    url: Address = "",
) -> None:
    """Check everything that must hold before going live. It changes nothing."""
    asked: Asked = context.obj
    if asked.reading.settings is None:
        _misused(asked, asked.reading.problems)
        raise typer.Exit(MISUSED)
    report = run(examined(asked, address_of(url)))
    raise typer.Exit(show(asked, report))


async def examined(asked: Asked, app: str = "") -> Report:
    with asked.output.progress("looking", COUNT) as bar:
        async with asked.tools() as tools:
            return await diagnose(tools, app=app, told=lambda: bar.advance(bar.task_ids[0]))


def show(asked: Asked, report: Report) -> int:
    """Print it; gives the exit code."""
    asked.output.table(COLUMNS, list(_rows(line.cells for line in report.lines)))
    asked.output.say()
    asked.output.say(f"{report.mode}. {report.summary}.")
    asked.output.document(report.document())
    if report.well:
        return WELL
    return UNREACHABLE if report.unreachable else WRONG


def _rows(cells: Iterable[Cells]) -> Iterator[tuple[str, ...]]:
    """Each area once, above its checks."""
    shown = ""
    for area, check, *rest in cells:
        if area != shown:
            yield (area, "", "", "")
        shown = area
        yield (f"  {check}", *rest)


def _misused(asked: Asked, problems: tuple[Problem, ...]) -> None:
    """With a wrong setting nothing can be asked: each is named, and that is all there is to say."""
    rows = [("settings", one.name, "failed", f"it is {one.shown}", f"it may be {one.may_be}") for one in problems]
    asked.output.table(COLUMNS, list(_rows(rows)), whole=True)
    asked.output.say()
    asked.output.say("Everything else is looked at once the settings are right.")
    names = ("area", "check", "state", "found", "do")
    checks = [dict(zip(names, row, strict=True)) for row in rows]
    asked.output.document({"well": False, "mode": "", "checks": checks})
