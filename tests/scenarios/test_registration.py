"""Deal registration: what begins when a deal is won, where the CRM has columns for it (rules.md §5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Contract, Money, Side, Value
from shared.messages import Look
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm

CONTRACT = Contract(
    value=Money(Decimal(50000), "USD"),
    term="Finite",
    start=date(2026, 12, 1),
    end=date(2027, 11, 30),
    signed=date(2026, 11, 20),
    on_azure=True,
    deployment="Customer",
    pricing="Other",
)
COLUMNS: dict[str, Value] = {deal.REGISTRATION: None, deal.REGISTRATION_REASON: None}


async def shared_deal(**values: Value) -> World:
    """A deal that Microsoft sees, in a CRM with the columns that are given."""
    w = await linked_from_crm(**{deal.VISIBLE: True, **values})
    w.partner.history.clear()
    return w


async def win(w: World) -> None:
    won: dict[str, Value] = {deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(50000), "USD")}
    w.crm.edit(w.row.id, **won)
    await w.settle()


async def review(w: World, status: str, reason: str | None = None) -> None:
    w.partner.edit(w.referral.id, **{deal.REGISTRATION: status, deal.REGISTRATION_REASON: reason})
    await w.settle()


def registered(w: World) -> list[Value]:
    return [value for _, name, value, who in w.partner.history if (name, who) == (deal.CONTRACT, "sync")]


async def test_a_won_deal_is_registered_with_its_contract_once() -> None:
    """The contract that was filled in before goes out right after the win, and its review comes back."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: CONTRACT})
    assert registered(w) == []
    await win(w)
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert (w.referral.values[deal.STAGE], registered(w)) == (Stage.WON, [CONTRACT])
    assert w.row.values[deal.REGISTRATION] == "ReviewPending"
    assert any("Deal registration: ReviewPending" in line for line in w.row.audit)
    assert (w.partner.violations, w.crm.violations, w.parked.entries) == ([], [], {})


async def test_a_contract_that_is_filled_in_after_the_win_is_sent_then() -> None:
    """On a won deal the registration is the one thing that is still written, and an edit of it follows."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: None})
    await win(w)
    assert registered(w) == []
    later = replace(CONTRACT, signed=date(2026, 11, 25))
    for contract in (CONTRACT, later):
        news: dict[str, Value] = {deal.CONTRACT: contract, deal.NOTES: f"signed {contract.signed}"}
        w.crm.edit(w.row.id, **news)
        await w.settle()

    assert registered(w) == [CONTRACT, later]
    assert w.referral.values[deal.NOTES] == "first call held"
    assert w.partner.violations == []


async def test_a_review_is_told_with_its_reason_and_once() -> None:
    """Each step of Microsoft's is an Audit line of the closed opportunity and stands in its columns."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: CONTRACT})
    await win(w)
    await review(w, "ActionRequired", "The contract is not signed")
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)
    await review(w, "Approved")
    lines = [line for line in w.row.audit if "Deal registration:" in line]

    assert len(lines) == 3
    assert "Deal registration: ActionRequired (The contract is not signed)" in lines[1]
    assert "Deal registration: Approved" in lines[0]
    assert (w.row.values[deal.REGISTRATION], w.row.mark) == ("Approved", "✓")


async def test_without_columns_the_review_is_told_and_nothing_is_registered() -> None:
    """A CRM without any column of a registration hears of it in Audit, once a step."""
    w = await shared_deal()
    await win(w)
    await review(w, "ReviewPending")
    await review(w, "Approved")
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert [line for line in w.row.audit if "Deal registration:" in line] == [
        "Deal registration: Approved",
        "Deal registration: ReviewPending",
    ]
    assert deal.REGISTRATION not in w.row.values
    assert registered(w) == []


async def test_a_closed_row_that_takes_no_columns_hears_of_it_all_the_same() -> None:
    """Where the CRM refuses columns of a closed opportunity the words are written alone, and once."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: CONTRACT})
    w.crm.shut = True
    await win(w)
    await review(w, "Approved")
    calls = len(w.crm.calls)
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert w.row.audit[0] == "Deal registration: Approved"
    assert (w.row.values[deal.REGISTRATION], w.parked.entries) == (None, {})
    assert w.crm.calls[calls:].count("write") == 0


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.LOST])
async def test_a_deal_that_is_not_won_is_not_registered(stage: Stage) -> None:
    """A contract on an open or a lost deal goes nowhere and disturbs nothing."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: CONTRACT})
    w.crm.edit(w.row.id, **{deal.STAGE: stage, deal.NOTES: "news"})
    await w.settle()

    assert registered(w) == []
    assert w.outcomes[-1].kind == "done"
    assert w.partner.violations == []


async def test_a_private_deal_is_never_registered() -> None:
    """What Microsoft cannot see it does not register."""
    w = await linked_from_crm(**COLUMNS, **{deal.CONTRACT: CONTRACT})
    await win(w)

    assert (w.referral.values[deal.STAGE], registered(w), w.partner.violations) == (Stage.WON, [], [])


async def test_a_registration_of_the_portal_is_not_overwritten() -> None:
    """A deal that a colleague registered in the portal keeps that contract while the CRM's is not edited."""
    w = await shared_deal(**COLUMNS, **{deal.CONTRACT: None})
    await win(w)
    theirs = replace(CONTRACT, term="Perpetual", end=None)
    made: dict[str, Value] = {deal.CONTRACT: theirs, deal.REGISTRATION: "ReviewPending"}
    w.partner.edit(w.referral.id, **made)
    await w.settle()

    assert w.referral.values[deal.CONTRACT] == theirs
    assert (registered(w), w.row.values[deal.CONTRACT]) == ([], None)
