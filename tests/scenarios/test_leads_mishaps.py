"""Leads on the way to their deals, where something is in the way: settings, data, people and lost links."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Link
from shared.domain.outcome import Kind
from shared.domain.values import Money, Ref, Side
from shared.errors import Conflict, NeedsDecision, NotMet, Remote, Unavailable
from shared.messages import Look, Why
from shared.ports import Change, Snapshot
from tests.fakes.world import LIVE, World
from tests.scenarios.test_leads import a_lead, moved, the_lead

ACCOUNT = Ref("account", "contoso")


def of_the_deal(world: World) -> Link:
    """The link of the opportunity that the lead's deal goes on under."""
    return world.links.rows[world.links.rows[the_lead(world).id].moved]


async def test_a_test_that_names_the_lead_goes_on_with_its_deal() -> None:
    """TEST_RECORDS may name the lead: what becomes of it is the same deal."""
    world = await a_lead()
    lead = the_lead(world).id
    world.configure(replace(LIVE, live=False, test_records=frozenset({lead}), fingerprint="test"))

    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    moved(world)
    world.partner.edit(world.referral.id, **{deal.NOTES: "afterwards"})
    await world.settle()

    assert world.row.values[deal.NOTES] == "afterwards"


async def test_a_deal_that_waits_for_its_customer_is_woken_by_that() -> None:
    """What keeps the opportunity from being made is noted where the deal is, and its mending wakes it at once."""
    world = await a_lead()
    lacks = True

    async def hook(name: str) -> None:
        if lacks and name == "crm.create":
            raise NotMet("The account has no country", records=(ACCOUNT,))

    world.crm.hook = hook
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    assert of_the_deal(world).outcome is not None
    assert of_the_deal(world).waiting == (ACCOUNT,)
    assert any("no country" in line for line in the_lead(world).audit)

    lacks = False
    world.clock.advance(200)
    signal = world.signal(Look.OPPORTUNITY, Side.CRM, ACCOUNT.id).model_copy(update={"kind": ACCOUNT.kind})
    await world.signals.send(signal)
    await world.settle()

    moved(world)


async def test_a_lead_s_look_that_was_cut_off_goes_on_with_its_deal() -> None:
    """The opportunity could not be made for a moment: the same signal, sent again, makes it without heal."""
    world = await a_lead()
    world.webhooks = False
    fails = 1

    async def hook(name: str) -> None:
        nonlocal fails
        if fails and name == "crm.create":
            fails -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503, message="for a moment"))

    world.crm.hook = hook
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.send(Look.LEAD, Side.CRM, the_lead(world).id)

    moved(world)


async def test_heal_does_not_hammer_at_what_a_person_must_decide() -> None:
    """A deal that is parked on its way from its lead is not looked at by every pass."""
    world = await a_lead()
    first = world.leads.qualify(the_lead(world).id, world.crm)
    second = world.crm.make()
    world.crm.rows[second].origin = world.crm.rows[first].origin
    world.crm.rows[second].shared = False
    await world.settle()
    assert world.parked.entries
    await world.heal()

    calls = len(world.partner.calls) + len(world.leads.calls)
    report = await world.heal()

    assert report.woken == 0
    assert len(world.partner.calls) + len(world.leads.calls) == calls + 1  # its own poll


async def test_heal_does_not_hammer_at_an_opportunity_that_is_owed() -> None:
    """What the settings forbid is looked at again when they change, and not by every pass."""
    world = await a_lead()
    world.webhooks = False
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.signals.send(world.signal(Look.REFERRAL, Side.PARTNER, world.referral.id))
    await world.step()
    world.configure(replace(LIVE, dry_run=True, fingerprint="dry"))  # between the qualification and the opportunity
    await world.settle()
    assert world.links.rows[the_lead(world).id].owed
    await world.heal()

    assert (await world.heal()).woken == 0

    world.configure(LIVE)
    await world.heal()
    moved(world)


async def test_a_parked_creation_after_a_lead_is_not_hammered_at() -> None:
    """Where two accounts match, a person decides; heal comes back only when something changes."""
    world = await a_lead()

    async def hook(name: str) -> None:
        if name == "crm.create":
            raise NeedsDecision("Two accounts are called Contoso", advice="Merge them, then replay")

    world.crm.hook = hook
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    world.clock.advance(700)
    await world.heal()
    world.clock.advance(700)
    await world.heal()

    assert (await world.heal()).woken == 0
    assert len(world.parked.entries) == 1


async def test_a_lead_reopened_after_its_decline_makes_no_referral() -> None:
    """A lead alone is no referral, whoever asks."""
    world = await a_lead()
    lead = the_lead(world).id
    world.leads.edit(lead, **{deal.STAGE: Stage.LOST})
    await world.settle()
    world.leads.edit(lead, **{deal.STAGE: Stage.LEAD})
    await world.settle()
    assert world.link.detached

    outcomes = await world.send(Look.LEAD, Side.CRM, lead, Why.REPLAY)

    assert [each.kind for each in outcomes] == [Kind.LEFT]
    assert len(world.partner.rows) == 1
    assert world.link.kind == "lead"


async def test_the_opportunity_of_a_reopened_lead_is_shared_on_request() -> None:
    """A seller who took up a declined lead after all gets a new referral for its deal when he asks for it."""
    world = await a_lead()
    lead = the_lead(world).id
    world.leads.edit(lead, **{deal.STAGE: Stage.LOST})
    await world.settle()
    world.leads.edit(lead, **{deal.STAGE: Stage.LEAD})
    await world.settle()
    made = world.leads.qualify(lead, world.crm)
    world.crm.rows[made].shared = True
    await world.settle()
    assert len(world.partner.rows) == 1

    await world.replay(Side.CRM, made)
    assert "solution" in world.links.rows[made].outcome.reason  # type: ignore[union-attr]  # it lacks them
    world.crm.edit(made, **{deal.SOLUTIONS: world.referral.values[deal.SOLUTIONS]})
    await world.settle()

    assert len(world.partner.rows) == 2
    assert world.links.rows[made].linked
    assert not world.parked.entries


async def test_what_was_owed_and_is_left_alone_is_owed_no_more() -> None:
    """A referral that ended before anything was made of it is not looked at by every pass of heal."""
    world = World(replace(LIVE, live=False, fingerprint="test"))
    await world.heal()
    world.clock.advance(60)
    ident = world.partner.make(**{deal.STAGE: Stage.PENDING})
    world.partner.rows[ident].lead = True
    await world.settle()
    world.configure(replace(LIVE, cosell_only=True, fingerprint="co-sell only"))
    await world.heal()

    assert (await world.heal()).woken == 0
    assert world.leads.rows == world.crm.rows == {}


async def test_what_a_qualified_lead_lacks_is_filled_in_on_its_opportunity() -> None:
    """Nobody can fill in a qualified lead: the deal goes on, and waits for its data where that can be given."""
    world = await a_lead()
    lead = the_lead(world).id
    world.leads.edit(lead, **{deal.AMOUNT: Money(None, "USD")})
    await world.settle()
    made = world.leads.qualify(lead, world.crm)
    await world.settle()

    world.crm.edit(made, **{deal.AMOUNT: Money(Decimal(81000), "USD")})
    await world.settle()

    moved(world)
    assert world.referral.values[deal.AMOUNT] == Money(Decimal(81000), "USD")


async def test_a_rival_at_the_opportunity_does_not_end_a_lead_s_look() -> None:
    """Somebody wrote meanwhile: the second look follows the deal to its opportunity."""
    world = await a_lead()
    world.webhooks = False
    fails = 1

    async def hook(name: str) -> None:
        nonlocal fails
        if fails and name == "crm.create":
            fails -= 1
            raise Conflict(Remote(system="Dynamics 365", status=412, message="a newer version"))

    world.crm.hook = hook
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.signals.send(world.signal(Look.LEAD, Side.CRM, the_lead(world).id))
    await world.step()
    world.signals.heap.clear()  # qualified, and the look that should follow is lost
    await world.send(Look.LEAD, Side.CRM, the_lead(world).id)

    moved(world)


async def test_a_lead_that_is_reopened_by_an_automation_is_no_endless_loop() -> None:
    """Qualified by us and opened again by a workflow, again and again: the fight is parked."""
    world = await a_lead()
    lead = the_lead(world).id
    write = world.leads.write

    async def reopened(change: Change) -> Snapshot:
        answer = await write(change)
        if change.values.get(deal.STAGE) is Stage.QUALIFIED:
            world.leads.edit(lead, **{deal.STAGE: Stage.LEAD})
        return answer

    world.leads.write = reopened  # type: ignore[method-assign]  # an automation of theirs reopens it
    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    for _ in range(60):
        await world.step()
        if world.signals.next_at:
            world.clock.jump(world.signals.next_at)

    assert world.signals.next_at is None
    assert world.parked.entries

    world.leads.write = write  # type: ignore[method-assign]  # and stops doing so
    await world.send(Look.LEAD, Side.CRM, lead, Why.REPLAY)
    moved(world)


async def test_lost_links_double_no_lead_whose_opportunity_is_shared_from_birth() -> None:
    """Where a qualification carries the sync flag over, the new opportunity finds its referral by the lead's."""
    world = await a_lead()
    world.links.rows.clear()
    world.webhooks = False
    made = world.leads.qualify(the_lead(world).id, world.crm)
    world.crm.rows[made].shared = True
    world.crm.edit(made, **{deal.SOLUTIONS: world.referral.values[deal.SOLUTIONS]})
    await world.send(Look.OPPORTUNITY, Side.CRM, made)

    assert len(world.partner.rows) == 1
    moved(world)
