"""Our own writes come back and cost nothing; two automations that fight are stopped (rules.md §7)."""

from __future__ import annotations

from datetime import timedelta

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.messages import Look, Signal
from tests.scenarios.pairs import linked_from_partner


async def test_our_own_writes_cost_one_read_and_nothing_else() -> None:
    """After settling, every further announcement of the settled version is one read of the referral."""
    w = await linked_from_partner()
    w.partner.calls.clear()
    w.crm.calls.clear()
    await w.signals.send(Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=w.referral.id))
    (outcome,) = await w.settle()

    assert outcome.reason == "nothing new since the last look"
    assert (w.partner.calls, w.crm.calls) == (["read"], [])


async def test_two_automations_that_fight_are_parked() -> None:
    """A field that flips three times between two values within minutes parks the deal."""
    w = await linked_from_partner()
    for number in range(6):
        side, ident = (w.crm, w.row.id) if number % 2 else (w.partner, w.referral.id)
        side.edit(ident, **{deal.NOTES: f"value {number % 2}"})
        await w.settle(within=timedelta(seconds=5))
        w.clock.advance(5)

    assert w.outcomes[-1].kind is Kind.PARKED
    assert len(w.parked.entries) == 1
