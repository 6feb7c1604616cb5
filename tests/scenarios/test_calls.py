"""How many remote calls a look costs: the budget of every tenant is shared (rules.md §7)."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


def calls(w: World) -> tuple[list[str], list[str]]:
    return w.partner.calls, w.crm.calls


def forget(w: World) -> None:
    w.partner.calls.clear()
    w.crm.calls.clear()


async def test_an_inbound_update_is_two_reads_and_one_write() -> None:
    """An edit in Partner Center: both sides read once, the row written once, and nothing else."""
    w = await linked_from_partner()
    forget(w)
    w.partner.edit(w.referral.id, **{deal.NOTES: "new"})
    await w.settle()

    assert calls(w) == (["read"], ["read", "write"])


async def test_an_outbound_update_is_two_reads_and_two_writes() -> None:
    """An edit in the CRM: the referral and the Audit are written once each, and its echo costs one read."""
    w = await linked_from_partner()
    forget(w)
    w.crm.edit(w.row.id, **{deal.NOTES: "new"})
    await w.settle()

    assert calls(w) == (["read", "write", "read"], ["read", "write"])


async def test_a_new_referral_is_found_made_and_tied() -> None:
    """Inbound creation: read, widen and tie there; find, create and at most one write here; the echo is one read."""
    w = await linked_from_partner()

    assert calls(w) == (["changes", "read", "widen", "write", "read"], ["changes", "find", "create"])


async def test_a_new_opportunity_is_posted_and_named() -> None:
    """Outbound creation: one read, one POST, one write back; the announcement of our own POST costs one read."""
    w = await linked_from_crm()

    assert calls(w) == (["changes", "create", "read"], ["changes", "read", "write"])


async def test_an_edit_after_the_invitation_looks_for_no_invitation() -> None:
    """Once Microsoft was invited, or was found to be, later edits do not look at its side again."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.links.rows[w.row.id] = replace(w.link, invited=None)
    w.crm.edit(w.row.id, **{deal.NOTES: "finds it again"})
    await w.settle()
    forget(w)
    w.crm.edit(w.row.id, **{deal.NOTES: "new"})
    await w.settle()

    assert calls(w) == (["read", "write", "read"], ["read", "write"])
