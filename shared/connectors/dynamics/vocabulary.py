"""Dynamics' words and ours: states, and help and purchase intent by label, since option values are never the same."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from shared.connectors.dynamics.schema import Choice, Column, Schema, squeezed
from shared.domain.lifecycle import NOT_WON, Stage

OPEN, WON, LOST = 0, 1, 2  # statecode of an opportunity (opportunity entity reference)

HELP = (
    "WorkloadSpecificValueProposition",
    "CustomerTechnicalArchitecture",
    "ProofOfConceptOrDemo",
    "QuotesOrLicensing",
    "PostSalesCustomerSuccess",
    "GeneralOrOther",
)
INTENTS = ("Yes", "No", "HaveNotDecided")
_HELP_BY_LABEL = MappingProxyType({squeezed(code): code for code in HELP})
_INTENT_BY_LABEL = MappingProxyType(
    {squeezed(code): code for code in INTENTS}
    | dict.fromkeys(("notdecided", "undecided", "haventdecided", "notyetdecided"), "HaveNotDecided"),
)
CODES_BY_LABEL: Mapping[str, Mapping[str, str]] = MappingProxyType({"help": _HELP_BY_LABEL, "intent": _INTENT_BY_LABEL})

STATE_OF: Mapping[Stage, int] = MappingProxyType(
    {
        Stage.PENDING: OPEN,
        Stage.HOLD: OPEN,
        Stage.ACTIVE: OPEN,
        Stage.OPEN: OPEN,
        Stage.WON: WON,
        **dict.fromkeys(NOT_WON, LOST),
    },
)
HELD = frozenset({Stage.PENDING, Stage.HOLD})
ACTIONS: Mapping[int, str] = MappingProxyType({WON: "WinOpportunity", LOST: "LoseOpportunity"})


def stage_of(state: int | None, status: int | None, schema: Schema) -> Stage:
    if state == WON:
        return Stage.WON
    if state == LOST:
        return Stage.LOST
    return Stage.HOLD if status in schema.holding else Stage.OPEN


def code_of(kind: str, choice: Choice | None) -> str | None:
    """The code that an option's label stands for in any language; a label we do not know is shown as it is."""
    if choice is None:
        return None
    known = CODES_BY_LABEL[kind]
    return next((known[s] for s in map(squeezed, choice.labels) if s in known), choice.label)


def choice_of(kind: str, code: str, column: Column) -> Choice | None:
    """The option whose label stands for the code."""
    return next((choice for choice in column.choices if code_of(kind, choice) == code), None)
