"""Fields of an installation's own (`customize.yaml`): merged, told and guarded like those that every deal has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.deal import DEAL, Field, Flow
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.policy import Policy
from shared.domain.values import Side, Value
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_partner

PLAN, TIER, REGION = "x:new_plan", "x:new_tier", "x:new_region"
OWN = (
    Field(name=PLAN, title="Buying plan", clears=True),
    Field(name=TIER, title="Tier", flow=Flow.TO_CRM, clears=True),
    Field(name=REGION, title="Region", flow=Flow.TO_PARTNER, clears=True),
)


def policy(*fields: Field, winner: Side = Side.CRM) -> Policy:
    return replace(LIVE, winner=winner, fields=(*DEAL, *(fields or OWN)))


async def linked(given: Policy, **values: Value) -> World:
    """A deal made in Partner Center, synchronised, with a value in each of the fields."""
    w = World(policy=given)
    await w.heal()
    w.clock.advance(60)
    w.partner.make(**{PLAN: "soon", TIER: "gold", REGION: "EMEA", **values})
    await w.settle()
    return w


async def test_a_new_row_carries_them() -> None:
    """What a referral shows of them is in the row from its creation, and is no edit afterwards."""
    w = await linked(policy())
    w.partner.history.clear()
    await w.heal()

    assert {name: w.row.values[name] for name in (PLAN, TIER, REGION)} == {PLAN: "soon", TIER: "gold", REGION: "EMEA"}
    assert w.partner.history == []


@pytest.mark.parametrize("here", list(Side))
async def test_an_edit_on_either_side_reaches_the_other_and_nothing_else_is_written(here: Side) -> None:
    """Only the changed field is written, to the other side, and Audit calls it by its title."""
    w = await linked(policy())
    source, target = (w.partner, w.crm) if here is Side.PARTNER else (w.crm, w.partner)
    target.history.clear()
    source.edit((w.referral if here is Side.PARTNER else w.row).id, **{PLAN: "later"})
    await w.settle()

    assert [(name, value) for _, name, value, who in target.history if who == "sync"] == [(PLAN, "later")]
    assert "Buying plan" in w.row.audit[0]


@pytest.mark.parametrize("winner", list(Side))
@pytest.mark.parametrize("owner", [None, *Side])
async def test_a_conflict_follows_the_pairs_owner_and_audit_names_both(owner: Side | None, winner: Side) -> None:
    """Two edits of one field end as its owner says, without an owner as CONFLICT_WINNER says; both are in Audit."""
    w = await linked(policy(replace(OWN[0], winner=owner), winner=winner))
    w.partner.edit(w.referral.id, **{PLAN: "theirs", deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{PLAN: "ours", deal.NOTES: "from the CRM"})
    await w.settle()

    stands = "theirs" if (owner or winner) is Side.PARTNER else "ours"
    notes = "from the portal" if winner is Side.PARTNER else "from the CRM"
    for row in (w.referral, w.row):
        assert (row.values[PLAN], row.values[deal.NOTES]) == (stands, notes)
    assert 'Buying plan was set to "ours" in Dynamics 365 and "theirs" in Partner Center' in w.row.audit[0]


@pytest.mark.parametrize(("name", "source"), [(TIER, Side.PARTNER), (REGION, Side.CRM)])
async def test_one_way_is_one_way(name: str, source: Side) -> None:
    """An edit at the source is carried, an emptied value too; an edit at the other end stays where it is."""
    w = await linked(policy())
    ends = {Side.PARTNER: (w.partner, w.referral), Side.CRM: (w.crm, w.row)}
    here, there = ends[source], ends[source.other]
    seen = []
    for gateway, row, value in ((*here, "new"), (*there, "their own"), (*here, None)):
        gateway.edit(row.id, **{name: value})
        await w.settle()
        seen.append((here[1].values[name], there[1].values[name]))

    assert seen == [("new", "new"), ("new", "their own"), (None, None)]


async def test_they_are_carried_with_the_accept() -> None:
    """While a referral is pending nothing is sent of them, and the difference follows the accept."""
    w = await linked(policy(), **{deal.STAGE: Stage.PENDING})
    w.crm.edit(w.row.id, **{PLAN: "later"})
    await w.settle()
    before = w.referral.values[PLAN]
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()

    assert (before, w.referral.values[PLAN], w.partner.violations) == ("soon", "later", [])


async def test_a_closed_deal_takes_none() -> None:
    """On a closed deal a difference stays as it is, and no server has to refuse it."""
    w = await linked(policy())
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.LOST})
    await w.settle()
    w.crm.edit(w.row.id, **{PLAN: "later"})
    await w.settle()

    assert (w.referral.values[PLAN], w.partner.violations + w.crm.violations) == ("soon", [])


async def test_two_automations_that_fight_are_parked_by_title() -> None:
    """Turning such a field back and forth parks the deal and names it."""
    w = await linked(policy())
    for number in range(6):
        side, ident = (w.crm, w.row.id) if number % 2 else (w.partner, w.referral.id)
        side.edit(ident, **{PLAN: f"value {number % 2}"})
        await w.settle(within=timedelta(seconds=5))
        w.clock.advance(5)

    assert w.outcomes[-1].kind is Kind.PARKED
    assert "Buying plan" in w.outcomes[-1].reason


async def test_a_pair_that_comes_later_overwrites_nothing() -> None:
    """For a deal older than the pair equal values settle; differing ones are named and left as they are."""
    w = await linked_from_partner()
    for row, value in ((w.referral, "soon"), (w.row, "never")):
        row.values |= {PLAN: value, TIER: "gold", REGION: None}
    w.configure(policy())
    w.crm.edit(w.row.id, **{deal.NOTES: "an edit"})
    await w.settle()

    assert (w.referral.values[PLAN], w.row.values[PLAN]) == ("soon", "never")
    assert any("Buying plan differs since before the two were linked" in line for line in w.row.audit)


async def test_without_them_nothing_of_them_is_touched() -> None:
    """An installation that takes its pairs back leaves both sides as they are."""
    w = await linked(policy())
    w.configure(LIVE)
    w.partner.edit(w.referral.id, **{PLAN: "theirs", deal.NOTES: "an edit"})
    await w.settle()

    assert (w.row.values[PLAN], w.row.values[deal.NOTES]) == ("soon", "an edit")
