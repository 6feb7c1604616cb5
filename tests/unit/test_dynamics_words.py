"""The tables of the Dynamics side are total, and labels lead to the right words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.answers import decipher
from shared.connectors.dynamics.closing import closing_body, turn_of
from shared.connectors.dynamics.names import names_of
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Choice, Column, Schema, Table
from shared.connectors.dynamics.verdicts import CODES, VERDICTS, AlreadyClosed, AlreadyThere, UnknownName, said
from shared.connectors.dynamics.vocabulary import (
    ACTIONS,
    HELP,
    INTENTS,
    LOST,
    OPEN,
    STATE_OF,
    WON,
    choice_of,
    code_of,
    stage_of,
)
from shared.domain import deal
from shared.domain.lifecycle import EARLY, Stage
from shared.domain.values import Money, Value
from shared.errors import AccessLost, Conflict, CosellError, Refused, RemoteError, Throttled, Unavailable

NOW = datetime(2026, 3, 1, tzinfo=UTC)
REASONS = (
    Choice(value=1, labels=("In Progress",), state=OPEN),
    Choice(value=2, labels=("Pausiert", "On Hold"), state=OPEN),
    Choice(value=100, labels=("Negotiating",), state=OPEN),
    Choice(value=3, labels=("Won",), state=WON),
    Choice(value=4, labels=("Canceled",), state=LOST),
    Choice(value=5, labels=("Out-Sold",), state=LOST),
)
EMPTY = Table(name="account", set="accounts", columns={})


def schema(reasons: tuple[Choice, ...] = REASONS) -> Schema:
    columns = {"statuscode": Column(name="statuscode", type="Status", choices=reasons)}
    return Schema(
        opportunity=Table(name="opportunity", set="opportunities", columns=columns), account=EMPTY, contact=EMPTY
    )


def labelled(*labels: tuple[str, ...]) -> Column:
    return Column(
        name="c", type="Picklist", choices=tuple(Choice(value=i, labels=each) for i, each in enumerate(labels, start=7))
    )


def test_every_stage_has_a_state() -> None:
    """Each stage but a lead's is a state of an opportunity, and each closed one has its action."""
    assert set(STATE_OF) == set(Stage) - EARLY
    assert set(ACTIONS) == {WON, LOST}


@pytest.mark.parametrize(
    ("state", "status", "stage"),
    [(0, 1, Stage.OPEN), (0, 2, Stage.HOLD), (0, 100, Stage.OPEN), (1, 3, Stage.WON), (2, 5, Stage.LOST)],
)
def test_stages(state: int, status: int, stage: Stage) -> None:
    """On Hold is the one open reason with a stage of its own; a partner's own reasons are open."""
    assert stage_of(state, status, schema()) is stage


def test_on_hold_is_found_where_it_was_renumbered() -> None:
    """The standard value counts while it is there; else the label does."""
    moved = tuple(choice for choice in REASONS if choice.value != 2)
    held = Choice(value=900, labels=("on hold",), state=OPEN)
    assert (schema().on_hold, schema().in_progress) == (2, 1)
    assert (schema((held, *moved)).on_hold, schema((held, *moved)).in_progress) == (900, 1)


def test_labels_lead_to_codes_and_back() -> None:
    """Labels are compared by letters alone, in any language that the column has; values never matter."""
    helps = labelled(("Allgemein", "General Or Other"), ("Proof-of-concept or demo",), ("Something else",))
    assert [code_of("help", choice) for choice in helps.choices] == [HELP[5], HELP[2], "Something else"]
    assert [choice.value for code in (HELP[2], HELP[5]) if (choice := choice_of("help", code, helps))] == [8, 7]
    intents = labelled(("No",), ("Have not decided",), ("Yes",))
    assert sorted(str(code_of("intent", choice)) for choice in intents.choices) == sorted(INTENTS)
    assert (code_of("help", None), choice_of("intent", "Maybe", intents)) == (None, None)


def test_columns_round_as_they_hold() -> None:
    """Whole columns take whole numbers, money its currency's places, others their own; bounds say what is wrong."""
    money = Column(name="m", type="Money", precision=4, precision_source=2, minimum=Decimal(0), maximum=Decimal(9))
    assert money.rounded(Decimal("1.005"), 2) == Decimal("1.01")
    assert money.rounded(Decimal("1.005"), None) == Decimal("1.005")
    assert replace(money, precision_source=0).rounded(Decimal("1.00005"), 2) == Decimal("1.0001")
    assert Column(name="i", type="Integer").rounded(Decimal("2.5"), 2) == 3
    assert money.beyond(Decimal(5)) is None
    assert "less than m" in str(money.beyond(Decimal(-1)))
    assert "more than m" in str(money.beyond(Decimal(10)))


@pytest.mark.parametrize(
    ("values", "state", "turn"),
    [
        ({}, 0, None),
        ({deal.STAGE: Stage.HOLD}, 0, None),
        ({deal.STAGE: Stage.WON}, 1, None),
        ({deal.STAGE: Stage.WON}, 0, (False, True)),
        ({deal.STAGE: Stage.LOST}, 1, (True, True)),
        ({deal.STAGE: Stage.OPEN}, 2, (True, False)),
    ],
)
def test_turns(values: dict[str, Value], state: int, turn: tuple[bool, bool] | None) -> None:
    """A row is reopened before it takes another end, closed once, and left alone where it is already."""
    found = turn_of(values, Row({"statecode": state}))
    assert (None if found is None else (found.reopens, found.closes)) == turn


@pytest.mark.parametrize(
    ("values", "status", "revenue"),
    [
        ({deal.STAGE: Stage.WON}, -1, 5),
        ({deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(7), "USD")}, -1, 7),
        ({deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(7), "EUR")}, -1, 5),
        ({deal.STAGE: Stage.LOST, deal.CLOSE_REASON: "out sold"}, 5, 0),
        ({deal.STAGE: Stage.LOST, deal.CLOSE_REASON: "Won"}, -1, 0),
        ({deal.STAGE: Stage.DECLINED, deal.CLOSE_REASON: "No answer"}, -1, 0),
    ],
)
def test_closing_says_revenue_and_end(values: dict[str, Value], status: int, revenue: int) -> None:
    """Revenue is the actual value in the row's currency, else the deal value, and nothing for a lost deal."""
    turn = turn_of(values, Row({"statecode": 0}))
    assert turn is not None
    amount = Money(Decimal(5), "USD")
    body = closing_body(turn, values, ident="x", amount=amount, schema=schema(), now=NOW)
    close = body["OpportunityClose"]
    assert (body["Status"], close["actualrevenue"], close["actualend"]) == (status, revenue, "2026-03-01")
    assert close["opportunityid@odata.bind"] == "/opportunities(x)"


def test_names_follow_their_prefix() -> None:
    """All columns carry the configured prefix, the marker our own in any case."""
    names = names_of("abc", "own")
    assert names.marker == "own_syncmarker"
    assert all(name.startswith("abc_") for name in names.every if name != names.marker)
    assert names_of("msft", "cosell").sync == "msft_microsoftpartnercenterreferralsync"


def judged(status: int, code: str | None, headers: dict[str, str] | None = None) -> CosellError:
    error = b"{}" if code is None else f'{{"error":{{"code":"{code}","message":"words"}}}}'.encode()
    with pytest.raises(CosellError) as caught:
        decipher(status, headers or {}, error, system="Dynamics 365", verdicts=VERDICTS)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (412, "0x80060882", Conflict),
        (400, "0x80060882", Conflict),
        (412, "0x80040237", AlreadyThere),
        (409, "0x80060892", Refused),
        (429, "0x80072326", Throttled),
        (503, "0x80072324", Throttled),
        (403, "0x80040220", AccessLost),
        (403, "0x80072560", AccessLost),
        (400, "0x80048d19", UnknownName),
        (400, "0x80060888", UnknownName),
        (400, "0x80040515", AlreadyClosed),
        (400, "0x80081018", AlreadyClosed),
        (400, "0x80044331", Refused),
        (400, "0x8004431a", Refused),
        (400, "0x80099999", Refused),
        (500, "0x80040216", Unavailable),
        (400, "0x0", Refused),
        (412, "", Conflict),
        (502, None, Unavailable),
        (401, None, AccessLost),
    ],
)
def test_codes_decide_before_statuses(status: int, code: str | None, kind: type[CosellError]) -> None:
    """The vendor's code says what happened, whatever the status; without a known one the status does."""
    assert type(judged(status, code)) is kind


def test_refusals_carry_their_origin() -> None:
    """Code, words and request id stay with the error, and every final refusal that is known says what to do."""
    error = judged(400, "0x80040265", {"x-ms-service-request-id": "r-1"})
    assert isinstance(error, RemoteError)
    assert (error.remote.code, error.remote.message, error.remote.request_id) == ("0x80040265", "words", "r-1")
    advised = [error for code in CODES if type(error := judged(400, code)) in (Refused, AccessLost)]
    assert advised
    assert all(error.advice for error in advised if isinstance(error, RemoteError))


@pytest.mark.parametrize("body", [None, [], "x", {}, {"error": "x"}, {"error": {"code": 5, "message": None}}])
def test_other_bodies_say_nothing(body: Any) -> None:
    """A body of another shape is no code and no words, and no failure of its own."""
    assert (said(body).codes, said(body).message) == ((), "")
