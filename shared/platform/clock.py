"""The real time and real randomness."""

from __future__ import annotations

import random
from datetime import UTC, datetime

_RANDOM = random.SystemRandom()


class SystemClock:
    """ports.Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def jitter(self) -> float:
        return _RANDOM.random()
