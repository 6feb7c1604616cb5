"""When this installation began: older deals are history, and are shared only on request (rules.md §9)."""

from __future__ import annotations

from datetime import datetime

from shared.ports import Clock, Cursors

NAME = "baseline"


async def baseline(cursors: Cursors, clock: Clock) -> datetime:
    """The moment of the first start, noted then and never moved."""
    if noted := await cursors.get(NAME):
        return datetime.fromisoformat(noted)
    await cursors.put(NAME, clock.now().isoformat())
    return clock.now()
