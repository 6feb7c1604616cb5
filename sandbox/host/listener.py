"""Polls one queue for one function, with the platform's batch size, concurrency and back-off.

Source: QueueListener of Microsoft.Azure.WebJobs.Extensions.Storage.Queues.
"""

import asyncio
import logging
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage

from sandbox.host.backoff import Backoff
from sandbox.host.delivery import Delivery
from sandbox.host.errors import one_line
from sandbox.host.outputs import create

LOG = logging.getLogger("sandbox.host")


class Listener:
    """Takes a batch, starts all of it, and takes the next once at most `new_batch_threshold` are still running."""

    def __init__(self, name: str, delivery: Delivery, backoff: Backoff) -> None:
        self.name = name
        self._delivery = delivery
        self._backoff = backoff
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._empty_polls = 0
        self._unreachable = False

    @property
    def queue(self) -> str:
        return str(self._delivery.queue.queue_name)

    def wake(self) -> None:
        """Poll now: this host itself just put a message on the queue."""
        self._wake.set()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()

    async def prepare(self) -> None:
        """Make the queue and its poison queue where they are missing."""
        try:
            for each in (self._delivery.queue, self._delivery.poison):
                if each is not None:
                    await create(each)
        except AzureError as error:
            self._report(error)

    async def serve(self) -> None:
        """Run until stopped; what was taken by then runs on, see `drain`."""
        while not self._stopping.is_set():
            self._wake.clear()
            messages = await self._receive()
            for message in messages:
                self._start(message)
            if messages:
                self._backoff.found()
                self._empty_polls = 0
                await self._room()
            else:
                self._empty_polls += 1
                await self._pause(self._backoff.next())

    def report_end(self, task: asyncio.Task[None]) -> None:
        """Say so when the polling itself ends by a mistake: a silent queue looks like an empty one."""
        if not task.cancelled() and (error := task.exception()):
            LOG.critical("the host no longer polls %s", self.queue, exc_info=error)

    async def drain(self, seconds: float) -> None:
        """Give what is running some time to end; what does not is dropped and comes back after its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _receive(self) -> list[QueueMessage]:
        try:
            pages = self._delivery.queue.receive_messages(
                messages_per_page=self._delivery.options.batch_size, visibility_timeout=self._delivery.lease
            ).by_page()
            batch = [message async for message in await anext(pages)]
        except StopAsyncIteration:
            batch = []
        except ResourceNotFoundError:
            await self.prepare()
            return []
        except AzureError as error:
            self._report(error)
            return []
        self._report(None)
        return batch

    def _report(self, error: AzureError | None) -> None:
        """Log the first failure and the recovery, not each poll between them."""
        if error is not None and not self._unreachable:
            LOG.error("the queue %s cannot be read: %s", self.queue, one_line(error))
        elif error is None and self._unreachable:
            LOG.info("the queue %s can be read again", self.queue)
        self._unreachable = error is not None

    def _start(self, message: QueueMessage) -> None:
        task = asyncio.create_task(self._delivery.handle(message))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.critical("the host failed on a message of %s, which comes back", self.queue, exc_info=error)

    async def _room(self) -> None:
        while len(self._running) > self._delivery.options.new_batch_threshold and not self._stopping.is_set():
            stopping = asyncio.ensure_future(self._stopping.wait())
            try:
                await asyncio.wait({*self._running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stopping.cancel()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def state(self) -> dict[str, Any]:
        """Tell how busy the queue is; hidden and delayed messages count among `messages`."""
        try:
            properties = await self._delivery.queue.get_queue_properties()
            waiting: int | None = properties.approximate_message_count
        except AzureError:
            waiting = None
        return {
            "queue": self.queue,
            "in_flight": len(self._running),
            "empty_polls": self._empty_polls,
            "messages": waiting,
        }
