"""Waiting, owed, delayed and parked (rules.md §10)."""

from __future__ import annotations

from datetime import timedelta

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Group, Side
from shared.messages import Look, Signal
from tests.fakes.gateway import CONTOSO, DANA, PLATFORM
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_partner


async def test_a_deal_that_lacks_data_waits_tells_and_is_mended_by_any_record() -> None:
    """Missing data is told in Audit with a cross; mending the account beside it brings the referral."""
    w = World()
    await w.heal()
    ident = w.crm.make(**{deal.CUSTOMER: None, deal.SOLUTIONS: Group()})
    outcomes = await w.settle()
    assert outcomes[-1].kind is Kind.WAITING
    assert "choose the account" in w.row.audit[0]
    assert "add at least one co-sell ready" in w.row.audit[0]
    assert w.row.mark == "✗"
    w.row.values.update({deal.CUSTOMER: CONTOSO, deal.SOLUTIONS: Group([PLATFORM])})
    await w.signals.send(Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="account", id=f"account-{ident}"))
    await w.settle()

    assert w.referral.counterpart == ident
    assert w.row.mark == "✓"
    assert w.parked.entries == {}


async def test_a_waiting_deal_is_tried_again_by_heal() -> None:
    """What no event announces is tried again by heal, at growing intervals."""
    w = World()
    await w.heal()
    w.crm.make(**{deal.TEAM: Group()})
    await w.settle()
    w.row.values[deal.TEAM] = Group([DANA])
    await w.heal()
    assert [row for row in w.partner.rows.values() if row.ours] == []
    w.clock.advance(16 * 60)
    await w.heal()

    assert w.referral.counterpart == w.row.id


async def test_replay_revives_a_parked_record() -> None:
    """A parked deal that is replayed after the cause is gone is brought into step, and is parked no longer."""
    w = await linked_from_partner()
    for number in range(6):
        side, ident = (w.crm, w.row.id) if number % 2 else (w.partner, w.referral.id)
        side.edit(ident, **{deal.NOTES: f"value {number % 2}"})
        await w.settle(within=timedelta(seconds=5))
        w.clock.advance(5)
    assert w.outcomes[-1].kind is Kind.PARKED
    await w.replay(Side.CRM, w.row.id)

    assert w.parked.entries == {}
    assert w.referral.values[deal.NOTES] == w.row.values[deal.NOTES] == "value 1"
    assert w.row.mark == "✓"


async def test_waiting_is_told_once() -> None:
    """However often a waiting deal is looked at, its Audit says the same thing once."""
    w = World()
    await w.heal()
    w.crm.make(**{deal.TEAM: Group()})
    await w.settle()
    for _ in range(4):
        w.clock.advance(24 * 3600)
        await w.heal()

    assert len(w.row.audit) == 1


async def test_a_deal_that_waits_is_no_longer_parked_for_a_failure_that_is_over() -> None:
    """A signal that failed too often is parked; once a look comes as far as what the deal lacks, it only waits."""
    w = World()
    await w.heal()
    ident = w.crm.make(**{deal.SOLUTIONS: Group()})
    w.announced.clear()
    signal = w.signal(Look.OPPORTUNITY, Side.CRM, ident)
    await w.job.poisoned(signal.encoded().encode(), reason="it failed five times")
    assert len(w.parked.entries) == 1
    outcomes = await w.replay(Side.CRM, ident)

    assert [outcome.kind for outcome in outcomes] == [Kind.WAITING]
    assert w.parked.entries == {}
