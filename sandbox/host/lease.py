"""Holds on to a queue message while its function runs, and lets go of it afterwards."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from sandbox.host.errors import one_line

LOG = logging.getLogger("sandbox.host")


class Lease:
    """The one valid pop receipt of a message, which every renewal replaces.

    A function may itself delete, hide or re-send its message by the receipt in its trigger metadata; the host then
    finds its own receipt stale and, as the platform does, takes that for an answer.
    """

    def __init__(self, client: QueueClient, message: QueueMessage) -> None:
        self._client = client
        self._id: str = message.id
        self._receipt: str = str(message.pop_receipt)
        self._lost = False
        # A renewal on its way when the function ends must land first, or the receipt used next is stale.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def renewed(self, seconds: int) -> AsyncIterator[None]:
        """Renew at half time for as long as the block runs."""
        task = asyncio.create_task(self._renew(seconds))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _renew(self, seconds: int) -> None:
        while not self._lost:
            await asyncio.sleep(seconds / 2)
            await asyncio.shield(self._update(seconds))

    async def release(self, visible_in: timedelta) -> None:
        await self._update(round(visible_in.total_seconds()))

    async def _update(self, seconds: int) -> None:
        try:
            async with self._turn:
                # No content: the service keeps the text that it has.
                updated = await self._client.update_message(
                    self._id, pop_receipt=self._receipt, visibility_timeout=seconds
                )
                self._receipt = str(updated.pop_receipt)
        except AzureError as error:
            self._failed("renew", error)

    async def delete(self) -> None:
        try:
            async with self._turn:
                await self._client.delete_message(self._id, pop_receipt=self._receipt)
        except AzureError as error:
            self._failed("delete", error)

    def _failed(self, what: str, error: AzureError) -> None:
        if is_stale(error):
            self._lost = True
        else:
            LOG.warning("could not %s message %s: it comes back after its lease (%s)", what, self._id, one_line(error))


def is_stale(error: AzureError) -> bool:
    """Whether the message is gone or has another receipt by now."""
    if isinstance(error, ResourceNotFoundError):
        return True
    return isinstance(error, HttpResponseError) and "PopReceiptMismatch" in _code(error)


def _code(error: HttpResponseError) -> str:
    # azure-core gives the service's code as an enumeration member or as text, depending on the version.
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code))
