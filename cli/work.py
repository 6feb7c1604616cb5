"""What a command works with: the settings as they were read, the output, and the product's own core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from cli.output import Output
from shared.core import Core, core
from shared.platform.outside import Outside, outside
from shared.settings import Reading, Settings

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line said for all commands. `world` makes what lies beyond this process; tests give another."""

    reading: Reading
    output: Output
    world: Callable[[Settings], Outside] = outside

    @property
    def settings(self) -> Settings:
        """Raises Misconfigured with every wrong setting."""
        return self.reading.need()

    @asynccontextmanager
    async def tools(self) -> AsyncIterator[Tools]:
        """Both gateways, the tables and the queues, as the functions have them."""
        settings = self.settings
        world = self.world(settings)
        try:
            yield Tools(settings=settings, world=world, core=core(settings, world))
        finally:
            await world.close()


@dataclass(frozen=True, kw_only=True)
class Tools:
    """The product as the functions run it, in this process."""

    settings: Settings
    world: Outside
    core: Core


def run(work: Coroutine[Any, Any, T]) -> T:
    """An asynchronous command to its end."""
    return asyncio.run(work)
