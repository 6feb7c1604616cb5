"""Moments at which a deployment may find an installation: work under way, waiting, owed, delayed, parked, ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Group, Value
from shared.errors import Conflict, Remote, Throttled, Unavailable
from tests.fakes.world import LIVE
from tests.upgrade.scene import Play, Scene

Build = Callable[[], Awaitable[Play]]


async def scenes() -> dict[str, Scene]:
    """Each moment as today's code leaves it."""
    return {name: await (await build()).kept(name) for name, build in SCENES.items()}


async def linked(**world: object) -> Play:
    """A deal that came from Partner Center, in step."""
    play = Play.begin(**world)
    await play.w.heal()
    play.w.clock.advance(60)
    play.w.partner.make()
    await play.w.settle()
    return play


async def at_rest() -> Play:
    play = await linked()
    play.w.webhooks = False
    await play.w.heal()
    return play


async def write_landed() -> Play:
    play = await linked()
    play.w.crm.edit(play.w.row.id, **{deal.NAME: "From the CRM"})
    await play.die(play.w.partner, "write done")
    return play


async def write_not_landed() -> Play:
    play = await linked()
    play.w.crm.edit(play.w.row.id, **{deal.NAME: "From the CRM"})
    await play.die(play.w.partner, "write")
    return play


async def row_under_way() -> Play:
    play = Play.begin()
    await play.w.heal()
    play.w.clock.advance(60)
    play.w.partner.make()
    await play.die(play.w.crm, "create done")
    return play


async def referral_under_way() -> Play:
    play = Play.begin()
    await play.w.heal()
    play.w.crm.make()
    await play.die(play.w.partner, "create done")
    return play


async def invitation_under_way() -> Play:
    play = Play.begin()
    await play.w.heal()
    play.w.crm.make()
    await play.w.settle()
    asked: dict[str, Value] = {deal.VISIBLE: True, deal.HELP: "QuotesOrLicensing"}
    play.w.crm.edit(play.w.row.id, **asked)
    await play.die(play.w.partner, "create done")
    return play


async def owed() -> Play:
    play = await linked()
    play.w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    play.w.crm.edit(play.w.row.id, **{deal.NOTES: "during the dry run"})
    await play.w.settle()
    return play


async def waiting() -> Play:
    play = Play.begin()
    await play.w.heal()
    play.w.crm.make(**{deal.TEAM: Group()})
    await play.w.settle()
    return play


async def delayed() -> Play:
    play = await linked()

    async def away(name: str) -> None:
        if name == "crm.read":
            raise Unavailable(Remote(system="Dynamics 365", message="no answer"))

    play.w.crm.hook = away
    play.w.partner.edit(play.w.referral.id, **{deal.NOTES: "from the portal"})
    await play.w.settle(within=timedelta(seconds=10))
    return play


async def paused() -> Play:
    play = await linked()

    async def busy(name: str) -> None:
        if name == "crm.read":
            raise Throttled(Remote(system="Dynamics 365", status=429), retry_after=120)

    play.w.crm.hook = busy
    play.w.partner.edit(play.w.referral.id, **{deal.NOTES: "from the portal"})
    await play.w.settle(within=timedelta(seconds=10))
    return play


async def unsaid() -> Play:
    play = await linked()

    async def busy(name: str) -> None:
        if name == "crm.write":
            raise Conflict(Remote(system="Dynamics 365", status=412))

    play.w.crm.hook = busy
    play.w.partner.edit(play.w.referral.id, **{deal.NOTES: "from the portal"})
    play.w.crm.edit(play.w.row.id, **{deal.NOTES: "from the CRM"})
    await play.w.settle(within=timedelta(seconds=1))
    return play


async def parked() -> Play:
    play = await linked()
    for number in range(6):
        side, ident = (play.w.crm, play.w.row.id) if number % 2 else (play.w.partner, play.w.referral.id)
        side.edit(ident, **{deal.NOTES: f"value {number % 2}"})
        await play.w.settle(within=timedelta(seconds=5))
        play.w.clock.advance(5)
    return play


async def referral_gone() -> Play:
    play = await linked()
    play.w.partner.delete(play.w.referral.id)
    play.w.clock.advance(1000)
    play.w.crm.edit(play.w.row.id, **{deal.NOTES: "after it was deleted"})
    await play.w.settle()
    return play


async def detached() -> Play:
    play = await linked()
    play.w.partner.edit(play.w.referral.id, **{deal.STAGE: Stage.LOST})
    await play.w.settle()
    play.w.crm.edit(play.w.row.id, **{deal.STAGE: Stage.OPEN})
    await play.w.settle()
    return play


SCENES: dict[str, Build] = {
    "at rest": at_rest,
    "write landed": write_landed,
    "write not landed": write_not_landed,
    "row under way": row_under_way,
    "referral under way": referral_under_way,
    "invitation under way": invitation_under_way,
    "owed": owed,
    "waiting": waiting,
    "delayed": delayed,
    "paused": paused,
    "unsaid": unsaid,
    "parked": parked,
    "referral gone": referral_gone,
    "detached": detached,
}
