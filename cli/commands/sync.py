"""`cosell sync`: have deals looked at that no event announces: history, after an outage, or one by its id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.commands.deals import DAYS, checked
from cli.listing import listing
from cli.output import counted
from cli.plans import creates, in_short
from cli.pool import in_order
from cli.routes import routes
from cli.work import Asked, Tools, run
from shared.domain.values import Ref, Side
from shared.messages import Look, Why
from shared.ports import Signals
from shared.sync.explaining import Found
from shared.sync.explanation import Explanation
from shared.sync.sweep import Progress, Room, Route, Sweep, linked_elsewhere

COLUMNS = {"kind": 11, "id": 36, "outcome": 8, "would": 40, "reason": 0}
PATIENCE = 2.0  # seconds between two looks at queues that are full
ONE_OF = "say which deals: --all, --since DATE, --referral ID or --opportunity ID"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line asks for: everything, everything that changed since, or these records."""

    everything: bool
    since: datetime | None
    referrals: tuple[str, ...]
    opportunities: tuple[str, ...]

    def refs(self, tools: Tools) -> list[tuple[Route, Ref]]:
        """The named records, each with the route that it is one of."""
        crm, partner = routes(tools)
        named = [(crm, ident.lower()) for ident in self.opportunities] + [(partner, i) for i in self.referrals]
        return [(route, Ref(route.kind, ident)) for route, ident in named]


def add(app: typer.Typer) -> None:
    app.command()(sync)


def sync(
    context: typer.Context,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Every deal of both sides, history older than the first start too.")
    ] = False,
    since: Annotated[
        datetime | None, typer.Option(formats=DAYS, metavar="DATE", help="Deals that changed since then (UTC).")
    ] = None,
    referral: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This referral; may be said several times.")
    ] = None,
    opportunity: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This opportunity; may be said several times.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be looked at and what would be created.")
    ] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew instead of going on with a run.")] = False,
    most: Annotated[
        int, typer.Option(min=1, metavar="NUMBER", help="Wait while so many signals are on the queues.")
    ] = 500,
) -> None:
    """Have deals looked at: a signal each, worked on by the functions. A run that was stopped goes on."""
    wanted = Wanted(
        everything=everything,
        since=since.replace(tzinfo=UTC) if since else None,
        referrals=tuple(checked(ident) for ident in referral or ()),
        opportunities=tuple(checked(ident) for ident in opportunity or ()),
    )
    if sum((everything, since is not None, bool(referral or opportunity))) != 1:
        raise typer.BadParameter(ONE_OF)
    asked: Asked = context.obj
    run(_planned(asked, wanted) if dry_run else _signalled(asked, wanted, restart=restart, most=most))


# --- signals ------------------------------------------------------------------------------------------------------


async def _signalled(asked: Asked, wanted: Wanted, *, restart: bool, most: int) -> None:
    async with asked.tools() as tools:
        for text in await tools.core.explainer.standing():
            asked.output.say(f"Note: {text}")
        if refs := wanted.refs(tools):
            progress = await _named(tools, refs)
        else:
            progress = await _swept(asked, tools, wanted.since, restart=restart, most=most)
    told = ", ".join(f"{count} of kind {kind}" for kind, count in progress.sent.items()) or "none"
    asked.output.say(f"Signals sent: {told}. The functions work on them; `cosell deals list` shows how they end.")
    asked.output.document({"sent": dict(progress.sent), "left": progress.left, "resumed": progress.resumed})


async def _named(tools: Tools, refs: Sequence[tuple[Route, Ref]]) -> Progress:
    sent: dict[str, int] = {}
    for route, ref in refs:
        await tools.world.signals.send(route.signal(tools.settings.pair, ref, tools.world.clock.now()))
        sent[ref.kind] = sent.get(ref.kind, 0) + 1
    return Progress(sent=sent)


async def _swept(asked: Asked, tools: Tools, since: datetime | None, *, restart: bool, most: int) -> Progress:
    world, progress = tools.world, Progress()
    with asked.output.progress("signals sent") as bar:
        sweep = Sweep(
            routes=routes(tools),
            links=world.links,
            signals=world.signals,
            cursors=world.cursors,
            clock=world.clock,
            pair=tools.settings.pair,
            room=_room(world.signals, most),
        )
        async for progress in sweep.run(since, restart=restart):
            bar.update(bar.task_ids[0], completed=sum(progress.sent.values()))
    if progress.resumed:
        asked.output.say("An unfinished run was gone on with; --restart would have begun anew.")
    return progress


def _room(signals: Signals, most: int, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> Room:
    """Waits while the queues hold as many signals as they should: the functions have to keep up."""

    async def backlog() -> int:
        lengths = await signals.lengths()
        return sum(lengths.get(look.value, 0) for look in Look)

    async def room() -> None:
        while await backlog() >= most:
            await sleep(PATIENCE)

    return room


# --- a dry run ----------------------------------------------------------------------------------------------------


async def _planned(asked: Asked, wanted: Wanted) -> None:
    looked = made = 0
    async with asked.tools() as tools:

        async def one(each: tuple[Route, Ref]) -> Explanation:
            return await _explained(tools, *each)

        with listing(asked.output, "deals", COLUMNS) as row:
            async with aclosing(_refs(tools, wanted)) as refs, aclosing(in_order(refs, one)) as done:
                async for told in done:
                    row((told.signal.kind, told.signal.id, told.outcome.kind, in_short(told), told.outcome.reason))
                    looked, made = looked + 1, made + creates(told)
    deals, records = counted(looked, "deal"), counted(made, "record")
    asked.output.say(f"{deals} would be looked at, and {records} would be created. Nothing was written.")


async def _explained(tools: Tools, route: Route, ref: Ref) -> Explanation:
    links = tools.world.links
    link = await links.get(ref.id) if route.side is Side.CRM else await links.by_partner(ref.id)
    known = link if link is not None and link.tag is not None else None
    found = Found(side=route.side, kind=ref.kind, id=ref.id, link=known)
    return await tools.core.explainer.of(found, why=Why.SYNC)


async def _refs(tools: Tools, wanted: Wanted) -> AsyncGenerator[tuple[Route, Ref]]:
    """What a run would send signals for, as it would come to them."""
    if named := wanted.refs(tools):
        for each in named:
            yield each
        return
    for route in routes(tools):
        async for page in route.pages(before=None, since=wanted.since):
            for one in page:
                if wanted.since is not None or not await linked_elsewhere(tools.world.links, route, one.ref):
                    yield route, one.ref
