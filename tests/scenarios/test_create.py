"""A record on one side becomes exactly one on the other (rules.md §4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.errors import Remote, Throttled, Unavailable
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


async def test_a_referral_becomes_one_opportunity_and_names_it() -> None:
    """A new referral is created in the CRM under a computed id, and carries that id as its external reference."""
    w = await linked_from_partner()

    assert w.row.counterpart == w.referral.id
    assert w.referral.counterpart == w.row.id
    assert w.row.values[deal.NAME] == w.referral.values[deal.NAME]
    assert w.link.linked
    assert (w.outcomes[0].kind, w.outcomes[0].reason) == (Kind.DONE, "Created from a referral of Partner Center")
    assert w.row.audit == ["Created from a referral of Partner Center"]


async def test_an_opportunity_becomes_one_referral() -> None:
    """A shared row without a referral becomes one, and gets its identifier, an Audit line and the check mark."""
    w = await linked_from_crm()

    assert w.referral.counterpart == w.row.id
    assert w.row.counterpart == w.referral.id
    assert w.row.audit == ["Shared with Partner Center as a new referral"]
    assert w.row.mark == "✓"


async def test_asking_for_help_invites_microsoft_once() -> None:
    """A help option makes the deal visible and invites Microsoft in the same engagement, exactly once."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.crm.edit(w.row.id, **{deal.NOTES: "again"})
    await w.settle()

    assert w.referral.values[deal.VISIBLE] is True
    invited = [row for row in w.partner.rows.values() if not row.ours]
    assert [(row.parent, row.values[deal.HELP]) for row in invited] == [(w.referral.parent, "QuotesOrLicensing")]
    assert w.link.invited == invited[0].id
    assert w.partner.violations == []


async def test_a_private_deal_becomes_co_sell_when_help_is_chosen_later() -> None:
    """Private to co-sell is an upgrade at any time: visible first, then the invitation."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.HELP: "GeneralOrOther"})
    await w.settle()

    assert w.referral.values[deal.VISIBLE] is True
    assert len([row for row in w.partner.rows.values() if not row.ours]) == 1
    assert w.partner.violations == []


@pytest.mark.parametrize("when", ["partner.create", "partner.create done"])
async def test_an_unanswered_post_makes_one_referral(when: str) -> None:
    """A POST without an answer is looked up before it is repeated: one referral, whether or not it took effect."""
    w = World()
    await w.heal()
    faults = {"left": 1}

    async def cut(name: str) -> None:
        if name == when and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    w.partner.hook = cut
    w.crm.make()
    await w.settle()
    w.clock.advance(700)
    await w.heal()

    assert w.referral.counterpart == w.row.id
    assert w.link.linked


async def test_a_row_whose_creation_was_told_by_an_error_is_still_ours() -> None:
    """A 429 after the row was made: its marker is still known, and an edit made meanwhile reaches the referral."""
    w = World()
    await w.heal()
    faults = {"left": 1}

    async def throttle(name: str) -> None:
        if name == "crm.create done" and faults["left"]:
            faults["left"] -= 1
            raise Throttled(Remote(system="Dynamics 365", status=429), retry_after=60)

    w.crm.hook = throttle
    w.partner.make()
    await w.settle(within=timedelta(seconds=5))
    w.crm.edit(w.row.id, **{deal.NOTES: "the seller was faster"})
    await w.settle()

    assert w.referral.values[deal.NOTES] == "the seller was faster"
    assert w.link.intents == ()
