"""Puts what functions set on their queue outputs onto the queues."""

from collections.abc import Callable, Mapping
from contextlib import suppress

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from sandbox.host.connections import Accounts
from sandbox.host.encoding import encode
from sandbox.host.errors import one_line
from sandbox.host.functions import Function, QueueOutput


class OutputError(Exception):
    """An output binding could not be written: the invocation fails."""


class Outputs:
    """`sent` is told the name of each queue that got a message, so that a listener of this host need not wait."""

    def __init__(self, accounts: Accounts, *, base64_text: bool, sent: Callable[[str], None]) -> None:
        self._accounts = accounts
        self._base64 = base64_text
        self._sent = sent

    async def write(self, function: Function, messages: Mapping[str, tuple[bytes, ...]]) -> None:
        for binding, bodies in messages.items():
            output = function.outputs.get(binding)
            if output is not None and bodies:
                await self._send(output, bodies)

    async def _send(self, output: QueueOutput, bodies: tuple[bytes, ...]) -> None:
        client = self._accounts.open(output.connection).get_queue_client(output.queue)
        try:
            for body in bodies:
                await send_or_create(client, encode(body, base64_text=self._base64))
        except (AzureError, ValueError) as error:
            raise OutputError(f"the output queue {output.queue} took no message: {one_line(error)}") from error
        self._sent(output.queue)


async def send_or_create(client: QueueClient, text: str) -> None:
    """Send with the default time to live of seven days, as the platform does, and make the queue on first use."""
    try:
        await client.send_message(text)
    except ResourceNotFoundError:
        await create(client)
        await client.send_message(text)


async def create(client: QueueClient) -> None:
    """Create a queue unless it is there: Azure then says nothing of it, Azurite that it exists."""
    with suppress(ResourceExistsError):
        await client.create_queue()
