"""Tombstones, detached rows, and what an administrator's replay makes of them (rules.md §2, §5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Group, Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Why
from shared.ports import Recovered, Search
from tests.fakes.gateway import DANA
from tests.fakes.store import START, nothing
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner

Made = Callable[[], Awaitable[World]]


async def reopened() -> World:
    """A deal whose referral is closed for good and whose row was opened again."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()
    return w


@pytest.mark.parametrize("by", list(Side))
async def test_a_reopened_row_gets_a_new_referral_on_request(by: Side) -> None:
    """Only a replay makes a second referral of a reopened row; the closed one stays as it was and wakes nothing."""
    w = await reopened()
    old = w.referral
    w.crm.edit(w.row.id, **{deal.NOTES: "a second chance"})
    await w.settle()
    assert w.referral is old
    await w.replay(by, old.id if by is Side.PARTNER else w.row.id)
    (new,) = (row for row in w.partner.rows.values() if row is not old)
    await w.send(Look.REFERRAL, Side.PARTNER, old.id)
    w.crm.edit(w.row.id, **{deal.NOTES: "goes to the new one"})
    await w.settle()

    assert (w.row.counterpart, w.link.partner) == (new.id, new.id)
    assert new.values[deal.NOTES] == "goes to the new one"
    assert old.values[deal.STAGE] is Stage.LOST
    assert w.row.values[deal.STAGE] is Stage.OPEN
    assert w.parked.entries == {}


async def test_a_request_that_lacks_data_is_kept() -> None:
    """A new referral that was asked for and lacks data waits like any other, and is not mistaken for the old one."""
    w = await reopened()
    w.row.values[deal.TEAM] = Group()
    await w.replay(Side.CRM, w.row.id)
    await w.send(Look.REFERRAL, Side.PARTNER, w.referral.id)
    assert w.link.partner is None
    w.row.values[deal.TEAM] = Group([DANA])
    w.clock.advance(3600)
    await w.heal()

    assert len(w.partner.rows) == 2
    assert w.link.linked


async def test_the_other_side_is_told_of_a_deletion_once() -> None:
    """A referral that is gone is told in Audit once, also when the first try to tell it fails."""
    w = await linked_from_partner()
    faults = {"left": 3}

    async def broken(name: str) -> None:
        if name == "crm.write" and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503))

    w.crm.hook = broken
    gone = w.referral.id
    w.partner.delete(gone)
    await w.send(Look.REFERRAL, Side.PARTNER, gone, Why.GONE)
    await w.send(Look.REFERRAL, Side.PARTNER, gone, Why.GONE)
    w.crm.edit(w.row.id, **{deal.NOTES: "afterwards"})
    await w.settle()

    assert len([line for line in w.row.audit if "is gone" in line]) == 1
    assert w.partner.rows == {}
    assert w.link.gone is Side.PARTNER


@pytest.mark.parametrize("gone", list(Side))
async def test_a_replay_makes_a_deleted_record_again(gone: Side) -> None:
    """After a deletion nothing is made again until an administrator replays it, and then one record is."""
    for made in (linked_from_partner, linked_from_crm):
        w = await made()
        lost, kept = (w.referral, w.row) if gone is Side.PARTNER else (w.row, w.referral)
        (w.partner if gone is Side.PARTNER else w.crm).delete(lost.id)
        await w.send(Look.REFERRAL if gone is Side.PARTNER else Look.OPPORTUNITY, gone, lost.id, Why.GONE)
        await w.heal()
        assert len(w.partner.rows) + len(w.crm.rows) == 1
        await w.replay(gone.other, kept.id)

        assert (w.referral.counterpart, w.row.counterpart) == (w.row.id, w.referral.id)
        assert [link.partner for link in w.links.rows.values() if link.linked] == [w.referral.id]


async def test_an_uncertain_post_is_parked_until_a_person_insists() -> None:
    """A POST whose outcome cannot be searched for completely is parked; only a replay posts again."""
    w = World()
    await w.heal()
    faults = {"left": 1}

    async def cut(name: str) -> None:
        if name == "partner.create" and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    async def unsure(*_: object) -> Recovered:
        return Recovered(search=Search.UNSURE)

    w.partner.hook = cut
    w.partner.recover = unsure  # type: ignore[method-assign,assignment]  # a list too long to read to its end
    ident = w.crm.make()
    await w.settle()
    assert [entry.ref.id for entry in w.parked.entries.values()] == [ident]
    await w.heal()
    assert w.partner.rows == {}
    await w.replay(Side.CRM, ident)

    assert w.referral.counterpart == ident
    assert w.parked.entries == {}


@pytest.mark.parametrize("made", [linked_from_partner, linked_from_crm])
async def test_a_replay_that_could_not_be_carried_out_is_not_forgotten(made: Made) -> None:
    """A deleted row that is asked for again during a dry run, or by a worker that dies, is made afterwards."""
    w = await made()
    w.crm.delete(w.row.id)
    await w.settle()
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    await w.replay(Side.PARTNER, w.referral.id)
    assert w.crm.rows == {}
    w.configure(LIVE)
    left = {"deaths": 1}

    async def die(name: str) -> None:
        if name == "crm.create" and left["deaths"]:
            left["deaths"] -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503))

    w.crm.hook = die
    await w.heal()
    w.clock.advance(1900)
    await w.heal()

    assert (w.referral.counterpart, w.row.counterpart) == (w.row.id, w.referral.id)
    assert w.parked.entries == {}


async def test_an_old_signal_does_not_bury_a_record_that_was_made_a_moment_ago() -> None:
    """Partner Center shows a new referral late: a signal that is older than the lag finds nothing and waits for it."""
    w = World()
    await w.heal()
    w.partner.lag = 120
    ident = w.crm.make()
    old = w.clock.now() - timedelta(hours=1)
    await w.settle(within=timedelta(seconds=5))
    await w.signals.send(w.signal(Look.OPPORTUNITY, Side.CRM, ident).model_copy(update={"first_sent": old}))
    await w.settle()
    w.crm.edit(ident, **{deal.NOTES: "it is alive"})
    await w.settle()

    assert w.link.gone is None
    assert w.referral.values[deal.NOTES] == "it is alive"


async def test_a_linked_record_that_stays_absent_is_gone() -> None:
    """Without a word about a deletion, ten minutes of absence are the end of a linked record, and no more looks."""
    w = await linked_from_partner()
    w.webhooks = False
    ident = w.referral.id
    w.partner.delete(ident)
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.link.gone is Side.PARTNER
    assert w.clock.now() - w.link.outcome.at < timedelta(minutes=1)  # type: ignore[union-attr]  # it was told just now
    assert timedelta(minutes=9) < w.clock.now() - START < timedelta(minutes=30)


async def test_a_look_that_stalls_after_its_read_calls_nothing_gone() -> None:
    """What it missed came to be readable while it stalled: absence lasts from the first miss to the last read."""
    w = World()
    await w.heal()
    w.partner.lag = 400
    ident = w.crm.make()
    await w.settle(within=timedelta(seconds=5))
    await w.send(Look.REFERRAL, Side.PARTNER, w.referral.id, within=timedelta(seconds=5))
    assert "not readable yet" in w.link.outcome.reason  # type: ignore[union-attr]  # it was noted just now
    w.clock.advance(380)

    async def stall(where: str) -> None:
        if where == "partner.read done":
            w.partner.hook = nothing
            w.clock.advance(301)

    w.partner.hook = stall
    outcomes = await w.replay(Side.CRM, ident)

    assert not [outcome.reason for outcome in outcomes if "is gone" in outcome.reason]
    assert w.link.gone is None
    assert (w.referral.counterpart, w.row.counterpart) == (ident, w.referral.id)
