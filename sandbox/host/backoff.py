"""How long a listener waits after finding its queue empty: random, growing, bounded.

Source: RandomizedExponentialBackoffStrategy of the storage extension; it starts at 100 ms and varies by a fifth.
"""

from collections.abc import Callable
from datetime import timedelta

MINIMUM = timedelta(milliseconds=100)


class Backoff:
    def __init__(self, maximum: timedelta, uniform: Callable[[float, float], float]) -> None:
        self._maximum = maximum.total_seconds()
        self._uniform = uniform
        self._empty = 0

    def found(self) -> None:
        self._empty = 0

    def next(self) -> float:
        """Give the seconds until the next poll."""
        growth = (1 << min(self._empty, 30)) - 1  # clamped: an idle night must not grow a number of many digits
        self._empty += 1
        pause = MINIMUM.total_seconds() * (1 + growth * self._uniform(0.8, 1.2))
        return min(self._maximum, pause)
