"""What becomes of one queue message: run, then deleted, tried again or poisoned.

Source: QueueProcessor of Microsoft.Azure.WebJobs.Extensions.Storage.Queues.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from sandbox.host.calls import Outcome, QueueCall, Succeeded
from sandbox.host.encoding import decode
from sandbox.host.errors import one_line
from sandbox.host.hostjson import QueueOptions
from sandbox.host.lease import Lease
from sandbox.host.outputs import send_or_create

LOG = logging.getLogger("sandbox.host")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Handles the messages of one queue; a queue without `poison` is itself a poison queue."""

    queue: QueueClient
    poison: QueueClient | None
    options: QueueOptions
    lease: int
    run: Callable[[QueueCall], Awaitable[Outcome]]

    async def handle(self, message: QueueMessage) -> None:
        lease = Lease(self.queue, message)
        body = decode(message.content, base64_text=self.options.base64)
        if body is None:
            await self._give_up(message, lease, "its text is not base64")
        elif self.poison is not None and (message.dequeue_count or 0) > self.options.max_dequeue_count:
            await self._give_up(message, lease, f"taken {message.dequeue_count} times already")
        else:
            async with lease.renewed(self.lease):
                outcome = await self.run(_call(message, body))
            await self._settle(message, lease, outcome)

    async def _settle(self, message: QueueMessage, lease: Lease, outcome: Outcome) -> None:
        if isinstance(outcome, Succeeded):
            await lease.delete()
        elif self.poison is None:
            LOG.warning("message %s stays hidden in %s until its lease ends", message.id, self.queue.queue_name)
        elif (message.dequeue_count or 0) >= self.options.max_dequeue_count:
            await self._give_up(message, lease, f"failed {message.dequeue_count} times")
        else:
            await lease.release(self.options.visibility_timeout)

    async def _give_up(self, message: QueueMessage, lease: Lease, why: str) -> None:
        if self.poison is None:
            LOG.error(
                "message %s in %s: %s; a poison queue has none of its own", message.id, self.queue.queue_name, why
            )
            return
        LOG.error("message %s moves to %s: %s", message.id, self.poison.queue_name, why)
        try:
            await send_or_create(self.poison, message.content)
        except AzureError as error:
            reason = one_line(error)
            LOG.warning("%s took no message, %s comes back: %s", self.poison.queue_name, message.id, reason)
            return
        await lease.delete()


def _call(message: QueueMessage, body: bytes) -> QueueCall:
    now = datetime.now(UTC)
    return QueueCall(
        body=body,
        id=message.id,
        dequeue_count=message.dequeue_count or 1,
        pop_receipt=str(message.pop_receipt),
        inserted=message.inserted_on or now,
        expires=message.expires_on or now,
        next_visible=message.next_visible_on or now,
    )
