"""Sets, write-once fields and locks (rules.md §6)."""

from __future__ import annotations

from decimal import Decimal

from shared.domain import deal
from shared.domain.values import Group, Money, Person
from tests.fakes.gateway import KIM
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_partner


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
    w.row.locked.clear()
    w.crm.edit(w.row.id, **{deal.NOTES: "touched"})
    await w.settle()

    assert w.row.values[deal.AMOUNT] == Money(Decimal(1), "USD")
