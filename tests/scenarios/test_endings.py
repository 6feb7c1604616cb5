"""Tombstones, detached rows, and what an administrator's replay makes of them (rules.md §2, §5)."""

from __future__ import annotations

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Group, Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Why
from shared.ports import Recovered, Search
from tests.fakes.gateway import DANA
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


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
