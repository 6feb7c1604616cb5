"""Delivers webhooks over real HTTP with a vendor's retry policy, and loses, doubles or holds them on request."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

import httpx

from sandbox.clock import Clock
from sandbox.webhook_values import Delivery, DeliveryPolicy, DeliveryResult, WebhookFaults

LOG_LENGTH = 2000
# How long deliveries gather before they are shuffled.
REORDER_SECONDS = 0.2

Sleep = Callable[[float], Awaitable[None]]


class WebhookSender:
    """`send()` returns at once; each delivery runs as a task of its own, as no vendor promises an order."""

    def __init__(
        self,
        *,
        clock: Clock,
        policy: DeliveryPolicy,
        client: httpx.AsyncClient | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.policy = policy
        self._start_policy = policy
        self._clock = clock
        self._client = client
        self._sleep = sleep
        self.faults = WebhookFaults()
        self._random = random.Random(0)  # noqa: S311 - repeatable faults, not secrets
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.held: list[Delivery] = []
        self._shuffling: list[Delivery] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def configure(self, body: Mapping[str, Any]) -> None:
        """The fault modes of `WebhookFaults`, and `intervals` in seconds between attempts."""
        rest = dict(body)
        intervals = rest.pop("intervals", self.policy.intervals)
        self.faults = self.faults.changed(rest)
        self.policy = replace(self.policy, intervals=tuple(map(float, intervals)))
        if "seed" in rest:
            self._random.seed(self.faults.seed)

    def send(self, delivery: Delivery) -> None:
        if self._random.random() < self.faults.drop:
            self._note(delivery, 0, "dropped")
            return
        copies = 2 if self._random.random() < self.faults.duplicate else 1
        for _ in range(copies):
            self._accept(delivery)

    def _accept(self, delivery: Delivery) -> None:
        if self.faults.hold:
            self.held.append(delivery)
        elif self.faults.reorder:
            self._shuffling.append(delivery)
            if len(self._shuffling) == 1:
                self._start(self._shuffle())
        else:
            self._start(self._deliver(delivery, self._random.uniform(*self.faults.delay)))

    def release(self) -> int:
        """Send what was held, in its order unless `reorder` is on; later ones are held on while `hold` is."""
        held, self.held = self.held, []
        if self.faults.reorder:
            self._random.shuffle(held)
        for delivery in held:
            self._start(self._deliver(delivery, 0.0))
        return len(held)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _shuffle(self) -> None:
        await self._sleep(REORDER_SECONDS)
        gathered, self._shuffling = self._shuffling, []
        for delivery in reversed(gathered):
            await self._deliver(delivery, self._random.uniform(*self.faults.delay))

    async def _deliver(self, delivery: Delivery, delay: float) -> None:
        if delay:
            await self._sleep(delay)
        waits = (*self.policy.intervals, None)
        result = DeliveryResult(delivered=False, status=None, attempts=0)
        for attempt, wait in enumerate(waits, start=1):
            status, error = await self._attempt(delivery, attempt)
            delivered = status is not None and 200 <= status < 300
            result = DeliveryResult(delivered=delivered, status=status, attempts=attempt, error=error)
            if delivered or wait is None or not self.policy.retry(status):
                break
            await self._sleep(wait)
        if delivery.on_result:
            delivery.on_result(result)

    async def _attempt(self, delivery: Delivery, attempt: int) -> tuple[int | None, str]:
        if self._client is None:
            # Receivers are on loopback or named by a test: no proxy of this machine's environment has a say.
            self._client = httpx.AsyncClient(trust_env=False)
        try:
            answer = await self._client.post(
                delivery.url, content=delivery.body, headers=dict(delivery.headers), timeout=self.policy.timeout
            )
        except httpx.HTTPError as error:
            self._note(delivery, attempt, type(error).__name__)
            return None, f"{type(error).__name__}: {error}"
        self._note(delivery, attempt, answer.status_code)
        return answer.status_code, answer.text[:200]

    def _note(self, delivery: Delivery, attempt: int, status: int | str) -> None:
        at = self._clock.now().isoformat()
        self.log.append({"url": delivery.url, "event": delivery.event, "attempt": attempt, "status": status, "at": at})

    @property
    def pending(self) -> int:
        return len(self._tasks) + len(self.held)

    async def idle(self) -> None:
        """Wait until nothing but held deliveries is left."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def status(self) -> dict[str, Any]:
        counts = {"pending": self.pending, "held": len(self.held), "attempts": len(self.log)}
        config = asdict(self.faults) | {"intervals": list(self.policy.intervals)}
        return {"config": config, "counts": counts, "log": list(self.log)}

    def reset(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.held.clear()
        self._shuffling.clear()
        self.log.clear()
        self.faults, self.policy = WebhookFaults(), self._start_policy
        self._random.seed(0)

    async def close(self) -> None:
        tasks = set(self._tasks)
        self.reset()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None
