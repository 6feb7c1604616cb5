"""What a timer sees of the queues and of what is parked, told as events and metrics: alerts ask for these."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shared.errors import RemoteError
from shared.observe import meters
from shared.ports import Clock, Parked, Queued, Telemetry, WatchedSignals

LONGEST = 30.0  # seconds: heal waits behind it, and a table may be long


@dataclass(frozen=True, kw_only=True)
class Sight:
    """The service's own count of a queue is an hour old, and nobody else says how long the oldest message waits."""

    signals: WatchedSignals
    parked: Parked
    telemetry: Telemetry
    clock: Clock
    longest: float = LONGEST

    async def look(self) -> None:
        """What cannot be seen is told, and keeps nobody from the deals."""
        try:
            async with asyncio.timeout(self.longest):
                await self._seen()
        except RemoteError as error:
            self.telemetry.event("queues_unseen", reason=str(error))
        except TimeoutError:
            self.telemetry.event("queues_unseen", reason=f"no answer in {self.longest:g} s")

    async def _seen(self) -> None:
        for queue in await self.signals.queued():
            self._tell(queue)
        count = 0
        async for _ in self.parked.every():
            count += 1
        self.telemetry.event("parked_seen", count=count)
        meters.gauge("cosell.parked", count)

    def _tell(self, queue: Queued) -> None:
        age = (self.clock.now() - queue.oldest).total_seconds() if queue.oldest else 0.0
        age = round(max(0.0, age), 1)
        self.telemetry.event("queue_seen", queue=queue.name, length=queue.length, oldest_s=age)
        meters.gauge("cosell.queue_age", age, meters.SECONDS, queue=queue.name)
        meters.gauge("cosell.queue_length", queue.length, queue=queue.name)
