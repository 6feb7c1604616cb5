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

    When its time is over one goes first, and the others follow once he was answered: what was refused together would
    be refused together again.
    """

    def __init__(self, most: int = NO_LIMIT, *, longest: float = LONGEST_TURN, tick: Tick = time.monotonic) -> None:
        self._slots, self._longest, self._tick = asyncio.Semaphore(most), longest, tick
        self._opens = float("-inf")
        self._untried = False
        self._scout: asyncio.Event | None = None

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
        self._opens, self._untried = max(self._opens, self._tick() + seconds), True

    @property
    def shut_for(self) -> float:
        """Seconds until it opens; 0 while it is open."""
        rest = self._opens - self._tick()
        return rest if rest > MOMENT else 0.0

    @property
    def scouted(self) -> bool:
        """Is somebody on his way ahead of all others?"""
        return self._scout is not None

    async def follow(self, longest: float) -> None:
        """Wait for his answer, but not for long: a refusal comes at once, so whoever is not answered was let in."""
        if scout := self._scout:
            try:
                async with asyncio.timeout(longest):
                    await scout.wait()
            except TimeoutError:
                if self._scout is scout:
                    self._scout, self._untried = None, False

    @asynccontextmanager
    async def through(self) -> AsyncIterator[None]:
        """One request. The first one after the turnstile was shut goes alone; call only while nobody else does."""
        if not self._untried:
            yield
            return
        scout = self._scout = asyncio.Event()
        opens, answered = self._opens, False
        try:
            yield
            answered = True
        except Exception:
            answered = True
            raise
        finally:
            self._untried = self._untried and not (answered and self._opens == opens)
            self._scout = None if self._scout is scout else self._scout
            scout.set()
