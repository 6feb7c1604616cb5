"""`cosell deals list|show|explain|replay`, and `cosell explain`: the deals as this installation knows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.explained import link_rows, tell
from cli.listing import listing
from cli.output import counted
from cli.work import Asked, Tools, run
from shared.bootstrap import DEALS
from shared.domain import deal
from shared.domain.link import Link
from shared.domain.outcome import Kind
from shared.errors import CosellError
from shared.messages import Why
from shared.platform.deals import unknown
from shared.platform.explained import document, link_document
from shared.platform.office import Office
from shared.sync.explaining import Found, is_id

COLUMNS = {"kind": 11, "record": 36, "referral": 36, "outcome": 8, "since": 20, "reason": 0}
DAYS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
Ident = Annotated[str, typer.Argument(metavar="ID", help="The id of a referral, an opportunity or a lead.")]


def add(app: typer.Typer) -> None:
    deals = typer.Typer(no_args_is_help=True, help="The deals of this installation: list, show, explain, replay.")
    deals.command("list")(list_deals)
    for command in (show, explain, replay):
        deals.command()(command)
    app.add_typer(deals, name="deals")
    app.command()(explain)


def list_deals(
    context: typer.Context,
    outcome: Annotated[
        Kind | None, typer.Option(metavar="OUTCOME", help=f"Only deals whose last look ended so: {', '.join(Kind)}.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=DAYS, metavar="DATE", help="Only outcomes from then on (UTC).")
    ] = None,
) -> None:
    """List every deal that has a link, with how the last look at it ended. Nothing is asked of either system."""
    run(_list(context.obj, outcome, since.replace(tzinfo=UTC) if since else None))


def show(context: typer.Context, ident: Ident) -> None:
    """Show the link of a deal as it lies in the table; nothing is asked of either system."""
    run(_show(context.obj, checked(ident)))


def explain(
    context: typer.Context,
    ident: Ident,
    *,
    replay: Annotated[bool, typer.Option("--replay", help="Explain what a replay would do instead.")] = False,
) -> None:
    """Explain a deal: both sides, the link, what would be written and why, and why anything is left alone.

    Nothing is written by it, anywhere.
    """
    run(_explain(context.obj, checked(ident), Why.REPLAY if replay else Why.AGAIN))


def replay(context: typer.Context, ident: Ident) -> None:
    """Have a deal looked at again, also one that is parked, gone or parted: a deleted record is made anew."""
    run(_replay(context.obj, checked(ident)))


def checked(ident: str) -> str:
    """The id, or a usage error for what could be none."""
    if not is_id(ident):
        raise typer.BadParameter("it is no id: letters, digits, dots and hyphens, 128 at most")
    return ident


async def _list(asked: Asked, outcome: Kind | None, since: datetime | None) -> None:
    count = 0
    async with asked.tools() as tools:
        with listing(asked.output, "deals", COLUMNS) as row:
            async for link in tools.world.links.every():
                if _wanted(link, outcome, since):
                    row(_cells(link))
                    count += 1
    asked.output.say(f"{counted(count, 'deal')}.")


def _wanted(link: Link, outcome: Kind | None, since: datetime | None) -> bool:
    last = link.outcome
    if outcome is not None and (last is None or last.kind != outcome):
        return False
    return since is None or (last is not None and last.at >= since)


def _cells(link: Link) -> Sequence[str]:
    last = link.outcome
    told = (str(last.kind), f"{last.at:%Y-%m-%dT%H:%M:%SZ}", last.reason) if last else ("", "", "")
    return (link.kind or "opportunity", link.key, link.partner or "", *told)


async def _show(asked: Asked, ident: str) -> None:
    async with asked.tools() as tools:
        link, now, desk = await _link(tools, ident), tools.world.clock.now(), tools.core.explainer.desk
    names = deal.titles(desk.policy.fields)
    asked.output.table(("link", ""), link_rows(link, desk.titles, names, now))
    asked.output.document(link_document(link, now, names))


async def _link(tools: Tools, ident: str) -> Link:
    links = tools.world.links
    for each in dict.fromkeys((ident, ident.lower())):
        link = await links.get(each)
        found = link if link.tag is not None else await links.by_partner(each)
        if found is not None:
            return found
    raise CosellError(f"no deal of {ident} is known here; `cosell explain {ident}` asks both systems")


async def _explain(asked: Asked, ident: str, why: Why) -> None:
    async with asked.tools() as tools:
        told = await tools.core.explainer(ident, why=why)
        now = tools.world.clock.now()
    if told is None:
        raise CosellError(unknown(ident))
    tell(asked.output, told, now)
    asked.output.document(document(told, now))


async def _replay(asked: Asked, ident: str) -> None:
    async with asked.tools() as tools:
        found = await tools.core.explainer.found(ident)
        if found is None:
            raise CosellError(unknown(ident))
        record = await _replayed(tools, found)
    asked.output.say(f"Replayed: {record}. See `cosell deals show` in a moment.")
    asked.output.document({"status": "replayed", "record": record})


async def _replayed(tools: Tools, found: Found) -> str:
    world = tools.world
    office = Office(
        pair=tools.settings.pair,
        parked=world.parked,
        signals=world.signals,
        telemetry=world.telemetry,
        deals=DEALS,
    )
    answer = await office.replay(found.kind, found.id)
    if "record" not in answer.body:
        raise CosellError(str(answer.body.get("reason", "it was not replayed")))
    return str(answer.body["record"])
