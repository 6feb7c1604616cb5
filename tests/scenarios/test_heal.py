"""What no webhook announced is found (rules.md §9)."""

from __future__ import annotations

from shared.domain import deal
from shared.domain.values import Side
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_partner


async def test_a_lost_webhook_costs_a_heal_not_a_deal() -> None:
    """Changes that nothing announced are found by the poll, on both sides."""
    w = await linked_from_partner()
    w.webhooks = False
    w.partner.edit(w.referral.id, **{deal.NOTES: "unannounced"})
    w.crm.edit(w.row.id, **{deal.NAME: "Unannounced too"})
    await w.heal()

    assert w.row.values[deal.NOTES] == "unannounced"
    assert w.referral.values[deal.NAME] == "Unannounced too"
    quiet = await w.heal()
    assert quiet.signalled == 0


async def test_the_first_heal_signals_nothing() -> None:
    """The first pass is a baseline: history is not shared by it."""
    w = World(webhooks=False)
    w.partner.make()
    w.crm.make()
    report = await w.heal()

    assert (report.first, report.signalled) == (True, 0)


async def test_a_full_resync_finds_what_was_deleted_meanwhile() -> None:
    """An expired cursor lists everything; a linked row that is absent from it is gone."""
    w = await linked_from_partner()
    w.webhooks = False
    await w.heal()
    del w.crm.rows[w.row.id]
    w.crm.cursor_expired = True
    await w.heal()

    assert w.link.gone is Side.CRM
