"""A limit on calls in a sliding window, off at start: none of the vendor's numbers is public."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ThrottledError(Exception):
    """429; `seconds` until a call is taken again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Try again in {seconds} seconds.")
        self.seconds = seconds


@dataclass(kw_only=True)
class Limit:
    """So many `requests` in `window` seconds for the whole tenant; 0 requests: no limit.

    What was refused counts as well, as the vendor's guidance says of immediate retries.
    """

    requests: int = 0
    window: float = 60.0
    asked: deque[float] = field(default_factory=deque)

    def change(self, body: Mapping[str, Any]) -> dict[str, float]:
        """Raises ValueError on an unknown name or a value that is no number."""
        if set(body) - {"requests", "window"} or any(type(value) not in (int, float) for value in body.values()):
            raise ValueError("a limit has the numbers requests (0: none) and window (seconds)")
        self.requests = int(body.get("requests", self.requests))
        self.window = float(body.get("window", self.window))
        return {"requests": self.requests, "window": self.window}

    def enter(self, now: float) -> None:
        """Count a call, or raise ThrottledError."""
        while self.asked and self.asked[0] <= now - self.window:
            self.asked.popleft()
        over = len(self.asked) - self.requests
        self.asked.append(now)
        if self.requests and over >= 0:
            raise ThrottledError(max(1, math.ceil(self.asked[over] + self.window - now)))

    def reset(self) -> None:
        self.requests, self.window = 0, 60.0
        self.asked.clear()
