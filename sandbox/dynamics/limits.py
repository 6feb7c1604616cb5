"""Service protection limits: requests, summed execution time and concurrency of each user in a sliding window."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.dynamics import errors

TIME_EXCEEDED = "0x80072321"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The vendor's numbers: 6000 requests and 20 minutes of execution in 5 minutes, 52 at once."""

    requests: int = 6000
    window: float = 300.0
    concurrent: int = 52
    execution_ms: float = 1_200_000.0

    def changed(self, body: Mapping[str, Any]) -> Limits:
        unknown = sorted(set(body) - set(self.__dataclass_fields__))
        if unknown or any(isinstance(value, bool) or not isinstance(value, int | float) for value in body.values()):
            raise ValueError(f"limits are numbers: {', '.join(self.__dataclass_fields__)}")
        return replace(self, **body)


@dataclass(kw_only=True)
class _User:
    served: deque[float] = field(default_factory=deque)
    spent: deque[tuple[float, float]] = field(default_factory=deque)
    total_ms: float = 0.0
    active: int = 0
    refusals: int = 0


@dataclass(kw_only=True)
class Protection:
    """`enter` refuses with 429; a client that goes on regardless is told to wait longer each time."""

    limits: Limits = field(default_factory=Limits)
    users: dict[str, _User] = field(default_factory=dict)

    def enter(self, user: str, now: float, weight: int = 1) -> None:
        state = self.users.setdefault(user, _User())
        self._forget(state, now - self.limits.window)
        if state.active >= self.limits.concurrent:
            raise self._refuse(state, errors.CONCURRENCY, f"Number of concurrent requests exceeded {state.active}", 1)
        if len(state.served) + weight > self.limits.requests:
            wait = state.served[0] + self.limits.window - now if state.served else 1.0
            raise self._refuse(
                state, errors.BURST, f"Number of requests exceeded the limit {self.limits.requests}", wait
            )
        if state.spent and state.total_ms > self.limits.execution_ms:
            wait = state.spent[0][0] + self.limits.window - now
            raise self._refuse(state, TIME_EXCEEDED, "Combined execution time of incoming requests exceeded", wait)
        state.refusals = 0
        state.active += 1
        state.served.extend([now] * weight)

    def remaining(self, user: str) -> int:
        return max(0, self.limits.requests - len(self.users.setdefault(user, _User()).served))

    def leave(self, user: str, now: float, ms: float) -> None:
        state = self.users.setdefault(user, _User())
        state.active -= 1
        state.spent.append((now, ms))
        state.total_ms += ms

    def _forget(self, state: _User, before: float) -> None:
        while state.served and state.served[0] <= before:
            state.served.popleft()
        while state.spent and state.spent[0][0] <= before:
            state.total_ms -= state.spent.popleft()[1]

    def _refuse(self, state: _User, code: str, message: str, wait: float) -> errors.DataverseError:
        seconds = max(1, math.ceil(wait)) + state.refusals
        state.refusals += 1
        return errors.DataverseError(code, f"{message} over a time window.", retry_after=seconds)
