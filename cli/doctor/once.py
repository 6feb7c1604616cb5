"""What several checks need is read once, by whichever comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from cli.work import Tools

T = TypeVar("T")


class Once(Generic[T]):
    """A reading that all who await it share, its failure too."""

    def __init__(self, read: Callable[[Tools], Awaitable[T]]) -> None:
        self._read = read
        self._under_way: asyncio.Task[T] | None = None

    async def __call__(self, tools: Tools) -> T:
        if self._under_way is None:
            self._under_way = asyncio.ensure_future(self._made(tools))
        return await asyncio.shield(self._under_way)

    async def _made(self, tools: Tools) -> T:
        return await self._read(tools)
