"""The workers of one schedule: they take messages and die over them, and the platform brings the messages back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta

from shared.errors import CosellError
from shared.messages import Signal, Why
from shared.platform.reception import FAILED, Reception
from tests.chaos.faults import Died, Faults
from tests.fakes.store import Sent
from tests.fakes.world import World

QUEUE_LEASE = timedelta(seconds=600)
MOST_ATTEMPTS = 5  # maxDequeueCount in host.json


class Workers:
    """Functions at work in one world, and the host's bookkeeping around them."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self._tasks: set[asyncio.Task[None]] = set()
        self._attempts: Counter[bytes] = Counter()
        self._poison: list[Sent] = []

    def start(self) -> None:
        """One worker more, if there is a message for him."""
        taken = self._world.signals.take()
        if taken is not None:
            self._spawn(self._work(taken))
        elif self._poison:
            self._spawn(self._bury(self._poison.pop(0)))

    def heal(self) -> None:
        """Auto-heal starts; it may die, and the next may start before it is through."""
        self._spawn(self._heal())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _reception(self) -> Reception:
        async def open_gate() -> None:
            return None

        world = self._world
        return Reception(job=world.job, closed=open_gate, signals=world.signals, telemetry=world.telemetry)

    async def _work(self, taken: Sent) -> None:
        """One message: a death or a bug leaves it hidden until the platform's lease is over, five times at most."""
        try:
            await self._reception().run(taken.body)
        except (Died, CosellError):
            self._attempts[taken.body] += 1
            again = Sent(self._world.clock.now() + QUEUE_LEASE, taken.number, taken.body)
            if self._attempts[taken.body] % MOST_ATTEMPTS:
                self._world.signals.put(again)
            else:
                self._poison.append(again)

    async def _bury(self, poison: Sent) -> None:
        try:
            await self._reception().poisoned(poison.body)
        except (Died, CosellError):
            self._poison.append(poison)

    async def _heal(self) -> None:
        with suppress(Died, CosellError):  # a pass that dies half-way is repeated by the next one
            await self._world.watch.run()

    async def ended(self) -> None:
        """Every worker comes to his end, and every poison message is taken."""
        while self._faults.stalled or self._tasks or self._poison:
            self._faults.resume()
            if self._poison:
                self.start()
            await asyncio.sleep(0)

    async def replayed(self) -> int:
        """An administrator replays what was parked because its workers kept dying; how many there were.

        What is gone or has parted from its referral he drops: a replay would make it again.
        """
        entries = [entry for entry in self._world.parked.entries.values() if entry.reason == FAILED]
        for entry in entries:
            if self._ended_link(entry.ref.id):
                await self._world.parked.clear(entry.pair, entry.ref)
                continue
            signal = Signal.decoded(entry.body.encode())
            await self._world.signals.send(self._world.signal(signal.look, signal.side, signal.id, Why.REPLAY))
        return len(entries)

    def _ended_link(self, ident: str) -> bool:
        links = self._world.links.rows.values()
        return any((link.gone or link.detached) and ident in (link.key, link.partner) for link in links)
