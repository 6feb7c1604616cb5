"""What one signal costs: the calls made for it, counted across every task that works on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Tally:
    """`calls` to either system, repeats included; `correlation` joins the hops of one change."""

    correlation: str = ""
    calls: int = 0


_TALLY: ContextVar[Tally | None] = ContextVar("cosell_tally", default=None)


@contextmanager
def tallied(correlation: str) -> Iterator[Tally]:
    """Count from here on; a task that is started inside counts to the same."""
    tally = Tally(correlation=correlation)
    token = _TALLY.set(tally)
    try:
        yield tally
    finally:
        _TALLY.reset(token)


def tally() -> Tally:
    """The present one; outside of any signal one that nobody reads."""
    return _TALLY.get() or Tally()
