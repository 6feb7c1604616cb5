"""Runs one timer function on its schedule, one run at a time."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sandbox.host.calls import Outcome, TimerCall
from sandbox.host.functions import TimerTrigger
from sandbox.host.ncrontab import Schedule, parse

LOG = logging.getLogger("sandbox.host")

Now = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

# Longer waits are cut, so that a machine that slept does not wait on by a clock that stood still.
LONGEST_SLEEP = 60.0


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ticker:
    def __init__(
        self,
        trigger: TimerTrigger,
        run: Callable[[TimerCall], Awaitable[Outcome]],
        *,
        now: Now = utc_now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._schedule: Schedule = parse(trigger.schedule)
        self._on_startup = trigger.on_startup
        self._run = run
        self._now = now
        self._sleep = sleep
        self._last = now()
        self._stopping = False
        self._serving: asyncio.Task[None] | None = None
        self._busy = False

    def start(self) -> None:
        self._serving = asyncio.create_task(self.serve())

    async def stop(self, grace: float) -> None:
        """Begin no further run, and give the one under way some time to end."""
        self._stopping = True
        if self._serving is None:
            return
        if self._busy:
            await asyncio.wait({self._serving}, timeout=grace)
        self._serving.cancel()
        await asyncio.wait({self._serving})

    async def serve(self) -> None:
        """Run on schedule; a run that overlaps the next due time delays it, and is not made up for."""
        if self._on_startup:
            await self.tick()
        while not self._stopping:
            due = self._schedule.next_after(self._now())
            while (left := (due - self._now()).total_seconds()) > 0:
                await self._sleep(min(left, LONGEST_SLEEP))
            await self.tick()

    async def tick(self) -> Outcome:
        """Run once, now."""
        started = self._now()
        call = TimerCall(past_due=False, last=self._last, next=self._schedule.next_after(started))
        self._last = started
        self._busy = True
        try:
            return await self._run(call)
        finally:
            self._busy = False
