"""`cosell parked list|replay|drop`: the deals that wait for a person, over the tables and queues themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from cli.work import Asked, run
from shared.bootstrap import DEALS
from shared.domain.values import Ref
from shared.errors import Misconfigured
from shared.platform.doors import Answer
from shared.platform.office import Office
from shared.platform.outside import Outside
from shared.settings import STORAGE

WELL, WRONG, UNREACHABLE = 0, 1, 3
AWAY = 503
Record = Annotated[str, typer.Argument(metavar="RECORD", help="KIND:ID, as the list shows it.", show_default=False)]


def add(app: typer.Typer) -> None:
    group = typer.Typer(help="Deals that wait for a person: list, replay, drop.", no_args_is_help=True)
    group.command("list")(listed)
    group.command()(replay)
    group.command()(drop)
    app.add_typer(group, name="parked")


def listed(context: typer.Context) -> None:
    """List what is parked, with the reason and what to do. Exit code 1 while anything is."""
    asked: Asked = context.obj
    raise typer.Exit(run(list_all(asked)))


def replay(
    context: typer.Context,
    record: Record = "",
    *,
    every: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
) -> None:
    """Have a deal looked at again: a parked one, a deleted one (it is made anew), a reopened one."""
    asked: Asked = context.obj
    if bool(record) == every:
        raise typer.BadParameter("name one record, or say --all")
    raise typer.Exit(run(replay_all(asked) if every else replay_one(asked, ref_of(record))))


def drop(
    context: typer.Context,
    record: Record,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a parked entry: the deal stays as it is, and its next event may park it again."""
    asked, ref = context.obj, ref_of(record)
    if not yes:
        typer.confirm(f"Forget {ref} without replaying it?", abort=True, err=True)
    raise typer.Exit(run(drop_one(asked, ref)))


def ref_of(record: str) -> Ref:
    ref = Ref.parse(record.replace("/", ":", 1) if ":" not in record else record)
    if not ref.kind or not ref.id:
        raise typer.BadParameter(f'"{record}" is no record: it is KIND:ID, as `cosell parked list` shows it')
    return ref


@asynccontextmanager
async def desk(asked: Asked) -> AsyncIterator[tuple[Office, Outside]]:
    """The desk needs the storage account alone: a wrong setting elsewhere must not hide what is parked."""
    reading = asked.reading
    if not reading.good(STORAGE):
        raise Misconfigured(tuple(str(one) for one in reading.problems if one.name.startswith(STORAGE)))
    world = asked.world(reading.best)
    office = Office(
        pair=reading.best.pair, parked=world.parked, signals=world.signals, telemetry=world.telemetry, deals=DEALS
    )
    try:
        yield office, world
    finally:
        await world.close()


async def list_all(asked: Asked) -> int:
    async with desk(asked) as (office, _):
        answer = await office.listed()
    if answer.status == AWAY:
        return told(asked, answer)
    body: dict[str, Any] = dict(answer.body)
    for one in body["parked"]:  # no table: a record that is broken over lines cannot be copied
        asked.output.say(f"{one['kind']}:{one['id']}  since {_minute(one['at'])} UTC")
        asked.output.say(f"{one['reason'].rstrip('.')}. {one['advice']}\n")
    asked.output.say(_counted(len(body["parked"]), more=body["more"]))
    asked.output.document(body)
    return WRONG if body["parked"] else WELL


async def replay_one(asked: Asked, ref: Ref) -> int:
    async with desk(asked) as (office, _):
        return told(asked, await office.replay(ref.kind, ref.id))


async def drop_one(asked: Asked, ref: Ref) -> int:
    async with desk(asked) as (office, _):
        return told(asked, await office.drop(ref.kind, ref.id))


async def replay_all(asked: Asked) -> int:
    """One after the other; an entry that can only be dropped is said and passed over."""
    done, left = 0, list[tuple[str, str]]()
    async with desk(asked) as (office, world):
        with asked.output.progress("replaying") as bar:
            async for entry in world.parked.every():
                answer = await office.replay(entry.ref.kind, entry.ref.id)
                if answer.status == AWAY:
                    return told(asked, answer)
                if answer.status >= 400:  # noqa: PLR2004 - an error of HTTP, which the desk answers in
                    left.append((str(entry.ref), str(answer.body["reason"])))
                else:
                    done += 1
                bar.advance(bar.task_ids[0])
    if left:
        asked.output.table(("not replayed", "why"), left)
    asked.output.say(f"{done} replayed, {len(left)} not. An entry disappears by itself once its deal succeeds.")
    asked.output.document({"replayed": done, "left": [{"record": record, "reason": why} for record, why in left]})
    return WRONG if left else WELL


def told(asked: Asked, answer: Answer) -> int:
    """What the desk says about one record, and the exit code."""
    body = answer.body
    asked.output.say(str(body.get("reason") or f"{body.get('record')}: {body.get('status')}"))
    asked.output.document(body)
    if answer.status == AWAY:
        return UNREACHABLE
    return WELL if answer.status < 400 else WRONG  # noqa: PLR2004 - as above


def _minute(at: str) -> str:
    return at[:16].replace("T", " ")


def _counted(count: int, *, more: bool) -> str:
    if not count:
        return "Nothing is parked."
    return f"{count} parked{', and more than these' if more else ''}. Do what is said, then `cosell parked replay`."
