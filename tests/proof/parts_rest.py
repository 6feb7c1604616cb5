"""Coming to rest: queues drain, leases end, heal finds what nobody announced, until nothing is left to be done."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from tests.proof.figure import Say
from tests.proof.parts_behind import links, unfinished
from tests.proof.parts_ground import Ground

LEASES = 660.0  # seconds: the longest that anything is kept from others, and somewhat more
FORGOTTEN = 3700.0  # seconds: what was passed is remembered for an hour
SCHEDULE = 300.0  # seconds between two runs of auto-heal, as by default
SECONDS = 10.0  # between two looks where time has to be waited for
SLOW = 5.0  # seconds of a run of auto-heal that are worth telling
ROUNDS = 12
LOOK = 0.4


@dataclass
class Rest:
    """`end` gives the number of rounds that it took; what is still there after the last is for the check to find."""

    ground: Ground
    say: Say

    async def end(self) -> int:
        for number in range(1, ROUNDS):
            await self._drained()
            begun = time.monotonic()
            await self.ground.heal()
            if (took := time.monotonic() - begun) > SLOW:
                self.say(f"auto-heal took {took:.0f} s")
            await self._drained()
            if not (left := await self._left()):
                return number
            self.say(f"waits for {left}")
            await self._later(number)
        return ROUNDS

    async def _later(self, number: int) -> None:
        """Until leases have ended: at once where clocks can be set ahead; else until all is done or heal is due."""
        if self.ground.clock:
            await self.ground.later(FORGOTTEN if number > ROUNDS // 2 else LEASES)
            return
        for _ in range(int(SCHEDULE / SECONDS)):
            await asyncio.sleep(SECONDS)
            if not await self.ground.outstanding() and not await self._left():
                return

    async def _drained(self) -> None:
        """Nothing runs and nothing can be taken now; what is hidden or delayed may be there."""
        quiet, wanted = 0, 1 if self.ground.clock else 3
        while quiet < wanted:
            busy = await self.ground.running() or await self.ground.visible()
            quiet = 0 if busy else quiet + 1
            await asyncio.sleep(LOOK)

    async def _left(self) -> str:
        """Messages to come, and links with work; with a clock, also what is only remembered."""
        outstanding = await self.ground.outstanding()
        texts = [f"{count} messages on {queue}" for queue, count in outstanding.items()]
        every = await links(self.ground)
        work = [link for link in every if unfinished(link) or (self.ground.clock and link.intents)]
        return ", ".join(texts + ([f"{len(work)} links"] if work else []))
