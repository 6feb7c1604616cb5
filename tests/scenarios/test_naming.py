"""Which record names which: referral identifiers, external references, copies of both (rules.md §2)."""

from __future__ import annotations

import pytest

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Side, Value
from shared.messages import Look
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm


async def test_a_row_is_not_trusted_against_its_referral() -> None:
    """A referral that names a record of another system is not adopted by a row that carries its id."""
    w = World()
    await w.heal()
    w.clock.advance(60)
    w.webhooks = False
    ident, row = w.partner.make(), w.crm.make()
    w.partner.rows[ident].counterpart, w.crm.rows[row].counterpart = "006-other-crm", ident
    (outcome,) = await w.send(Look.REFERRAL, Side.PARTNER, ident)

    assert outcome.kind is Kind.PARKED
    assert w.partner.rows[ident].counterpart == "006-other-crm"
    assert not any(link.linked for link in w.links.rows.values())


async def test_two_rows_that_carry_one_referral_are_parked_with_both_names() -> None:
    """A referral that names no row, and two rows that name it: a person decides, and is told which two."""
    w = World(webhooks=False)
    await w.heal()
    w.clock.advance(60)
    ident, rows = w.partner.make(), (w.crm.make(), w.crm.make())
    for row in rows:
        w.crm.rows[row].counterpart = ident
    (outcome,) = await w.send(Look.REFERRAL, Side.PARTNER, ident)

    assert outcome.kind is Kind.PARKED
    assert all(row in outcome.reason for row in rows)


async def test_the_row_that_a_referral_names_is_adopted_beside_its_clone() -> None:
    """Links lost and a clone about: the referral knows which of the two rows is its own, however its id is written."""
    w = await linked_from_crm()
    original = w.row.id
    w.webhooks = False
    clone = w.crm.make()
    w.crm.rows[clone].counterpart = w.referral.id
    w.referral.counterpart = original.upper()
    w.crm.rows[original.upper()] = w.crm.rows[original]
    w.links.rows.clear()
    await w.send(Look.REFERRAL, Side.PARTNER, w.referral.id)

    assert [link.key for link in w.links.rows.values() if link.linked] == [original]


async def test_a_row_of_another_deal_is_never_taken() -> None:
    """A referral that names a row which belongs to another referral is parked, and both deals stay as they are."""
    w = await linked_from_crm()
    w.webhooks = False
    w.clock.advance(60)
    second = w.partner.make()
    w.partner.rows[second].counterpart = w.row.id
    outcomes = await w.send(Look.REFERRAL, Side.PARTNER, second)

    assert outcomes[-1].kind is Kind.PARKED
    assert "belongs to another referral" in outcomes[-1].reason
    assert w.link.partner != second


async def test_a_referral_of_another_organisation_is_left() -> None:
    """The other party's referral without one of ours beside it is ignored with that reason."""
    w = World()
    await w.heal()
    ident = w.partner.make()
    w.partner.rows[ident].ours = False
    outcomes = await w.settle()

    assert "another organisation" in outcomes[-1].reason
    assert w.crm.rows == {}


@pytest.mark.parametrize("shown", [True, False])
async def test_without_a_base_nothing_is_shown_asked_or_overwritten(*, shown: bool) -> None:
    """After lost links a differing visibility or help option is no reason to show a deal to Microsoft or ask for it."""
    w = await linked_from_crm()
    w.links.rows.clear()
    w.webhooks = False
    w.referral.values[deal.VISIBLE] = shown
    edit: dict[str, Value] = {deal.HELP: "GeneralOrOther", deal.VISIBLE: True}
    w.crm.edit(w.row.id, **edit)
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.referral.values[deal.VISIBLE] is shown
    assert len(w.partner.rows) == 1
    assert ("Visible to Microsoft differs" in w.row.audit[0]) is not shown
    assert "How can Microsoft help differs" in w.row.audit[0]


async def test_a_row_that_names_another_referral_is_not_taken() -> None:
    """A referral that names a row which names another referral is parked: two records contradict each other."""
    w = World(webhooks=False)
    await w.heal()
    w.clock.advance(60)
    ident, row = w.partner.make(), w.crm.make()
    w.partner.rows[ident].counterpart, w.crm.rows[row].counterpart = row, "another-referral"
    (outcome,) = await w.send(Look.REFERRAL, Side.PARTNER, ident)

    assert outcome.kind is Kind.PARKED
    assert w.crm.rows[row].counterpart == "another-referral"
