"""One attempt at a signal: its outcome, and what that means for the next one."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.codes import code_of
from shared.domain.link import Link
from shared.domain.outcome import Outcome, delayed
from shared.errors import Conflict, CosellError
from shared.messages import Why
from shared.sync.desk import Ended


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """The outcome of one attempt; `counts` when it was a try that should make the next delay longer.

    `paused`: a whole system or the settings stood in the way, so the signal does not grow older by it. `looked` is
    false when nothing was even looked at: whatever is safe for the signal's cause then still is.
    """

    outcome: Outcome
    link: Link | None = None
    counts: bool = True
    paused: bool = False
    looked: bool = True


def unlooked(outcome: Outcome) -> Attempt:
    """Nobody was at the record."""
    return Attempt(outcome=outcome, counts=False, paused=True, looked=False)


def later(error: CosellError, seconds: float) -> Attempt:
    """What is no fault of this record makes its signal no older; a conflict does."""
    outcome = delayed(str(error), code_of(error), seconds)
    return Attempt(outcome=outcome, counts=False, paused=not isinstance(error, Conflict))


def ended(found: Ended) -> Attempt:
    return Attempt(outcome=found.outcome, link=found.link, counts=False)


def again(why: Why) -> Why:
    """The cause of another look after one that ended early: its own where that decides what absence means."""
    return why if why in (Why.GONE, Why.REPLAY, Why.SYNC) else Why.AGAIN
