"""What one worker may ask of one system: so many requests at once, and none while the system says to wait.

A vendor's limits are the user's, not the worker's. `most` is this worker's share of them, and a 429 that one request
gets holds for all: whoever goes on regardless is told to wait longer (Dataverse's service protection limits) or is
counted once more (Partner Center's throttling guidance). Other workers are told by `ports.Pauses`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

LONGEST_TURN = 30.0  # seconds in the queue; with the call itself it has to fit into a lease (Policy.longest_call)
NO_LIMIT = 1_000_000  # at once
MOMENT = 0.001  # seconds: a timer may be that early
Tick = Callable[[], float]


class Turnstile:
    """First come, first served. Nothing opens it early: a success only says that its request was sent before.

    When its time is over one goes first, and with every answer a few more at once: what was refused together would be
    refused together again, and where refused requests count, too many of them are all that is ever counted.
    """

    def __init__(self, most: int = NO_LIMIT, *, longest: float = LONGEST_TURN, tick: Tick = time.monotonic) -> None:
        self._slots, self._longest, self._tick = asyncio.Semaphore(most), longest, tick
        self._opens, self._refusals = float("-inf"), 0
        self._under_way, self._pace = 0, float(NO_LIMIT)
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One of the places, held until the call is over. Raises TimeoutError when none becomes free in time."""
        async with asyncio.timeout(self._longest):
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    def shut(self, seconds: float) -> None:
        """Nobody through for so long; of two times the later one stands."""
        self._opens = max(self._opens, self._tick() + seconds)
        self._refusals, self._pace = self._refusals + 1, 1.0

    @property
    def shut_for(self) -> float:
        """Seconds until it opens; 0 while it is open."""
        rest = self._opens - self._tick()
        return rest if rest > MOMENT else 0.0

    @property
    def crowded(self) -> bool:
        """Are as many on their way as may be, so soon after it was shut?"""
        return self._under_way >= int(self._pace)

    async def thinned(self, longest: float) -> None:
        """Wait while it is crowded, but not for long: a refusal comes at once, so no answer means let in."""
        try:
            async with asyncio.timeout(longest):
                while self.crowded and not self.shut_for:
                    await self._moved.wait()
        except TimeoutError:
            self._pace = float(NO_LIMIT)

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """One request; call only while it is neither shut nor crowded."""
        refusals, answered = self._refusals, False
        self._under_way += 1
        try:
            yield
            answered = True
        except Exception:
            answered = True
            raise
        finally:
            self._under_way -= 1
            if answered and self._refusals == refusals:
                self._pace += 1 / self._pace  # one more at once for each time that all were answered
            self._moved.set()
            self._moved = asyncio.Event()
