"""A deployment finds an installation at any moment, and this release goes on from there as if it had begun it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Group, Ref, Side
from shared.messages import Look, Signal
from shared.platform.office import Office
from tests.fakes.gateway import DANA
from tests.upgrade.folders import kept, versions
from tests.upgrade.scene import Play, resumed

MOMENTS = [(version, name) for version in versions() for name in kept(version, "scenes")]
Check = Callable[[Play], Awaitable[None]]


async def go_on(play: Play) -> None:
    """What is on the queues is worked off, and heal looks after the rest."""
    for seconds in (0, 400, 700, 1000):
        play.w.clock.advance(seconds)
        await play.w.heal()


def in_step(play: Play, **values: object) -> None:
    """Both sides show these values, and nothing is left to do."""
    for record in (play.w.referral, play.w.row):
        assert {name: record.values[name] for name in values} == values
    (link,) = play.links
    assert (link["intents"], link["unsaid"], link["owed"], link["waiting"]) == ("[]", "[]", "[]", "[]")
    assert play.tables.rows("cosellparked") == []
    assert play.w.partner.violations == play.w.crm.violations == []


async def at_rest(play: Play) -> None:
    """Nothing is written where both agree, and what changed meanwhile unannounced is found: no second baseline."""
    await go_on(play)
    assert not {"write", "create"} & {*play.w.partner.calls, *play.w.crm.calls}
    play.w.webhooks = False
    play.w.partner.edit(play.w.referral.id, **{deal.NOTES: "unannounced"})
    play.w.crm.edit(play.w.row.id, **{deal.NAME: "Unannounced"})
    report = await play.w.heal()
    assert not report.first
    in_step(play, **{deal.NOTES: "unannounced", deal.NAME: "Unannounced"})


async def write_landed(play: Play) -> None:
    """The write is recognised by its marker, so an edit back after it is an edit."""
    play.w.partner.edit(play.w.referral.id, **{deal.NAME: "Contoso migration"})
    await go_on(play)
    in_step(play, **{deal.NAME: "Contoso migration"})


async def write_not_landed(play: Play) -> None:
    """The edit that the dead worker was about to send is sent."""
    await go_on(play)
    in_step(play, **{deal.NAME: "From the CRM"})


async def row_under_way(play: Play) -> None:
    """The row that was made is found and not made again, and an edit of it since counts."""
    play.w.crm.edit(play.w.row.id, **{deal.NOTES: "the seller was quick"})
    await go_on(play)
    in_step(play, **{deal.NOTES: "the seller was quick"})


async def referral_under_way(play: Play) -> None:
    """The referral that was made is found and not made again, and an edit of it since counts."""
    play.w.partner.edit(play.w.referral.id, **{deal.NOTES: "the portal was quick"})
    await go_on(play)
    in_step(play, **{deal.NOTES: "the portal was quick"})


async def invitation_under_way(play: Play) -> None:
    """Microsoft is asked once."""
    await go_on(play)
    in_step(play, **{deal.VISIBLE: True})
    assert len([row for row in play.w.partner.rows.values() if not row.ours]) == 1


async def owed(play: Play) -> None:
    """What the older release was not allowed to write is written once the settings allow it."""
    await go_on(play)
    in_step(play, **{deal.NOTES: "during the dry run"})


async def waiting(play: Play) -> None:
    """A change of the record that it waits for wakes it, found by the pointer of the older release."""
    play.w.row.values[deal.TEAM] = Group([DANA])
    account = Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="account", id=f"account-{play.w.row.id}")
    await play.w.signals.send(account)
    await play.w.settle(within=timedelta(seconds=10))
    in_step(play, **{deal.TEAM: Group([DANA])})


async def delayed(play: Play) -> None:
    """The message that was on its way does the work, without heal."""
    await play.w.settle()
    in_step(play, **{deal.NOTES: "from the portal"})


async def paused(play: Play) -> None:
    """The pause of the older release is kept to, and then the work is done."""
    began = play.w.clock.now()
    await play.w.settle(within=timedelta(seconds=60))
    assert play.w.crm.calls == []
    await play.w.settle()
    assert play.w.clock.now() - began > timedelta(seconds=100)
    in_step(play, **{deal.NOTES: "from the portal"})


async def unsaid(play: Play) -> None:
    """What the older release could not tell the seller is told."""
    await go_on(play)
    assert '"from the portal"' in "".join(play.w.row.audit)
    in_step(play, **{deal.NOTES: "from the CRM"})


async def parked(play: Play) -> None:
    """A parked entry is listed, replayed and dropped."""
    w = play.w
    office = Office(pair="cosell", parked=w.parked, signals=w.signals, telemetry=w.telemetry)
    (entry,) = [one async for one in w.parked.every()]
    listed = (await office.listed()).body["parked"]
    assert [one["id"] for one in listed] == [w.row.id]  # type: ignore[attr-defined]  # a body is JSON of any shape
    assert (await office.replay("opportunity", w.row.id)).status == 202
    await w.settle()
    in_step(play, **{deal.NOTES: "value 1"})
    await w.parked.put(entry)
    assert (await office.drop("opportunity", w.row.id)).status == 200
    assert await w.parked.get("cosell", Ref("opportunity", w.row.id)) is None


async def referral_gone(play: Play) -> None:
    """A tombstone stays one until somebody asks, and then the referral is made anew."""
    await go_on(play)
    assert play.w.partner.rows == {}
    await play.w.replay(Side.CRM, play.w.row.id)
    await go_on(play)
    in_step(play, **{deal.NOTES: "after it was deleted"})


async def detached(play: Play) -> None:
    """A reopened row stays apart from its closed referral, and a replay gives it one of its own."""
    (closed,) = play.w.partner.rows
    await go_on(play)
    assert list(play.w.partner.rows) == [closed]
    await play.w.replay(Side.CRM, play.w.row.id)
    await go_on(play)
    fresh = [row for row in play.w.partner.rows.values() if row.id != closed]
    assert [row.counterpart for row in fresh] == [play.w.row.id]
    assert play.w.partner.rows[closed].values[deal.STAGE] == Stage.LOST


CHECKS: dict[str, Check] = {
    check.__name__.replace("_", " "): check
    for check in (
        at_rest, write_landed, write_not_landed, row_under_way, referral_under_way, invitation_under_way, owed,
        waiting, delayed, paused, unsaid, parked, referral_gone, detached,
    )
}  # fmt: skip


@pytest.mark.parametrize(("version", "name"), MOMENTS)
async def test_every_moment_of_every_version_goes_on(version: str, name: str) -> None:
    """Whatever an older release left under way, waiting, owed, delayed, parked or ended is finished by this one."""
    await CHECKS[name](resumed(kept(version, "scenes")[name]))
