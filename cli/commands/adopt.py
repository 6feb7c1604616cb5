"""`cosell adopt`: take over pairs that exist already, after Microsoft's connector or a lost link table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.listing import Row, listing
from cli.output import counted
from cli.pool import in_order
from cli.routes import routes
from cli.spreadsheet import sheet
from cli.work import Asked, Tools, run
from shared.domain.outcome import Outcome
from shared.domain.values import Side
from shared.errors import CosellError
from shared.messages import Signal
from shared.ports import Listed
from shared.sync.adopting import Adopted, Adopting, Differs, What
from shared.sync.sweep import Route
from shared.sync.wording import said

COLUMNS = {
    "opportunity": 36,
    "referral": 36,
    "what": 13,
    "field": 24,
    "dynamics": 30,
    "partner_center": 30,
    "result": 0,
}


class Winner(StrEnum):
    """Whose values stand where both sides differ since before they were linked."""

    DYNAMICS = "dynamics"
    PARTNER_CENTER = "partner_center"

    @property
    def side(self) -> Side:
        return Side.CRM if self is Winner.DYNAMICS else Side.PARTNER


@dataclass
class _Tally:
    pairs: int = 0
    alone: int = 0
    differences: int = 0
    open: int = 0
    rows: list[Row] = field(default_factory=list)

    def add(self, found: Adopted) -> None:
        person = found.what is What.PERSON
        self.pairs, self.alone = self.pairs + (not person), self.alone + person
        self.differences += len(found.differs)
        self.open += found.open
        for cells in _cells(found):
            for row in self.rows:
                row(cells)


def add(app: typer.Typer) -> None:
    app.command()(adopt)


def adopt(
    context: typer.Context,
    *,
    winner: Annotated[
        Winner | None, typer.Option(help="Write this side's values where they differ without a base.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report; nothing is linked or written.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report to this CSV file too.", dir_okay=False)
    ] = None,
) -> None:
    """Link opportunities and referrals that name each other already; equal values are settled, others are listed.

    Nothing is created. Without --winner no value is overwritten either. Ends with 1 while something is left to decide.
    """
    if run(_adopt(context.obj, winner, dry_run=dry_run, report=report)):
        raise typer.Exit(1)


async def _adopt(asked: Asked, winner: Winner | None, *, dry_run: bool, report: Path | None) -> int:
    """How many pairs or records are left for a person."""
    tally = _Tally()
    async with asked.tools() as tools:
        await _open(asked, tools, dry_run=dry_run)
        work = _adopting(tools, winner, dry_run=dry_run)

        async def one(each: tuple[Route, Listed]) -> Adopted | None:
            route, listed = each
            return await work.one(route, listed.ref, listed.counterpart)

        with ExitStack() as stack:
            tally.rows.append(stack.enter_context(listing(asked.output, "adopted", COLUMNS)))
            if report is not None:
                tally.rows.append(stack.enter_context(sheet(report, tuple(COLUMNS))))
            async with aclosing(_records(tools)) as records, aclosing(in_order(records, one)) as done:
                async for found in done:
                    if found is not None:
                        tally.add(found)
    asked.output.say(_summary(tally, dry_run=dry_run))
    return tally.open


async def _open(asked: Asked, tools: Tools, *, dry_run: bool) -> None:
    """In a wrong world nothing is linked, and beside Microsoft's own flows neither."""
    if dry_run:
        for text in await tools.core.explainer.standing():
            asked.output.say(f"Note: {text}")
    elif wait := await tools.core.gate.closed():
        raise CosellError(f"Nothing was done: {wait.reason}")


def _adopting(tools: Tools, winner: Winner | None, *, dry_run: bool) -> Adopting:
    async def look(signal: Signal) -> Outcome:
        return await tools.core.job.run(signal.encoded().encode())

    return Adopting(
        desk=tools.core.explainer.desk,
        explainer=tools.core.explainer,
        look=look,
        winner=winner.side if winner else None,
        dry_run=dry_run,
    )


async def _records(tools: Tools) -> AsyncGenerator[tuple[Route, Listed]]:
    for route in routes(tools):
        async for page in route.pages(before=None, since=None):
            for one in page:
                yield route, one


def _cells(found: Adopted) -> Iterator[tuple[str, ...]]:
    """A line for each difference, or one for the pair."""
    head = (found.opportunity, found.referral, found.what.value)
    if not found.differs:
        yield (*head, "", "", "", found.reason)
    for each in found.differs:
        yield (*head, each.difference.title, *_shown(each), each.result)


def _shown(each: Differs) -> tuple[str, str]:
    return said(each.difference.shown[Side.CRM]), said(each.difference.shown[Side.PARTNER])


def _summary(tally: _Tally, *, dry_run: bool) -> str:
    was = "was" if tally.pairs == 1 else "were"
    done = "would be taken over" if dry_run else f"{was} taken over or looked at"
    pairs = f"{counted(tally.pairs, 'pair')} {done}, with {counted(tally.differences, 'difference')}"
    undecided = tally.open - tally.alone
    leave = "leaves" if undecided == 1 else "leave"
    left = f"{undecided} of them {leave} something to decide" if undecided else "none of them leaves anything to decide"
    alone = (
        f" Beside them: {counted(tally.alone, 'record')} to be decided first, as the report says."
        if tally.alone
        else ""
    )
    return f"{pairs}; {left}.{alone}"
