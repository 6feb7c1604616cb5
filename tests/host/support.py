"""What the host's tests share: the sample app's settings and queues, and how to look into a running one."""

import asyncio
import base64
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from azure.storage.queue.aio import QueueServiceClient

from sandbox.host import Host

QUEUES = ("work", "work-poison", "threads", "threads-poison", "chain", "chain-poison", "results")
MASTER = {"x-functions-key": "master-key"}
SETTINGS = {
    "CHAIN_QUEUE": "chain",
    "TICK": "0 0 0 1 1 *",
    "HOST_FUNCTION_KEY": "function-key",
    "HOST_MASTER_KEY": "master-key",
}
PATIENCE = 15.0


@dataclass(frozen=True, kw_only=True)
class Running:
    """A started host, a client of its HTTP endpoints and one of its storage account."""

    host: Host
    http: httpx.AsyncClient
    queues: QueueServiceClient

    @property
    def seen(self) -> list[dict[str, Any]]:
        """What the functions of the sample app remember."""
        seen: list[dict[str, Any]] = sys.modules["function_app"].SEEN
        return seen

    async def send(self, queue: str, order: Any) -> None:
        """Send an order as the platform expects it: JSON unless it is a text, in base64."""
        await self.send_raw(queue, encoded(order))

    async def send_raw(self, queue: str, text: str) -> None:
        await self.queues.get_queue_client(queue).send_message(text)

    async def texts(self, queue: str) -> list[str]:
        """Give the raw texts that are visible on a queue."""
        return [each.content for each in await self.queues.get_queue_client(queue).peek_messages(32)]

    async def count(self, queue: str) -> int:
        """Count a queue's messages, hidden ones too."""
        properties = await self.queues.get_queue_client(queue).get_queue_properties()
        return properties.approximate_message_count or 0

    async def until_quiet(self) -> None:
        async def quiet() -> bool:
            return bool((await self.host.invocations())["quiet"])

        await until(quiet)


def encoded(order: Any) -> str:
    text = order if isinstance(order, str) else json.dumps(order)
    return base64.b64encode(text.encode()).decode()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for another process's state, which announces itself to nobody."""
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 — a queue raises no event here
            await asyncio.sleep(0.02)
