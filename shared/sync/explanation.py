"""What is said of one deal to the administrator who asks: both sides, the link, and what the next look would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.deal import STAGE, Field
from shared.domain.link import Link, Purpose
from shared.domain.outcome import Outcome
from shared.domain.plan import pair_of
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side, Value, blank
from shared.messages import Signal
from shared.ports import ParkedEntry
from shared.sync.rehearsal import Write


class State(StrEnum):
    """A field against what both sides showed when they were last settled."""

    AGREED = "agreed"  # neither side was edited since
    EDITED_CRM = "edited in the CRM"
    EDITED_PARTNER = "edited in Partner Center"
    EDITED_BOTH = "edited on both sides"
    NO_BASE = "no base"  # nobody knows what both sides showed before
    ONE_SIDED = "on one side only"  # the other side does not show this field


_EDITED: Mapping[frozenset[Side], State] = {
    frozenset(): State.AGREED,
    frozenset({Side.CRM}): State.EDITED_CRM,
    frozenset({Side.PARTNER}): State.EDITED_PARTNER,
    frozenset(Side): State.EDITED_BOTH,
}


@dataclass(frozen=True, kw_only=True)
class FieldView:
    """One field of a deal on both sides; a side that does not show it is absent from `shown`."""

    name: str
    title: str
    shown: Mapping[Side, Value]
    state: State
    locked: Mapping[Side, str] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Status has other words on either side, so it is never compared as it stands."""
        if self.name == STAGE:
            return False
        values = [blank(value) for value in self.shown.values()]
        return len(values) == len(Side) and values[0] != values[1]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """`signal` is the look that was rehearsed; the rest is what it came to and what it was decided on.

    link      as it lies in the store; None where there is none
    after     as the look would leave it, if the settings allowed everything; None where it would not be touched
    resolved  the same once unfinished work is taken for what the records show of it
    titles    what both systems are called; `names` are the titles of the deal's fields
    sides     the records as they were read; None where one is missing
    writes    what the look would write, in order
    owed      what it would write besides if the settings allowed it
    left      why differences stay, sentence by sentence
    standing  why nothing at all is looked at now (a pause, another world, Microsoft's own flows)
    parked    the entries of both records that need a person
    """

    asked: str
    signal: Signal
    outcome: Outcome
    link: Link | None = None
    after: Link | None = None
    resolved: Link | None = None
    sides: Mapping[Side, Snapshot | None] = field(default_factory=dict)
    titles: Mapping[Side, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[FieldView, ...] = ()
    writes: tuple[Write, ...] = ()
    owed: tuple[Write, ...] = ()
    left: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    parked: tuple[ParkedEntry, ...] = ()

    @property
    def adopts(self) -> bool:
        """Would two records that are there be linked, and none be made?"""
        before = self.link is not None and self.link.linked
        made = any(write.purpose is Purpose.CREATE for write in (*self.writes, *self.owed))
        return not before and not made and self.after is not None and self.after.linked

    def ref(self, side: Side) -> Ref | None:
        record = self.sides.get(side)
        return record.ref if record else None

    def ident(self, side: Side) -> str:
        """The id of that side's record, also of one that is linked and gone; "" for none."""
        if (ref := self.ref(side)) is not None:
            return ref.id
        known = self.link.key if self.link and side is Side.CRM else (self.link.partner if self.link else "")
        return known or ""


def views(link: Link | None, sides: Mapping[Side, Snapshot | None], fields: tuple[Field, ...]) -> tuple[FieldView, ...]:
    """The deal's fields, each as both sides show it."""
    return tuple(view for spec in fields if (view := _view(spec, link, sides)).shown)


def _view(spec: Field, link: Link | None, sides: Mapping[Side, Snapshot | None]) -> FieldView:
    there = {side: record for side, record in sides.items() if record is not None and spec.name in record.values}
    return FieldView(
        name=spec.name,
        title=spec.title,
        shown={side: record.values[spec.name] for side, record in there.items()},
        state=_state(spec.name, link, there),
        locked={side: record.locked[spec.name] for side, record in there.items() if spec.name in record.locked},
    )


def _state(name: str, link: Link | None, there: Mapping[Side, Snapshot]) -> State:
    if set(there) != set(Side):
        return State.ONE_SIDED
    if link is None or not link.linked:
        return State.NO_BASE
    pair = pair_of(name, link, there)
    return _EDITED[frozenset(side for side in Side if pair.changed(side))] if pair.based else State.NO_BASE
