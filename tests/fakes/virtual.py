"""Virtual time: an event loop whose clock jumps to the next timer when nobody is ready.

A quarter of an hour of sleeping costs what its work costs, and comes out the same on a loaded machine. Nothing may
wait for the world outside (a socket, a thread): its time would not pass.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tests.fakes.store import START

T = TypeVar("T")


class Stuck(RuntimeError):
    """Every task waits for another one: in real time this would hang for ever."""


class _Jumping(selectors.SelectSelector):
    """Where a loop would wait for its next timer, its time is moved there."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise Stuck("nothing is scheduled and nobody is ready")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time` is seconds since it was made."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class LoopClock:
    """ports.Clock by the running loop's time, with jitter from a seed."""

    def __init__(self, *, seed: int = 0) -> None:
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    def jitter(self) -> float:
        return self._random.random()
