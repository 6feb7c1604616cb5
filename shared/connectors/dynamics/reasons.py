"""Which status reasons of an opportunity mean what: the standard ones, or those that `customize.yaml` names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.connectors.dynamics.schema import OPEN_STATE, Choice, Column, Reasons, squeezed
from shared.connectors.dynamics.vocabulary import LOST, STATE_OF, WON
from shared.customize.document import Place
from shared.customize.model import CLOSINGS, Status
from shared.domain.lifecycle import Stage

PLACE: Place = ("opportunity", "status")


@dataclass
class Found:
    """What the names come to, and what is wrong with them: (place, what it may be)."""

    reasons: Reasons = field(default_factory=Reasons)
    wrong: list[tuple[Place, str]] = field(default_factory=list)


def reasons(status: Status, column: Column) -> Found:
    """The reasons of a status as this organisation numbers them."""
    found = Found()
    held = tuple(_open(found, "on_hold", status.on_hold, column))
    accepted = tuple(_open(found, "accepted", status.accepted, column))
    closing = dict(_closing(found, status.closing, column))
    found.reasons = Reasons(held=held, accepted=accepted, closing=closing)
    every = [choice for choice in column.choices if choice.state == OPEN_STATE]
    left = [choice.label for choice in every if choice.value not in (*held, *accepted)]
    if held and accepted and left:
        found.wrong.append((PLACE, f"a status that names every open reason: {', '.join(left)} is in neither list"))
    if held and len(set(held)) == len(every):
        found.wrong.append(((*PLACE, "on_hold"), "some of the open reasons: one has to mean accepted"))
    if accepted and len(set(accepted)) == len(every):
        found.wrong.append(((*PLACE, "accepted"), "some of the open reasons: one has to mean on hold"))
    return found


def _open(found: Found, key: str, names: tuple[str | int, ...], column: Column) -> Iterator[int]:
    for index, name in enumerate(names):
        choice = column.option(name, {OPEN_STATE})
        if choice is None:
            found.wrong.append(((*PLACE, key, index), _one_of(column, {OPEN_STATE}, "an open status reason")))
        else:
            yield choice.value


def _closing(found: Found, names: Mapping[str, str | int], column: Column) -> Iterator[tuple[str, int]]:
    for reason, name in names.items():
        states = {STATE_OF[Stage(reason)]} if reason in CLOSINGS else {WON, LOST}
        choice = column.option(name, states)
        if choice is None:
            what = "a status reason of a won" if states == {WON} else "a status reason of a lost"
            what = "a status reason of a closed" if len(states) > 1 else what
            found.wrong.append(((*PLACE, "closing", reason), _one_of(column, states, f"{what} opportunity")))
        else:
            yield squeezed(reason), choice.value


def _one_of(column: Column, states: set[int], what: str) -> str:
    fitting: list[Choice] = [choice for choice in column.choices if choice.state in states]
    return f"{what}: {', '.join(f'{choice.label} ({choice.value})' for choice in fitting)}"
