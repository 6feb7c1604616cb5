"""Edits on either side and on both (rules.md §1, §6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.values import Group, Money, Side, Solution
from tests.fakes.gateway import PLATFORM
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_partner


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (deal.NAME, "Another name"),
        (deal.AMOUNT, Money(Decimal("777.5"), "EUR")),
        (deal.CLOSING_DATE, date(2027, 1, 15)),
        (deal.NOTES, "second call held"),
        (deal.INTENT, "Yes"),
        (deal.SOLUTIONS, Group([PLATFORM, Solution(id="SOL-2")])),
    ],
)
async def test_an_edit_on_either_side_reaches_the_other_and_nothing_else_is_written(name: str, value: object) -> None:
    """Only the changed field is written, to the other side, whichever side it was changed on."""
    for here in Side:
        w = await linked_from_partner()
        source, target = (w.partner, w.crm) if here is Side.PARTNER else (w.crm, w.partner)
        target.history.clear()
        source.edit(next(r.id for r in source.rows.values()), **{name: value})  # type: ignore[arg-type]  # any Value
        await w.settle()

        assert [(n, v) for _, n, v, who in target.history if who == "sync"] == [(name, value)], here


async def test_edits_on_different_fields_both_survive() -> None:
    """Both sides edited at once, different fields: each side ends with both edits."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NAME: "From the CRM"})
    await w.settle()

    for row in (w.referral, w.row):
        assert (row.values[deal.NAME], row.values[deal.NOTES]) == ("From the CRM", "from the portal")


@pytest.mark.parametrize("winner", list(Side))
async def test_edits_of_one_field_follow_the_winner_and_audit_names_both(winner: Side) -> None:
    """Both sides edited one field: CONFLICT_WINNER's value stands on both, and Audit names the two values."""
    w = await linked_from_partner(policy=replace(LIVE, winner=winner))
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.settle()

    expected = "from the portal" if winner is Side.PARTNER else "from the CRM"
    assert {expected} == {w.referral.values[deal.NOTES], w.row.values[deal.NOTES]}
    assert '"from the CRM"' in w.row.audit[0]
    assert '"from the portal"' in w.row.audit[0]


async def test_a_value_that_the_crm_rounds_is_never_sent_back() -> None:
    """A side that cannot hold cents shows a rounded value: that is no edit, now or after another field's edit."""
    w = World(rounds=True)
    await w.heal()
    w.partner.make(**{deal.AMOUNT: Money(Decimal("99.99"), "USD")})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "an edit"})
    await w.settle()

    assert w.row.values[deal.AMOUNT] == Money(Decimal(100), "USD")
    assert w.referral.values[deal.AMOUNT] == Money(Decimal("99.99"), "USD")
    assert w.referral.values[deal.NOTES] == "an edit"


async def test_setting_a_value_back_is_an_edit() -> None:
    """A value set back to what it was before reaches the other side like any other edit."""
    w = await linked_from_partner()
    w.crm.edit(w.row.id, **{deal.NOTES: "changed"})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "first call held"})
    await w.settle()

    assert w.referral.values[deal.NOTES] == "first call held"
