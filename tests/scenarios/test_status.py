"""The life cycle of a deal, from either side (rules.md §5)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Money, Side, Value
from shared.messages import Look
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_partner


async def test_a_pending_referral_waits_on_hold_and_is_accepted_by_taking_it_off_hold() -> None:
    """New/Pending becomes On Hold; off hold accepts, and edits made meanwhile follow the accept."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    assert w.row.values[deal.STAGE] is Stage.HOLD
    w.crm.edit(w.row.id, **{deal.NOTES: "edited while pending"})
    await w.settle()
    assert w.referral.values[deal.NOTES] != "edited while pending"
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.ACTIVE
    assert w.referral.values[deal.NOTES] == "edited while pending"
    assert w.partner.violations == []


async def test_a_row_that_never_was_on_hold_accepts_nothing() -> None:
    """Where the CRM does not keep On Hold at creation, the row's In Progress is what it showed, not an accept."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    original = w.crm.create

    async def in_progress(draft: object) -> object:
        snapshot = await original(draft)  # type: ignore[arg-type]  # the draft it was given
        w.crm.rows[snapshot.ref.id].values[deal.STAGE] = Stage.OPEN
        return replace(snapshot, values={**snapshot.values, deal.STAGE: Stage.OPEN})

    w.crm.create = in_progress  # type: ignore[assignment,method-assign]  # the server of this test
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "an edit"})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.PENDING


async def test_losing_a_pending_deal_declines_it() -> None:
    """Lost while pending is Declined."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.LOST})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.DECLINED


async def test_accepting_in_partner_center_takes_the_row_off_hold() -> None:
    """Accepted in the portal: the row that was on hold for it opens."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await w.settle()

    assert w.row.values[deal.STAGE] is Stage.OPEN


async def test_on_hold_while_active_is_the_sellers_own_business() -> None:
    """On Hold on an accepted deal sends nothing, and taking it off hold neither."""
    w = await linked_from_partner()
    w.partner.history.clear()
    stages: tuple[Stage, ...] = (Stage.HOLD, Stage.OPEN, Stage.HOLD)
    for stage in stages:
        w.crm.edit(w.row.id, **{deal.STAGE: stage})
        await w.settle()

    assert w.partner.history == []
    assert w.row.values[deal.STAGE] is Stage.HOLD


async def test_won_carries_the_actual_value() -> None:
    """Won in the CRM closes the referral with the value that was really made."""
    w = await linked_from_partner()
    won: dict[str, Value] = {deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(61000), "USD")}
    w.crm.edit(w.row.id, **won)
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.WON
    assert w.referral.values[deal.AMOUNT] == Money(Decimal(61000), "USD")
    assert w.crm.violations == w.partner.violations == []


@pytest.mark.parametrize("stage", [Stage.WON, Stage.LOST, Stage.EXPIRED, Stage.ERROR])
async def test_a_closed_referral_closes_the_row_whatever_the_winner(stage: Stage) -> None:
    """A terminal referral always wins; its last edits go with it, and closed rows get no business field after that."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "the end"})
    w.partner.edit(w.referral.id, **{deal.STAGE: stage})
    await w.settle()

    assert w.row.values[deal.STAGE] is (Stage.WON if stage is Stage.WON else Stage.LOST)
    assert w.row.values[deal.NOTES] == "the end"
    w.clock.advance(600)
    await w.heal()
    assert w.crm.violations == w.partner.violations == []


async def test_a_reopened_row_is_detached_and_told_once() -> None:
    """Reopened after a terminal referral: said once in Audit, nothing is sent any more."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "on its own"})
    await w.settle()

    assert w.link.detached
    assert len([line for line in w.row.audit if "reopened" in line]) == 1
    assert w.row.values[deal.STAGE] is Stage.OPEN


async def test_sides_closed_differently_are_left_and_told_once() -> None:
    """Won on one side and lost on the other: both stay, Audit says it once, and reopening then detaches."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.WON})
    await w.settle()
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)
    assert (w.referral.values[deal.STAGE], w.row.values[deal.STAGE]) == (Stage.LOST, Stage.WON)
    assert len([line for line in w.row.audit if "closed differently" in line]) == 1
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()

    assert w.link.detached
    assert w.row.values[deal.STAGE] is Stage.OPEN


async def test_words_on_a_closed_row_change_no_outcome() -> None:
    """A CRM that takes no Audit on closed rows refuses only that: nothing is parked."""
    w = await linked_from_partner()
    w.crm.strict = True
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.WON})
    await w.settle()

    assert w.link.outcome is not None
    assert w.link.outcome.kind == Kind.LEFT
    assert w.parked.entries == {}


async def test_a_pending_referral_that_takes_no_tie_is_tied_after_the_accept() -> None:
    """While pending only the answer is taken: the row is made all the same, and tied once the deal is accepted."""
    w = World()
    w.partner.strict = True
    await w.heal()
    w.clock.advance(60)
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    assert w.parked.entries == {}
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.ACTIVE
    assert w.referral.counterpart == w.row.id


async def test_won_while_pending_accepts_first() -> None:
    """A deal is won only after it was accepted: both steps follow by themselves."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.WON})
    await w.settle()

    assert [value for _, name, value, _ in w.partner.history if name == deal.STAGE] == [Stage.ACTIVE, Stage.WON]
