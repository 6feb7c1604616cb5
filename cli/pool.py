"""Several at once, in order, and never more than a few in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
AT_ONCE = 6  # deals: each waits on two remote systems, whose own limits the connectors keep


async def in_order(
    items: AsyncIterator[T], work: Callable[[T], Awaitable[R]], *, at_once: int = AT_ONCE
) -> AsyncGenerator[R]:
    """The result for each item, in the items' order. What one raises ends all of it."""
    running: deque[asyncio.Task[R]] = deque()

    async def one(item: T) -> R:
        return await work(item)

    try:
        async for item in items:
            running.append(asyncio.create_task(one(item)))
            if len(running) >= at_once:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
