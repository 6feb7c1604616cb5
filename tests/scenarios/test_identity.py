"""Which record is which, and pairs without a base (rules.md §2, §3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Side
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


async def test_a_lost_link_table_doubles_and_overwrites_nothing() -> None:
    """After the links are lost, pairs are adopted: equal values settle, differing ones are reported and left."""
    w = await linked_from_partner()
    w.links.rows.clear()
    w.webhooks = False
    w.crm.edit(w.row.id, **{deal.NOTES: "differs now"})
    w.webhooks = True
    w.partner.edit(w.referral.id, **{deal.NAME: "An edit after the loss"})
    await w.settle()

    assert len(w.crm.rows) == 1
    assert w.link.partner == w.referral.id
    assert w.row.values[deal.NOTES] == "differs now"
    assert w.referral.values[deal.NOTES] == "first call held"
    assert "pick a side" in w.row.audit[0]


async def test_a_cloned_row_gets_a_referral_of_its_own() -> None:
    """Cloning copies the identifier column; the referral names the original, so the clone is a new deal."""
    w = await linked_from_crm()
    original = w.row
    clone = w.crm.make(**{deal.NAME: "A clone"})
    w.crm.rows[clone].counterpart = original.counterpart
    await w.settle()

    own = [row for row in w.partner.rows.values() if row.ours]
    assert {original.id, clone} == {row.counterpart for row in own}


async def test_a_clone_of_a_deal_whose_referral_cannot_be_read_yet_is_no_case_for_a_person() -> None:
    """The link says whose the copied identifier is, also while Partner Center does not show the new referral."""
    w = World()
    await w.heal()
    w.partner.lag = 400
    original = w.crm.make()
    await w.settle(within=timedelta(seconds=5))
    clone = w.crm.make(**{deal.NAME: "A clone"})
    w.crm.rows[clone].counterpart = w.crm.rows[original].counterpart = next(iter(w.partner.rows))
    outcomes = await w.settle()

    assert Kind.PARKED not in [outcome.kind for outcome in outcomes]
    assert {original, clone} == {row.counterpart for row in w.partner.rows.values()}


async def test_a_referral_of_another_system_is_parked_untouched() -> None:
    """An external reference that names nothing here belongs to another system and is never overwritten."""
    w = World()
    await w.heal()
    ident = w.partner.make()
    w.partner.rows[ident].counterpart = "006-other-crm"
    await w.settle()

    assert w.outcomes[-1].kind is Kind.PARKED
    assert w.crm.rows == {}
    assert w.partner.rows[ident].counterpart == "006-other-crm"


async def test_history_is_left_alone() -> None:
    """A referral older than the first start is not created in the CRM by its next event."""
    w = World()
    ident = w.partner.make()
    w.clock.advance(3600)
    await w.heal()
    w.partner.edit(ident, **{deal.NOTES: "old deal, new note"})
    (*_, outcome) = await w.settle()

    assert outcome.kind is Kind.LEFT
    assert w.crm.rows == {}


async def test_a_leads_are_left_alone_when_only_co_sell_is_wanted() -> None:
    """COSELL_ONLY leaves inbound leads, with that reason."""
    w = World(policy=replace(LIVE, cosell_only=True))
    await w.heal()
    ident = w.partner.make(**{deal.STAGE: Stage.PENDING})
    snapshot = w.partner._snapshot

    def as_lead(row: object) -> object:
        return replace(snapshot(row), lead=True)  # type: ignore[arg-type]  # the row it was given

    w.partner._snapshot = as_lead  # type: ignore[assignment,method-assign]  # the referral of this test is a lead
    outcomes = await w.settle()

    assert ident
    assert "COSELL_ONLY" in outcomes[-1].reason
    assert w.crm.rows == {}


async def test_a_deleted_record_is_a_tombstone() -> None:
    """A linked row that is gone is not made again, and nothing is written to its referral."""
    w = await linked_from_partner()
    w.crm.delete(w.row.id)
    await w.settle()
    w.partner.edit(w.referral.id, **{deal.NOTES: "after the deletion"})
    await w.settle()

    assert w.crm.rows == {}
    assert w.link.gone is Side.CRM
