"""What goes wrong at the awaits of one schedule: deaths, stalls, answers that never come, 429s."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.values import Side
from shared.errors import Remote, Throttled, Unavailable
from tests.fakes.store import FakeClock

FUNCTION_TIMEOUT = timedelta(seconds=600)  # the platform ends an invocation then (host.json)
REMOTE = Remote(system="somewhere", message="no answer")


class Died(BaseException):
    """The process is gone: nothing after this line runs."""


@dataclass
class Faults:
    """The hook of a world. Calm worlds only interleave; `spared` tasks are people, not workers."""

    rng: random.Random
    rate: float
    calm: bool = False
    stalled: list[asyncio.Future[None]] = field(default_factory=list)
    spared: set[asyncio.Task[object] | None] = field(default_factory=set)
    clock: FakeClock = field(default_factory=FakeClock)

    async def __call__(self, name: str) -> None:
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
        if self.calm or asyncio.current_task() in self.spared or self.rng.random() > self.rate:
            return
        await self._go_wrong(name)

    async def _go_wrong(self, name: str) -> None:
        kind = self.rng.choice(("die", "die", "stall", "stall", "no answer", "throttled"))
        remote = name.startswith(tuple(Side))
        if kind == "stall":
            await self._stall()
        elif kind == "no answer" and remote:
            raise Unavailable(REMOTE)
        elif kind == "throttled" and remote and not name.endswith("done"):
            raise Throttled(REMOTE, retry_after=20)
        elif kind == "die":
            raise Died

    async def _stall(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self.stalled.append(future)
        begun = self.clock.now()
        await future
        if self.clock.now() - begun >= FUNCTION_TIMEOUT:
            raise Died

    def resume(self) -> None:
        """A stalled worker goes on, perhaps long after its lease."""
        if self.stalled:
            self.stalled.pop(self.rng.randrange(len(self.stalled))).set_result(None)
