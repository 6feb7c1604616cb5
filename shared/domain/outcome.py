"""The closed set of ways in which looking at a deal can end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.values import Ref


class Kind(StrEnum):
    """What the queue, the link and the seller are told."""

    DONE = "done"  # both sides agree, or were made to
    LEFT = "left"  # nothing to do here, and why
    WAITING = "waiting"  # data will mend it: tried again on the events of the records it names
    DELAYED = "delayed"  # time will mend it: sent again
    OWED = "owed"  # a toggle forbids the write: done when the settings allow it
    PARKED = "parked"  # a person must decide


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one look at a deal ended.

    `reason` is a sentence for a person, `advice` what to do about it; `delay` is in seconds and only of a delayed
    one; `records` are those whose change may mend a waiting one; `wrote` names what was written, side by side.
    """

    kind: Kind
    reason: str
    advice: str = ""
    delay: float | None = None
    records: tuple[Ref, ...] = ()
    wrote: tuple[str, ...] = ()
    look_again: bool = False


AGREED = "both sides agree"


def done(reason: str = AGREED, *, wrote: tuple[str, ...] = (), look_again: bool = False) -> Outcome:
    return Outcome(kind=Kind.DONE, reason=reason, wrote=wrote, look_again=look_again)


def left(reason: str) -> Outcome:
    return Outcome(kind=Kind.LEFT, reason=reason)


def waiting(reason: str, records: tuple[Ref, ...] = ()) -> Outcome:
    return Outcome(kind=Kind.WAITING, reason=reason, records=records)


def delayed(reason: str, delay: float | None = None) -> Outcome:
    return Outcome(kind=Kind.DELAYED, reason=reason, delay=delay)


def owed(reason: str) -> Outcome:
    return Outcome(kind=Kind.OWED, reason=reason)


def parked(reason: str, advice: str = "") -> Outcome:
    return Outcome(kind=Kind.PARKED, reason=reason, advice=advice)
