"""The one sender of signals: base64, no expiry, visible after a delay (never an output binding)."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.errors import BadMessage, CosellError
from shared.messages import Look, Signal
from shared.platform.storage import Storage, storage_errors
from shared.platform.trace import carried
from shared.ports import Queued

LONGEST_DELAY = 7 * 24 * 3600 - 60  # the service takes up to 604,800 s
LARGEST = 48 * 1024  # 64 KiB on the wire after base64
MOST_PEEKED = 32
POISON = "-poison"  # the platform's own name for where a message goes that failed every attempt


class TooLarge(CosellError):
    """A signal names a record; one of this size carries something that it should not."""


class Queues:
    """ports.Signals on Queue Storage: the queue is named by the signal's `look`."""

    def __init__(self, storage: Storage, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._storage, self._now = storage, now

    async def send(self, signal: Signal, *, delay: float = 0) -> None:
        due = self._now() + timedelta(seconds=max(delay, 0))
        body = carried(signal.model_copy(update={"due": due})).encoded().encode()
        if len(body) >= LARGEST:
            raise TooLarge(f"a signal of {len(body)} bytes does not fit a queue message")
        with storage_errors():
            try:
                await self._put(signal.look.value, body, delay)
            except ResourceNotFoundError:
                await self._storage.make_queue(signal.look.value)
                await self._put(signal.look.value, body, delay)

    async def ping(self) -> None:
        """Raises Unavailable; a queue that is not there yet is made by the first signal."""
        with storage_errors():
            try:
                await self._storage.queue(Look.REFERRAL.value).get_queue_properties()
            except ResourceNotFoundError:
                return

    async def lengths(self) -> Mapping[str, int]:
        """Raises Unavailable; the service counts roughly, and counts what is hidden too."""
        found: dict[str, int] = {}
        for name in (f"{look.value}{end}" for look in Look for end in ("", POISON)):
            with storage_errors():
                try:
                    properties = await self._storage.queue(name).get_queue_properties()
                except ResourceNotFoundError:
                    continue
            found[name] = properties.approximate_message_count or 0
        return found

    async def queued(self) -> tuple[Queued, ...]:
        """Raises Unavailable. Of very many messages the service shows the first 32."""
        found = []
        for name in (look.value for look in Look):
            with storage_errors():
                try:
                    found.append(await self._queued(name))
                except ResourceNotFoundError:
                    continue
        return tuple(found)

    async def _queued(self, name: str) -> Queued:
        queue = self._storage.queue(name, raw=True)
        length = (await queue.get_queue_properties()).approximate_message_count or 0
        peeked = await queue.peek_messages(max_messages=MOST_PEEKED) if length else ()
        due = [due_at(str(message.content), message.inserted_on) for message in peeked]
        return Queued(name=name, length=length, oldest=min(filter(None, due), default=None))

    async def _put(self, name: str, body: bytes, delay: float) -> None:
        hidden = min(math.ceil(delay), LONGEST_DELAY) if delay > 0 else None
        await self._storage.queue(name).send_message(body, visibility_timeout=hidden, time_to_live=-1)


def due_at(text: str, inserted: datetime | None) -> datetime | None:
    """When a message was to be looked at. The service only says when it was sent, which may be earlier."""
    try:
        return Signal.decoded(base64.b64decode(text)).due or inserted
    except (BadMessage, ValueError):  # what somebody else put there may not even be base64
        return inserted
