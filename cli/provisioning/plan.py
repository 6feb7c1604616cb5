"""A plan: the changes that are to be made, in order, what is left and why, and what has to be decided first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum


class Act(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One change. `what` names the component for a person; `do` makes it, and may be called again after a failure.

    `publishes` are the tables whose definition or forms it changes. A `soft` step that is refused does not stop the
    others: it is told, and tried again by the next run.
    """

    act: Act
    what: str
    do: Callable[[], Awaitable[None]] = field(repr=False, compare=False)
    publishes: frozenset[str] = frozenset()
    soft: bool = False

    def __str__(self) -> str:
        return f"{self.act} {self.what}"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`notes` say what is left as it is; while there are `clashes` nothing may be carried out."""

    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    clashes: tuple[str, ...] = ()

    @property
    def publishes(self) -> frozenset[str]:
        """The tables that are published once everything is made."""
        return frozenset[str]().union(*(each.publishes for each in self.steps))

    def __add__(self, other: Plan) -> Plan:
        return Plan(
            steps=self.steps + other.steps, notes=self.notes + other.notes, clashes=self.clashes + other.clashes
        )


def clash(text: str) -> Plan:
    return Plan(clashes=(text,))


def note(text: str) -> Plan:
    return Plan(notes=(text,))


def step(
    act: Act,
    what: str,
    do: Callable[[], Awaitable[None]],
    publishes: frozenset[str] = frozenset(),
    *,
    soft: bool = False,
) -> Plan:
    return Plan(steps=(Step(act=act, what=what, do=do, publishes=publishes, soft=soft),))


def together(plans: list[Plan]) -> Plan:
    return sum(plans, Plan())
