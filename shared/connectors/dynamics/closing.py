"""Reopening and closing an opportunity: what precedes and follows the write of its fields.

Closing by PATCH of the state is refused; the actions are documented under WinOpportunity and LoseOpportunity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from shared.connectors.dynamics.journal import cut
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Schema, squeezed
from shared.connectors.dynamics.vocabulary import ACTIONS, HELD, OPEN, STATE_OF, WON
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Values

DEFAULT_REASON = -1  # "the default status of the state"
LONGEST_SUBJECT = 200
LONGEST_DESCRIPTION = 2000


@dataclass(frozen=True, kw_only=True)
class Turn:
    """From one state to another: either may be the open one."""

    stage: Stage
    before: int
    after: int

    @property
    def reopens(self) -> bool:
        return self.before not in (OPEN, self.after)

    @property
    def closes(self) -> bool:
        return self.after not in (OPEN, self.before)

    def opening(self, schema: Schema) -> dict[str, Any]:
        """Reopening comes alone: a closed row takes no other column in the same request."""
        status = schema.on_hold if self.stage in HELD else schema.in_progress
        return {"statecode": OPEN, "statuscode": status}


def turn_of(values: Values, row: Row) -> Turn | None:
    """The turn that a write asks for; None where the state stays."""
    if deal.STAGE not in values:
        return None
    stage, before = Stage(str(values[deal.STAGE])), row.whole("statecode") or OPEN
    turn = Turn(stage=stage, before=before, after=STATE_OF[stage])
    return turn if turn.reopens or turn.closes else None


def action(turn: Turn) -> str:
    return ACTIONS[turn.after]


def closing_body(
    turn: Turn, values: Values, *, ident: str, amount: Money, schema: Schema, now: datetime
) -> Mapping[str, Any]:
    """The action's parameters, with revenue and end said explicitly: left out, they are not filled in."""
    reason = str(values.get(deal.CLOSE_REASON) or "")
    close: dict[str, Any] = {
        "subject": cut(f"{turn.stage.value.capitalize()} in Partner Center", LONGEST_SUBJECT),
        "actualend": f"{now.astimezone(UTC):%Y-%m-%d}",
        "opportunityid@odata.bind": f"/opportunities({ident})",
    }
    if reason:
        close["description"] = cut(reason, LONGEST_DESCRIPTION)
    revenue = _revenue(turn, values, amount)
    if revenue is not None:
        close["actualrevenue"] = revenue
    return {"Status": _status(turn, reason, schema), "OpportunityClose": close}


def _revenue(turn: Turn, values: Values, amount: Money) -> Decimal | None:
    """What it was really won for, if that is in the row's currency; a lost deal brought nothing."""
    if turn.after != WON:
        return Decimal(0)
    actual = values.get(deal.ACTUAL)
    if isinstance(actual, Money) and actual.amount is not None and actual.currency in (None, amount.currency):
        return actual.amount
    return amount.amount


def _status(turn: Turn, reason: str, schema: Schema) -> int:
    """The reason that was chosen for what the other side closed for, or is labelled so, else the state's default."""
    column, chosen = schema.status, schema.reasons.closing
    for word in (squeezed(reason), squeezed(turn.stage.value)):
        choice = column.choice(chosen.get(word))
        if choice and choice.state == turn.after:
            return choice.value
    named = column.labelled(reason) if reason else None
    return named.value if named and named.state == turn.after else DEFAULT_REASON
