"""Everything in a host that waits for work: the queue listeners and the timers."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.host.backoff import Backoff
from sandbox.host.calls import Call, Outcome
from sandbox.host.catalog import POISON
from sandbox.host.connections import Accounts
from sandbox.host.delivery import Delivery
from sandbox.host.functions import Function, QueueTrigger, TimerTrigger
from sandbox.host.hostjson import QueueOptions
from sandbox.host.listener import Listener
from sandbox.host.ticker import Ticker

Run = Callable[[Function, Call], Awaitable[Outcome]]


@dataclass(kw_only=True)
class Triggers:
    """`lease` in seconds; nothing starts before `start`."""

    run: Run
    accounts: Accounts
    options: QueueOptions
    lease: int
    listeners: dict[str, Listener] = field(default_factory=dict)
    tickers: dict[str, Ticker] = field(default_factory=dict)
    _polling: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, functions: Iterable[Function]) -> None:
        for each in functions:
            run = partial(self.run, each)
            if isinstance(each.trigger, QueueTrigger):
                self.listeners[each.name] = self._listener(each.name, each.trigger, run)
            elif isinstance(each.trigger, TimerTrigger):
                self.tickers[each.name] = Ticker(each.trigger, run)

    def _listener(self, name: str, trigger: QueueTrigger, run: Callable[[Any], Awaitable[Outcome]]) -> Listener:
        account = self.accounts.open(trigger.connection)
        delivery = Delivery(
            queue=account.get_queue_client(trigger.queue),
            poison=None if trigger.queue.endswith(POISON) else account.get_queue_client(trigger.queue + POISON),
            options=self.options,
            lease=self.lease,
            run=run,
        )
        # The pauses need no secrecy, only to differ between listeners.
        return Listener(name, delivery, Backoff(self.options.max_polling_interval, random.uniform))

    async def start(self) -> None:
        await asyncio.gather(*(each.prepare() for each in self.listeners.values()))
        for listener in self.listeners.values():
            task = asyncio.create_task(listener.serve())
            task.add_done_callback(listener.report_end)
            self._polling.append(task)
        for ticker in self.tickers.values():
            ticker.start()

    def wake(self, queue: str) -> None:
        for listener in self.listeners.values():
            if listener.queue == queue:
                listener.wake()

    def stop_taking(self) -> None:
        for listener in self.listeners.values():
            listener.stop()

    async def stop(self, grace: float) -> None:
        """Take nothing more, and give what runs some time to end."""
        self.stop_taking()
        await asyncio.gather(*self._polling, return_exceptions=True)
        running = [each.drain(grace) for each in self.listeners.values()]
        await asyncio.gather(*running, *(each.stop(grace) for each in self.tickers.values()))

    async def state(self) -> dict[str, Any]:
        states = await asyncio.gather(*(each.state() for each in self.listeners.values()))
        return dict(zip(self.listeners, states, strict=True))
