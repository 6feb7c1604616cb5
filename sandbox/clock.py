"""The simulators' time: real time plus an offset that a test may push forward."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def _real_time() -> datetime:
    return datetime.now(UTC)


class Clock:
    def __init__(self, real: Callable[[], datetime] = _real_time) -> None:
        self._real = real
        self.offset = timedelta()

    def now(self) -> datetime:
        return self._real() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        self.offset = timedelta()
