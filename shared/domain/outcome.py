"""The closed set of ways in which looking at a deal can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shared.domain.code import Code
from shared.domain.values import Ref, Side


@dataclass(frozen=True, kw_only=True)
class Forbidden:
    """Why nothing may be written for a deal now, as the settings stand."""

    reason: str
    code: Code


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

    `reason` is a sentence for a person, `advice` what to do about it, `code` the reason for machines; `delay` is in
    seconds and only of a delayed one; `records` are those whose change may mend a waiting one; `wrote` says what was
    written, side by side. `carried` names the fields that were written to each side, and `since` is when the oldest
    of these changes happened on its own side, by that server's clock.
    """

    kind: Kind
    reason: str
    code: Code
    advice: str = ""
    delay: float | None = None
    records: tuple[Ref, ...] = ()
    wrote: tuple[str, ...] = ()
    look_again: bool = False
    carried: Mapping[Side, tuple[str, ...]] = field(default_factory=dict, compare=False)
    since: datetime | None = field(default=None, compare=False)


AGREED = "both sides agree"


def done(
    reason: str = AGREED, code: Code = Code.IN_STEP, *, wrote: tuple[str, ...] = (), look_again: bool = False
) -> Outcome:
    return Outcome(kind=Kind.DONE, reason=reason, code=code, wrote=wrote, look_again=look_again)


def left(reason: str, code: Code) -> Outcome:
    return Outcome(kind=Kind.LEFT, reason=reason, code=code)


def waiting(reason: str, records: tuple[Ref, ...] = ()) -> Outcome:
    return Outcome(kind=Kind.WAITING, reason=reason, code=Code.MISSING_DATA, records=records)


def delayed(reason: str, code: Code, delay: float | None = None) -> Outcome:
    return Outcome(kind=Kind.DELAYED, reason=reason, code=code, delay=delay)


def owed(forbidden: Forbidden, what: str = "") -> Outcome:
    """`what` is owed, where it is known."""
    reason = f"{forbidden.reason}. Owed: {what}" if what else forbidden.reason
    return Outcome(kind=Kind.OWED, reason=reason, code=forbidden.code)


def parked(reason: str, code: Code, advice: str = "") -> Outcome:
    return Outcome(kind=Kind.PARKED, reason=reason, code=code, advice=advice)
