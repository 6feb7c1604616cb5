"""When this installation began: older deals are history, and are shared only on request (rules.md §9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.errors import Misconfigured
from shared.ports import Clock, Cursors

NAME = "baseline"
ALWAYS = datetime.min.replace(tzinfo=UTC)  # no deal is older: history was asked for
BEFORE = timedelta(minutes=10)  # what wakes an installation first may be a new deal, and no two clocks agree


async def baseline(cursors: Cursors, clock: Clock) -> datetime:
    """Shortly before the first start, noted then and never moved."""
    if noted := await cursors.get(NAME):
        return _read(noted)
    began = clock.now() - BEFORE
    await cursors.put(NAME, began.isoformat())
    return began


def _read(noted: str) -> datetime:
    """Another time in its place would share old deals, or none of those that were made since."""
    try:
        began = datetime.fromisoformat(noted)
    except ValueError as error:
        problem = f'the row "{NAME}" of the table cosellstate holds no time: write the first start there, as 2026-01-31'
        raise Misconfigured((problem,)) from error
    return began if began.tzinfo else began.replace(tzinfo=UTC)
