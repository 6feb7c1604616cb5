"""A referral that nobody has accepted is a lead; once it is accepted, its deal goes on as an opportunity."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Money, Ref, Side
from shared.messages import Look, Why
from tests.fakes.gateway import Row
from tests.fakes.world import LIVE, World


async def a_lead(*, rounds: bool = False, **policy: object) -> World:
    """A world in which a pending referral has become a lead."""
    world = World(replace(LIVE, **policy), rounds=rounds)  # type: ignore[arg-type]  # a policy's own fields
    await world.heal()
    world.clock.advance(60)
    ident = world.partner.make(**{deal.STAGE: Stage.PENDING})
    world.partner.rows[ident].lead = True
    await world.settle()
    return world


def the_lead(world: World) -> Row:
    (row,) = world.leads.rows.values()
    return row


def moved(world: World) -> None:
    """One opportunity, tied to its referral and bound to its lead, and links that say so."""
    lead, row, referral = the_lead(world), world.row, world.referral
    assert (referral.counterpart, row.counterpart) == (row.id, referral.id)
    assert row.origin is not None
    assert row.origin.id == lead.id
    assert lead.values[deal.STAGE] is Stage.QUALIFIED
    assert referral.values[deal.STAGE] is Stage.ACTIVE
    assert world.links.rows[lead.id].moved == row.id
    assert world.links.rows[row.id].partner == referral.id
    assert world.links.rows[lead.id].partner is None
    assert not world.parked.entries


async def test_a_pending_lead_is_a_lead_and_no_opportunity() -> None:
    """A referral that is classified as a lead becomes a lead, once, and names it."""
    world = await a_lead()

    assert world.crm.rows == {}
    assert the_lead(world).values[deal.NAME] == world.referral.values[deal.NAME]
    assert (world.referral.counterpart, the_lead(world).counterpart) == (the_lead(world).id, world.referral.id)
    assert world.link.kind == "lead"


async def test_a_pending_deal_that_is_no_lead_stays_an_opportunity_on_hold() -> None:
    """Only what is classified as a lead becomes one."""
    world = World()
    await world.heal()
    world.clock.advance(60)
    world.partner.make(**{deal.STAGE: Stage.PENDING})
    await world.settle()

    assert world.leads.rows == {}
    assert world.row.values[deal.STAGE] is Stage.HOLD


async def test_an_edit_of_the_referral_reaches_the_lead() -> None:
    """While it is a lead, what its referral says follows into it."""
    world = await a_lead()

    world.partner.edit(world.referral.id, **{deal.NOTES: "call on Monday"})
    await world.settle()

    assert the_lead(world).values[deal.NOTES] == "call on Monday"


async def test_accepting_in_partner_center_qualifies_the_lead_and_makes_its_opportunity() -> None:
    """The lead is qualified, and the opportunity made bound to it, in seconds."""
    world = await a_lead()
    before = world.clock.now()

    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()

    moved(world)
    assert (world.clock.now() - before).total_seconds() < 10


async def test_qualifying_by_hand_accepts_the_referral_and_adopts_the_opportunity() -> None:
    """The opportunity that the CRM made is the deal's: it is adopted, switched on, and never doubled."""
    world = await a_lead()

    made = world.leads.qualify(the_lead(world).id, world.crm)
    await world.settle()

    moved(world)
    assert world.row.id == made
    assert world.row.shared


async def test_an_edit_on_the_lead_before_the_accept_is_not_lost() -> None:
    """What the seller wrote on the lead is sent once the referral takes it, and is on the opportunity."""
    world = await a_lead()
    amount = Money(Decimal(77000), "USD")

    world.leads.edit(the_lead(world).id, **{deal.AMOUNT: amount})
    await world.settle()
    assert world.referral.values[deal.AMOUNT] != amount
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()

    moved(world)
    assert world.referral.values[deal.AMOUNT] == amount
    assert world.row.values[deal.AMOUNT] == amount


async def test_edits_of_both_sides_around_a_qualification_by_hand_all_arrive() -> None:
    """The lead's base tells which side edited what meanwhile: nobody's edit is lost, nothing has no base."""
    world = await a_lead()

    made = world.leads.qualify(the_lead(world).id, world.crm)
    world.crm.edit(made, **{deal.NOTES: "from the seller"})
    world.partner.edit(world.referral.id, **{deal.NAME: "from the portal"})
    await world.settle()

    moved(world)
    assert world.referral.values[deal.NOTES] == world.row.values[deal.NOTES] == "from the seller"
    assert world.referral.values[deal.NAME] == world.row.values[deal.NAME] == "from the portal"


async def test_disqualifying_the_lead_declines_the_referral() -> None:
    """No opportunity is made, and the referral is declined."""
    world = await a_lead()

    world.leads.edit(the_lead(world).id, **{deal.STAGE: Stage.LOST})
    await world.settle()

    assert world.referral.values[deal.STAGE] is Stage.DECLINED
    assert world.crm.rows == {}


@pytest.mark.parametrize("stage", [Stage.EXPIRED, Stage.DECLINED])
async def test_a_referral_that_ends_unanswered_disqualifies_its_lead(stage: Stage) -> None:
    """The lead follows its referral's end."""
    world = await a_lead()

    world.partner.edit(world.referral.id, **{deal.STAGE: stage})
    await world.settle()

    assert the_lead(world).values[deal.STAGE] is Stage.LOST
    assert world.crm.rows == {}


async def test_won_before_anybody_looked_is_won_as_a_deal() -> None:
    """Accepted and won at once: the lead is qualified, the opportunity made and won."""
    world = await a_lead()

    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.WON})
    await world.settle()

    assert the_lead(world).values[deal.STAGE] is Stage.QUALIFIED
    assert world.row.values[deal.STAGE] is Stage.WON


async def test_an_opportunity_that_is_shown_late_is_waited_for() -> None:
    """Qualified by hand while the CRM shows new rows late: no second opportunity is made."""
    world = await a_lead()
    world.crm.lag = 300

    made = world.leads.qualify(the_lead(world).id, world.crm)
    await world.settle()

    assert list(world.crm.rows) == [made]
    moved(world)


async def test_two_opportunities_of_one_lead_are_a_decision() -> None:
    """Which of them is the deal only a person can say; both are named."""
    world = await a_lead()
    first = world.leads.qualify(the_lead(world).id, world.crm)
    second = world.crm.make()
    world.crm.rows[second].origin = world.crm.rows[first].origin
    world.crm.rows[second].shared = False
    await world.settle()

    (entry,) = world.parked.entries.values()
    assert first in entry.reason
    assert second in entry.reason


async def test_an_opportunity_of_the_crms_own_lead_is_nobodys_deal() -> None:
    """A lead that no referral made is left alone, without a call, and so is its opportunity until it is shared."""
    world = await a_lead()
    own = world.leads.make(**{deal.STAGE: Stage.LEAD})
    calls = len(world.leads.calls)
    await world.settle()
    assert len(world.leads.calls) == calls

    made = world.leads.qualify(own, world.crm)
    await world.settle()

    assert world.crm.rows[made].counterpart == ""
    assert len(world.partner.rows) == 1


async def test_a_lead_that_carries_somebody_elses_referral_gets_nothing() -> None:
    """A referral's id on another lead is a copied column: the deal stays where it is, and nothing is written."""
    world = await a_lead()
    stranger = world.leads.make(**{deal.STAGE: Stage.LEAD})
    world.leads.rows[stranger].counterpart = world.referral.id
    await world.settle()
    (outcome,) = await world.send(Look.LEAD, Side.CRM, stranger, Why.REPLAY)

    assert outcome.kind is Kind.LEFT
    assert world.referral.counterpart != stranger
    assert world.leads.rows[stranger].audit == []
    assert len([link for link in world.links.rows.values() if link.partner]) == 1


async def test_an_opportunity_of_another_deal_is_not_taken_for_a_leads() -> None:
    """Somebody bound an opportunity that has a referral of its own to the lead: the lead gets one of its own."""
    world = await a_lead()
    lead = the_lead(world).id
    other = world.crm.make()
    await world.settle()
    world.crm.rows[other].origin = Ref("lead", lead)
    first = next(row for row in world.partner.rows.values() if row.lead)
    world.partner.edit(first.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()

    assert len(world.crm.rows) == 2
    assert first.counterpart not in ("", other, lead)
    assert world.links.rows[other].partner != first.id


async def test_events_of_a_lead_that_went_on_move_nothing() -> None:
    """Its deal is the opportunity's; a replay of the lead is one of the deal."""
    world = await a_lead()
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    lead = the_lead(world)

    world.leads.edit(lead.id, **{deal.NOTES: "old"})
    outcomes = await world.settle()
    assert [each.kind for each in outcomes] == [Kind.LEFT]

    outcomes = await world.send(Look.LEAD, Side.CRM, lead.id, Why.REPLAY)
    assert outcomes[0].kind is Kind.DONE
    moved(world)


async def test_a_worker_that_dies_after_qualifying_is_followed_by_heal() -> None:
    """Qualified and settled, and the second look never came: heal finishes it."""
    world = await a_lead()
    world.webhooks = False
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.signals.send(world.signal(Look.REFERRAL, Side.PARTNER, world.referral.id))
    taken = world.signals.take()
    assert taken
    await world.job.run(taken.body)
    world.signals.heap.clear()  # the look that should follow is lost
    assert world.crm.rows == {}

    world.clock.advance(700)
    await world.heal()

    moved(world)


async def test_lost_links_double_nothing() -> None:
    """With every link lost, lead and opportunity are found again by what they carry."""
    world = await a_lead()
    world.links.rows.clear()
    await world.send(Look.REFERRAL, Side.PARTNER, world.referral.id)
    assert len(world.leads.rows) == 1
    assert world.crm.rows == {}

    made = world.leads.qualify(the_lead(world).id, world.crm)
    world.links.rows.clear()
    await world.settle()
    await world.send(Look.REFERRAL, Side.PARTNER, world.referral.id)

    assert list(world.crm.rows) == [made]
    assert len(world.partner.rows) == 1
    moved(world)


async def test_only_co_sell_makes_no_leads() -> None:
    """With COSELL_ONLY on a lead is left alone."""
    world = await a_lead(cosell_only=True)

    assert world.leads.rows == {}
    assert world.crm.rows == {}


async def test_a_dry_run_owes_the_opportunity() -> None:
    """Nothing is qualified nor made while it is forbidden; afterwards it is."""
    world = await a_lead()
    world.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    assert the_lead(world).values[deal.STAGE] is Stage.LEAD

    world.configure(LIVE)
    await world.heal()

    moved(world)


async def test_a_deleted_lead_is_a_tombstone() -> None:
    """Nothing is made again until an administrator asks; then the lead is."""
    world = await a_lead()
    world.leads.delete(the_lead(world).id)
    await world.settle()
    assert world.link.gone is Side.CRM

    await world.replay(Side.PARTNER, world.referral.id)

    assert the_lead(world).counterpart == world.referral.id


@pytest.mark.parametrize("answered", [Stage.ACTIVE, Stage.PENDING])
async def test_a_lead_that_is_owed_and_accepted_meanwhile_becomes_an_opportunity(answered: Stage) -> None:
    """What was to be a lead under MODE=test is made as what its referral is when the settings allow it."""
    world = World(replace(LIVE, live=False, fingerprint="test"))
    await world.heal()
    world.clock.advance(60)
    ident = world.partner.make(**{deal.STAGE: Stage.PENDING})
    world.partner.rows[ident].lead = True
    await world.settle()
    assert world.link.owed
    world.partner.edit(ident, **{deal.STAGE: answered})
    await world.settle()
    world.configure(LIVE)
    await world.heal()

    made = world.leads if answered is Stage.PENDING else world.crm
    assert [row.counterpart for row in made.rows.values()] == [ident]
    assert world.links.rows[next(iter(made.rows))].linked
    assert not world.parked.entries


async def test_a_value_that_the_lead_rounds_while_it_is_qualified_is_never_sent_back() -> None:
    """One write brings a new value and qualifies: that the lead is locked afterwards is no refusal of the value."""
    world = await a_lead(rounds=True)
    typed = Money(Decimal("1.5"), "USD")

    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    world.partner.edit(world.referral.id, **{deal.AMOUNT: typed})
    await world.settle()

    moved(world)
    assert world.referral.values[deal.AMOUNT] == typed
    assert world.row.values[deal.AMOUNT] == Money(Decimal(2), "USD")
