"""Sets, write-once fields and locks (rules.md §6)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Group, Money, Person, Side, Solution, Value
from shared.errors import Remote, Unavailable
from shared.messages import Look
from tests.fakes.gateway import KIM, PLATFORM
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner

ADDED, THEIRS = Solution(id="SOL-2"), Solution(id="SOL-3")


async def test_people_we_do_not_manage_stay() -> None:
    """Replacing the CRM's contact replaces it in the referral, and keeps the contact that only the referral has."""
    other = Person(email="lee@contoso.example", first_name="Lee", last_name="Oh", phone="1")
    w = World()
    await w.heal()
    w.partner.make(**{deal.CONTACTS: Group([KIM, other])})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([KIM])})
    await w.settle()
    new = Person(email="new@contoso.example", first_name="New", last_name="One", phone="2")
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([new, other])})
    await w.settle()

    assert w.referral.values[deal.CONTACTS] == Group([new, other])


async def test_visibility_is_set_back_once_and_told() -> None:
    """A withdrawn visibility is set back in the CRM with an Audit line; the referral is never asked to hide."""
    w = await linked_from_partner()
    w.crm.edit(w.row.id, **{deal.VISIBLE: True})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.VISIBLE: False})
    await w.settle()

    assert w.row.values[deal.VISIBLE] is True
    assert "cannot be withdrawn" in w.row.audit[0]
    assert w.partner.violations == []


async def test_a_locked_value_stays_with_its_reason_and_follows_when_unlocked() -> None:
    """A deal value that the CRM computes is not written inbound; the reason is told, and it follows when that ends."""
    w = await linked_from_partner()
    w.row.locked[deal.AMOUNT] = "the deal value is computed from products"
    w.partner.edit(w.referral.id, **{deal.AMOUNT: Money(Decimal(1), "USD")})
    await w.settle()
    assert w.row.values[deal.AMOUNT] == Money(Decimal(50000), "USD")
    assert "computed from products" in w.row.audit[0]
    w.partner.edit(w.referral.id, **{deal.NAME: "Another name"})
    await w.settle()
    assert w.row.audit[0] == "Updated from Partner Center: Name"
    w.row.locked.clear()
    w.crm.edit(w.row.id, **{deal.NOTES: "touched"})
    await w.settle()

    assert w.row.values[deal.AMOUNT] == Money(Decimal(1), "USD")


async def shared_contact() -> World:
    """A deal that Microsoft sees, with its customer contact."""
    w = await linked_from_crm(**{deal.VISIBLE: True})
    w.partner.history.clear()
    return w


async def test_a_shared_contact_is_set_back_once() -> None:
    """The contact that Microsoft was told of is set back in the CRM with an Audit line, and then all is settled."""
    w = await shared_contact()
    new = Person(email="new@contoso.example", first_name="New", last_name="One", phone="2")
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([new])})
    await w.settle()
    again = await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.row.values[deal.CONTACTS] == Group([KIM])
    assert len([line for line in w.row.audit if "Customer contact cannot be changed" in line]) == 1
    assert [outcome.kind for outcome in again] == [Kind.DONE]
    assert w.partner.violations == []


async def test_a_contacts_own_data_stay_the_customers() -> None:
    """A shared contact's new phone number is neither sent nor set back: it is told once and settled."""
    w = await shared_contact()
    edited = replace(KIM, phone="+1 555 0000")
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([edited])})
    await w.settle()
    again = await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.row.values[deal.CONTACTS] == Group([edited])
    assert len([line for line in w.row.audit if "Customer contact cannot be changed" in line]) == 1
    assert again[-1].kind is Kind.DONE
    assert w.partner.history == []


@pytest.mark.parametrize("value", ["GeneralOrOther", None])
async def test_help_is_set_back_once_asked(value: str | None) -> None:
    """The help that Microsoft was asked for is set back in the CRM once, with an Audit line."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.crm.edit(w.row.id, **{deal.HELP: value})
    await w.settle()
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.row.values[deal.HELP] == "QuotesOrLicensing"
    assert len([line for line in w.row.audit if "set back to QuotesOrLicensing" in line]) == 1
    assert len([row for row in w.partner.rows.values() if not row.ours]) == 1


@pytest.mark.parametrize("winner", list(Side))
async def test_a_computed_value_goes_out_whoever_wins(winner: Side) -> None:
    """A deal value that the CRM computes is outbound only: its change reaches the referral over an edit there."""
    w = await linked_from_partner(policy=replace(LIVE, winner=winner))
    w.row.locked[deal.AMOUNT] = "the deal value is computed from products"
    w.partner.edit(w.referral.id, **{deal.AMOUNT: Money(Decimal(1), "USD")})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.AMOUNT: Money(Decimal(55000), "USD")})
    await w.settle()

    assert w.referral.values[deal.AMOUNT] == Money(Decimal(55000), "USD")
    assert w.crm.violations == []


async def landed_without_answer(**values: Value) -> World:
    """No marker: the CRM's edit is in the referral, and nobody was told; a minute later."""
    w = await linked_from_partner(carries_marker=False)

    async def cut(name: str) -> None:
        if name == "partner.write done":
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    answers, w.partner.hook = w.partner.hook, cut
    w.crm.edit(w.row.id, **values)
    await w.deliver()
    await w.step()
    w.partner.hook = answers
    w.clock.advance(60)
    return w


@pytest.mark.parametrize("sent", [Group([PLATFORM, ADDED]), Group([ADDED])], ids=["added", "replaced"])
async def test_an_element_taken_back_after_an_unsettled_write_goes_back(sent: Group) -> None:
    """One more element on a side without a marker does not hide that ours arrived: its undoing in the CRM is sent."""
    w = await landed_without_answer(**{deal.SOLUTIONS: sent})
    assert w.referral.values[deal.SOLUTIONS] == sent
    w.partner.edit(w.referral.id, **{deal.SOLUTIONS: Group([*sent, THEIRS])})
    w.crm.edit(w.row.id, **{deal.SOLUTIONS: Group([PLATFORM])})
    w.clock.advance(300)
    await w.settle()

    assert w.referral.values[deal.SOLUTIONS] == w.row.values[deal.SOLUTIONS] == Group([PLATFORM, THEIRS])
    assert w.link.intents == ()


async def test_an_edited_set_still_proves_the_write_beside_an_edit_back() -> None:
    """An element of ours in a set edited since proves that our write landed: the newest wins, Audit names both."""
    ours: dict[str, Value] = {deal.SOLUTIONS: Group([PLATFORM, ADDED]), deal.NOTES: "from the CRM"}
    w = await landed_without_answer(**ours)
    back: dict[str, Value] = {deal.SOLUTIONS: Group([PLATFORM, ADDED, THEIRS]), deal.NOTES: "first call held"}
    w.partner.edit(w.referral.id, **back)
    w.clock.advance(300)
    await w.settle()

    assert w.row.values[deal.NOTES] == w.referral.values[deal.NOTES] == "first call held"
    assert '"from the CRM"' in w.row.audit[0]
    assert '"first call held"' in w.row.audit[0]
    assert w.referral.values[deal.SOLUTIONS] == w.row.values[deal.SOLUTIONS] == Group([PLATFORM, ADDED, THEIRS])


async def test_an_element_that_may_never_have_arrived_vanishes_nowhere() -> None:
    """Of two elements sent together, one that the referral does not show may not have arrived: it is sent again."""
    w = await landed_without_answer(**{deal.SOLUTIONS: Group([PLATFORM, ADDED, THEIRS])})
    w.partner.edit(w.referral.id, **{deal.SOLUTIONS: Group([PLATFORM, ADDED])})
    w.clock.advance(300)
    await w.settle()

    assert w.referral.values[deal.SOLUTIONS] == w.row.values[deal.SOLUTIONS] == Group([PLATFORM, ADDED, THEIRS])
