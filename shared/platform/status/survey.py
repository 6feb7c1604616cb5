"""The links looked through for the page: how many deals are in step, and what was stored lately.

Both looks are bounded in rows and seconds, and say so where they were cut short: a page must not read a year.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain.link import Link
from shared.domain.values import Side
from shared.ports import Clock, Parked, ParkedEntry, Shelf
from shared.sync.watch import states

MOST_LINKS, MOST_RECENT, MOST_PARKED = 5_000, 2_000, 50
SECONDS = 3.0
WINDOW = timedelta(days=7)
T = TypeVar("T")
OTHER = "other"  # a deal that is being linked now


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Deals by how they stand, as heal counts them; `whole` is False where there are more links than were looked at."""

    by: Counter[str] = field(default_factory=Counter)
    linked: int = 0
    looked: int = 0
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Told:
    """The outcome of one deal, as its link keeps it."""

    key: str
    partner: str
    kind: str
    code: str
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Trip:
    """A change that was carried to a side: when, and how many milliseconds after it had happened."""

    at: datetime
    ms: int
    to: Side


@dataclass(frozen=True, kw_only=True)
class Lately:
    """What the links stored within `WINDOW` tell, newest first."""

    told: tuple[Told, ...] = ()
    trips: tuple[Trip, ...] = ()
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Parked entries, newest first; `whole` is False where there are more."""

    entries: tuple[ParkedEntry, ...] = ()
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Looks through what the store holds of one pair."""

    links: Shelf
    parked: Parked
    clock: Clock
    tick: Callable[[], float]
    most_links: int = MOST_LINKS
    most_recent: int = MOST_RECENT
    most_parked: int = MOST_PARKED

    async def counts(self) -> Counts:
        by, linked, looked = Counter[str](), 0, 0
        bound = _Bound(self.most_links, self.tick)
        async for link in bound.of(self.links.every()):
            if link.moved:  # its deal is counted under the link that it goes on as
                continue
            found = states(link)
            by[found[-1] if found else OTHER] += 1
            linked, looked = linked + ("linked" in found), looked + 1
        return Counts(by=by, linked=linked, looked=looked, whole=bound.whole)

    async def lately(self) -> Lately:
        since, bound = self.clock.now() - WINDOW, _Bound(self.most_recent, self.tick)
        found = [link async for link in bound.of(self.links.recent(since)) if not link.moved]
        told = [one for link in found if (one := _told(link)) and one.at >= since]
        trips = [trip for link in found for trip in _trips(link) if trip.at >= since]
        told.sort(key=lambda one: one.at, reverse=True)
        return Lately(told=tuple(told), trips=tuple(sorted(trips, key=_at)), whole=bound.whole)

    async def waiting_for_people(self) -> Listed:
        bound = _Bound(self.most_parked, self.tick)
        found = [entry async for entry in bound.of(self.parked.every())]
        return Listed(entries=tuple(sorted(found, key=lambda one: one.at, reverse=True)), whole=bound.whole)


class _Bound:
    """Passes on so many and for so long; `whole` is whether that was all."""

    def __init__(self, most: int, tick: Callable[[], float]) -> None:
        self.whole = True
        self._left, self._tick, self._end = most, tick, tick() + SECONDS

    async def of(self, found: AsyncIterator[T]) -> AsyncIterator[T]:
        async for each in found:
            if self._left == 0 or self._tick() > self._end:
                self.whole = False
                return
            self._left -= 1
            yield each


def _told(link: Link) -> Told | None:
    if (last := link.outcome) is None:
        return None
    return Told(
        key=link.key,
        partner=link.partner or "",
        kind=str(last.kind),
        code=last.code,
        reason=last.reason,
        at=last.at,
    )


def _trips(link: Link) -> list[Trip]:
    last = link.carried
    return [Trip(at=last.at, ms=last.ms, to=side) for side in last.to] if last else []


def _at(trip: Trip) -> datetime:
    return trip.at
