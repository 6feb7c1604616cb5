"""How long changes took to the other side, as two small pictures: where each dot and line lies, in plain numbers.

Milliseconds are on a scale of tens, since a webhook takes a second and heal five minutes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from shared.domain.values import Side
from shared.platform.status.survey import WINDOW, Trip
from shared.platform.status.words import HOUR, MINUTE, SECOND, lasting

WIDTH, HEIGHT = 360, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 308, 12, 164
MOST_DOTS = 400  # of the newest: more would be a blot, and a heavy page
GRID = (100, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE, HOUR, 24 * HOUR)
LOWEST, HIGHEST = GRID[0], GRID[-1]
LEAST_TOP = 10 * SECOND
APART = 13.0  # between two labels, so that both can be read
TITLES: Mapping[Side, str] = MappingProxyType({Side.CRM: "To Dynamics 365", Side.PARTNER: "To Partner Center"})


@dataclass(frozen=True, kw_only=True)
class Line:
    """A horizontal line with its words; `label` is the height at which these stand."""

    y: float
    label: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One direction. `count`, `middle`, `most` and `longest` are what a reader is told who sees no picture."""

    name: str
    title: str
    count: int
    middle: str = ""
    most: str = ""
    longest: str = ""
    dots: tuple[tuple[float, float], ...] = ()
    grid: tuple[Line, ...] = ()
    marks: tuple[Line, ...] = ()


def pictures(trips: Sequence[Trip], now: datetime) -> tuple[Picture, ...]:
    """Both directions, on one scale."""
    top = _top([trip.ms for trip in trips])
    return tuple(_picture(side, [trip for trip in trips if trip.to is side], now, top) for side in TITLES)


def percentile(sizes: Sequence[int], share: float) -> int:
    """The size that this share of all does not exceed (the nearest rank); `sizes` is not empty."""
    ordered = sorted(sizes)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _picture(side: Side, trips: list[Trip], now: datetime, top: float) -> Picture:
    if not trips:
        return Picture(name=side.value, title=TITLES[side], count=0)
    sizes = [trip.ms for trip in trips]
    middle, most = percentile(sizes, 0.5), percentile(sizes, 0.95)
    return Picture(
        name=side.value,
        title=TITLES[side],
        count=len(trips),
        middle=lasting(middle),
        most=lasting(most),
        longest=lasting(max(sizes)),
        dots=tuple((_x(trip.at, now), _y(trip.ms, top)) for trip in trips[-MOST_DOTS:]),
        grid=tuple(_line(size, _grid_words(size), top) for size in GRID if size <= top),
        marks=_marks(middle, most, top),
    )


def _marks(middle: int, most: int, top: float) -> tuple[Line, ...]:
    """Half of all and nineteen of twenty; where both lie close their words are moved apart."""
    low, high = _line(middle, f"p50 {lasting(middle)}", top), _line(most, f"p95 {lasting(most)}", top)
    close = max(0.0, APART - (low.y - high.y)) / 2
    return (
        Line(y=low.y, label=round(low.label + close, 1), text=low.text),
        Line(y=high.y, label=round(high.label - close, 1), text=high.text),
    )


def _line(size: float, text: str, top: float) -> Line:
    y = _y(size, top)
    return Line(y=y, label=round(y + 4, 1), text=text)


def _grid_words(size: int) -> str:
    return lasting(size).replace(".0", "").replace("24 h", "1 day")


def _top(sizes: Sequence[int]) -> float:
    """The first line of the grid above everything."""
    longest = max([LEAST_TOP, *sizes])
    return next((line for line in GRID if line >= longest), HIGHEST)


def _x(at: datetime, now: datetime) -> float:
    share = 1 - (now - at) / WINDOW
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, share)), 1)


def _y(size: float, top: float) -> float:
    bounded = min(
        top, max(LOWEST, size)
    )  # clocks of two systems differ: a change may seem to arrive before it was made
    share = math.log(bounded / LOWEST) / math.log(top / LOWEST)
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
