"""What `explain` says of a deal is what the next look at it does, and saying it changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.outcome import Kind
from shared.domain.values import Group, Money, Side, Value
from shared.messages import Look, Why
from shared.platform.explained import document
from shared.sync.explanation import Explanation, State
from shared.sync.rehearsal import NEW
from tests.fakes.store import START
from tests.fakes.world import LIVE, World
from tests.scenarios.foretelling import Apart, explained, explainer, foretold, shared, taken

Made = Callable[[], Awaitable[tuple[World, str]]]


async def agreed() -> tuple[World, str]:
    w = await taken()
    return w, w.referral.id


async def edited_here() -> tuple[World, str]:
    w = await taken()
    changes: dict[str, Value] = {deal.NOTES: "edited here", deal.AMOUNT: Money(Decimal(7), "EUR")}
    w.crm.edit(w.row.id, **changes)
    return w, w.row.id


async def edited_there() -> tuple[World, str]:
    w = await shared()
    w.partner.edit(w.referral.id, **{deal.NAME: "edited there"})
    return w, w.referral.id


async def edited_on_both() -> tuple[World, str]:
    w = await shared()
    w.partner.edit(w.referral.id, **{deal.NAME: "there"})
    w.crm.edit(w.row.id, **{deal.NAME: "here"})
    return w, w.row.id


async def new_in_partner_center() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    w.clock.advance(60)
    return w, w.partner.make(**{deal.STAGE: Stage.PENDING})


async def new_with_help() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    w.clock.advance(60)
    return w, w.partner.make(**{deal.HELP: "QuotesOrLicensing"})


async def new_in_the_crm() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    return w, w.crm.make()


async def new_in_the_crm_with_help() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    return w, w.crm.make(**{deal.HELP: "QuotesOrLicensing", deal.INTENT: None})


async def not_shared() -> tuple[World, str]:
    w, ident = await new_in_the_crm()
    w.crm.rows[ident].shared = False
    return w, ident


async def lacking_a_solution() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    return w, w.crm.make(**{deal.SOLUTIONS: Group()})


async def history() -> tuple[World, str]:
    w = Apart()
    ident = w.partner.make()
    w.clock.advance(3600)
    await w.heal()
    return w, ident


async def before_the_first_start() -> tuple[World, str]:
    w = Apart()
    return w, w.partner.make()


async def of_another_system() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    ident = w.partner.make()
    w.partner.rows[ident].counterpart = "006-other-crm"
    return w, ident


async def lost_links() -> tuple[World, str]:
    w = await taken()
    w.links.rows.clear()
    w.crm.edit(w.row.id, **{deal.NOTES: "differs now"})
    return w, w.row.id


async def lost_links_from_the_referral() -> tuple[World, str]:
    w, _ = await lost_links()
    return w, w.referral.id


async def two_carriers() -> tuple[World, str]:
    w = Apart()
    await w.heal()
    w.clock.advance(60)
    ident = w.partner.make()
    for key in (w.crm.make(), w.crm.make()):
        w.crm.rows[key].counterpart = ident
    return w, ident


async def owed_under_test() -> tuple[World, str]:
    w, ident = await edited_here()
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    return w, ident


async def owed_in_a_dry_run() -> tuple[World, str]:
    w, ident = await new_in_the_crm()
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    return w, ident


async def deleted() -> tuple[World, str]:
    w = await taken()
    key = w.row.id
    w.crm.delete(key)
    await w.settle()
    return w, key


async def closed_there() -> tuple[World, str]:
    w = await taken()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.WON})
    return w, w.referral.id


async def reopened() -> tuple[World, str]:
    w, _ = await closed_there()
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    return w, w.row.id


async def accepted_here() -> tuple[World, str]:
    w, _ = await new_in_partner_center()
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    return w, w.row.id


async def edited_while_pending() -> tuple[World, str]:
    w, _ = await new_in_partner_center()
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "too early"})
    return w, w.row.id


async def asks_for_help() -> tuple[World, str]:
    w = await shared()
    w.crm.edit(w.row.id, **{deal.HELP: "QuotesOrLicensing"})
    return w, w.row.id


async def microsoft_answered() -> tuple[World, str]:
    w = await shared(**{deal.HELP: "QuotesOrLicensing"})
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner.edit(microsoft.id, **{deal.STAGE: Stage.ACTIVE, deal.MICROSOFT_ID: "1-ABC"})
    return w, microsoft.id


async def help_changed() -> tuple[World, str]:
    w = await shared(**{deal.HELP: "QuotesOrLicensing"})
    changes: dict[str, Value] = {deal.HELP: "GeneralOrOther", deal.VISIBLE: False}
    w.crm.edit(w.row.id, **changes)
    return w, w.row.id


async def a_rounding_crm() -> tuple[World, str]:
    w = await taken(rounds=True)
    w.partner.edit(w.referral.id, **{deal.AMOUNT: Money(Decimal("7.25"), "USD")})
    return w, w.row.id


async def a_fight() -> tuple[World, str]:
    w = await shared()
    for turn in range(7):
        side = (w.crm, w.partner)[turn % 2]
        side.edit((w.row.id, w.referral.id)[turn % 2], **{deal.NOTES: "ab"[turn % 2]})
        if turn < 6:
            await w.settle(within=timedelta(seconds=5))
    return w, w.row.id


async def with_a_field_of_its_own() -> tuple[World, str]:
    w = Apart(policy=replace(LIVE, fields=(*deal.DEAL, deal.Field(name="x:plan", title="Buying plan"))))
    await w.heal()
    w.clock.advance(60)
    w.partner.make(**{"x:plan": "soon"})
    await w.settle()
    w.crm.edit(w.row.id, **{"x:plan": "later"})
    return w, w.row.id


async def new_lead() -> tuple[World, str]:
    w, ident = await new_in_partner_center()
    w.partner.rows[ident].lead = True
    return w, ident


async def a_lead() -> tuple[World, str]:
    w, ident = await new_lead()
    await w.settle()
    return w, ident


async def a_lead_accepted_there() -> tuple[World, str]:
    w, ident = await a_lead()
    w.partner.edit(ident, **{deal.STAGE: Stage.ACTIVE})
    return w, ident


async def a_lead_qualified_by_us() -> tuple[World, str]:
    w, ident = await a_lead_accepted_there()
    await w.step()
    w.clock.advance(2)
    await w.step()
    return w, ident


async def a_lead_qualified_here() -> tuple[World, str]:
    w, ident = await a_lead()
    (lead,) = w.leads.rows
    w.leads.qualify(lead, w.crm)
    return w, ident


async def a_lead_that_became_a_deal() -> tuple[World, str]:
    w, _ = await a_lead_qualified_here()
    await w.settle()
    w.partner.edit(w.referral.id, **{deal.NOTES: "as a deal"})
    return w, next(iter(w.leads.rows))


async def a_lead_edited_there() -> tuple[World, str]:
    w, ident = await a_lead()
    w.partner.edit(ident, **{deal.NOTES: "call on Monday"})
    return w, ident


async def a_lead_declined() -> tuple[World, str]:
    w, ident = await a_lead()
    w.leads.edit(next(iter(w.leads.rows)), **{deal.STAGE: Stage.LOST})
    return w, ident


async def a_lead_whose_link_is_lost() -> tuple[World, str]:
    w, ident = await a_lead()
    w.links.rows.clear()
    return w, ident


async def a_lead_of_the_crms_own() -> tuple[World, str]:
    w, _ = await a_lead()
    return w, w.leads.make(**{deal.STAGE: Stage.LEAD})


SCENES: tuple[Made, ...] = (
    agreed,
    edited_here,
    edited_there,
    edited_on_both,
    new_in_partner_center,
    new_with_help,
    new_in_the_crm,
    new_in_the_crm_with_help,
    not_shared,
    lacking_a_solution,
    history,
    before_the_first_start,
    of_another_system,
    lost_links,
    lost_links_from_the_referral,
    two_carriers,
    owed_under_test,
    owed_in_a_dry_run,
    deleted,
    closed_there,
    reopened,
    accepted_here,
    edited_while_pending,
    asks_for_help,
    microsoft_answered,
    help_changed,
    a_rounding_crm,
    a_fight,
    with_a_field_of_its_own,
    new_lead,
    a_lead,
    a_lead_accepted_there,
    a_lead_qualified_by_us,
    a_lead_qualified_here,
    a_lead_that_became_a_deal,
    a_lead_edited_there,
    a_lead_declined,
    a_lead_whose_link_is_lost,
    a_lead_of_the_crms_own,
)


@pytest.mark.parametrize("why", [Why.AGAIN, Why.REPLAY])
@pytest.mark.parametrize("made", SCENES)
async def test_what_is_explained_is_what_the_next_look_does(made: Made, why: Why) -> None:
    """In every situation the same outcome for the same reason and the same writes, and none by the explanation."""
    world, ident = await made()

    told = await foretold(world, ident, why)

    assert told.outcome.reason


@pytest.mark.parametrize("made", SCENES)
async def test_both_records_of_a_deal_explain_the_same_deal(made: Made) -> None:
    """Whichever id is asked for, its own record is shown, and the other one where there is one."""
    world, ident = await made()
    told = await explained(world, ident)

    for side in Side:
        if other := told.ident(side):
            again = await explained(world, other)
            assert (again.sides, again.writes) == (told.sides, told.writes)


async def told(made: Made) -> Explanation:
    world, ident = await made()
    return await explained(world, ident)


def field(explanation: Explanation, name: str) -> State:
    return next(view.state for view in explanation.fields if view.name == name)


async def test_a_field_is_agreed_edited_here_edited_there_or_without_a_base() -> None:
    """Each field is shown against what both sides showed when they last agreed."""
    assert field(await told(agreed), deal.NOTES) is State.AGREED
    assert field(await told(edited_here), deal.NOTES) is State.EDITED_CRM
    assert field(await told(edited_there), deal.NAME) is State.EDITED_PARTNER
    assert field(await told(edited_on_both), deal.NAME) is State.EDITED_BOTH
    assert field(await told(new_in_the_crm), deal.NAME) is State.ONE_SIDED
    assert field(await told(lost_links), deal.NAME) is State.NO_BASE


async def test_what_is_left_alone_says_why() -> None:
    """Locks, history, a missing base and switched-off synchronisation are each named in words."""
    assert "older than the first start" in (await told(history)).outcome.reason
    assert "synchronisation is off" in (await told(not_shared)).outcome.reason
    assert any("before it is accepted" in text for text in (await told(edited_while_pending)).left)
    world, ident = await lost_links()
    await foretold(world, ident)
    assert any("pick a side" in text and "differs now" in text for text in (await explained(world, ident)).left)


@pytest.mark.parametrize("made", [owed_under_test, owed_in_a_dry_run])
async def test_what_a_setting_forbids_is_shown_as_what_it_would_be(made: Made) -> None:
    """Under MODE=test and DRY_RUN nothing would be written, and what would be otherwise is shown all the same."""
    explanation = await told(made)

    assert explanation.outcome.kind is Kind.OWED
    assert explanation.writes == ()
    assert explanation.owed


async def test_a_field_of_the_installations_own_is_shown_by_its_title() -> None:
    """What `customize.yaml` adds is explained like every other field."""
    explanation = await told(with_a_field_of_its_own)
    shown = document(explanation, START)

    (write, _) = shown["writes"]
    assert write["values"] == {"Buying plan": "later"}
    assert field(explanation, "x:plan") is State.EDITED_CRM


async def test_a_creation_shows_the_record_that_would_be_made() -> None:
    """A referral that does not exist yet is called new, and the opportunity would carry its id."""
    explanation = await told(new_in_the_crm)

    assert [(write.side, write.purpose, write.id) for write in explanation.writes[:1]] == [
        (Side.PARTNER, Purpose.CREATE, NEW)
    ]
    assert any(write.counterpart == NEW and write.side is Side.CRM for write in explanation.writes)


async def test_a_parked_deal_shows_its_entry() -> None:
    """What a person has to decide is shown with the deal, reason and advice."""
    world, ident = await of_another_system()
    await world.settle()

    (entry,) = (await explained(world, ident)).parked
    assert "no record of this CRM" in entry.reason


async def test_a_lease_that_is_held_is_explained_as_somebody_at_work() -> None:
    """While another worker has begun, nothing would be written, and that is the reason."""
    world, ident = await edited_here()
    died = {"left": 1}

    async def die(name: str) -> None:
        if name == "partner.write" and died["left"]:
            died["left"] -= 1
            raise RuntimeError("the process is gone")

    world.partner.hook = die
    with pytest.raises(RuntimeError):
        await world.reconcile(world.signal(Look.OPPORTUNITY, Side.CRM, ident))
    explanation = await foretold(world, ident)
    assert "another worker" in explanation.outcome.reason
    world.clock.advance(200)

    assert (await foretold(world, ident)).writes


@pytest.mark.parametrize("ident", ["", "nobody", "../x", "a' or 1 eq 1", "a\n", "x" * 200, "ID\u202e"])
async def test_what_is_no_id_of_a_deal_is_nobodys(ident: str) -> None:
    """An unknown id, and a text that could be none, explain nothing; the second is not even looked for."""
    world, _ = await agreed()
    gateways = (world.partner, world.crm, world.leads)
    before = [list(each.calls) for each in gateways]

    assert await explainer(world)(ident) is None
    asked = [each.calls[len(calls) :] for each, calls in zip(gateways, before, strict=True)]
    assert asked == ([["read"], ["read"], ["read"]] if ident == "nobody" else [[], [], []])
