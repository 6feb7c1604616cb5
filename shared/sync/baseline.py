"""When this installation began: older deals are history, and are shared only on request (rules.md §9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from shared.ports import Clock, Cursors

NAME = "baseline"
BEFORE = timedelta(minutes=10)  # what wakes an installation first may be a new deal, and no two clocks agree


async def baseline(cursors: Cursors, clock: Clock) -> datetime:
    """Shortly before the first start, noted then and never moved."""
    if noted := await cursors.get(NAME):
        return datetime.fromisoformat(noted)
    began = clock.now() - BEFORE
    await cursors.put(NAME, began.isoformat())
    return began
