"""What is costly to find out, found out once for everybody who asks within some seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The last finding, given again until it is `seconds` old. Who asks meanwhile waits for the one who looks."""

    def __init__(self, find: Callable[[], Awaitable[T]], *, seconds: float, tick: Callable[[], float]) -> None:
        self._find, self._seconds, self._tick = find, seconds, tick
        self._lock = asyncio.Lock()
        self._last: tuple[float, T] | None = None

    async def __call__(self) -> T:
        async with self._lock:
            if self._last is None or self._tick() >= self._last[0] + self._seconds:
                found = await self._find()
                self._last = (self._tick(), found)
            return self._last[1]
