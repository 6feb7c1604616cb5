"""The local storage account as the proofs use it: stopped and started again, and with a clock that goes ahead."""

import time
from pathlib import Path

import pytest
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from sandbox.host import azurite

PATIENCE = 60


async def test_what_was_answered_is_there_after_a_restart(tmp_path: Path) -> None:
    """With a folder, messages and rows written the moment before a stop are there after the next start, once each."""
    with azurite.emulated(folder=tmp_path) as emulator:
        async with QueueServiceClient.from_connection_string(emulator.connection) as queues:
            work = queues.get_queue_client("work")
            await work.create_queue()
            for number in range(20):
                await work.send_message(str(number))
            async with TableServiceClient.from_connection_string(emulator.connection) as tables:
                table = await tables.create_table("links")
                await table.upsert_entity({"PartitionKey": "a", "RowKey": "b", "text": "c"})
                began = time.monotonic()
                emulator.stop()
                took = time.monotonic() - began
                emulator.start()
                row = await table.get_entity("a", "b")
            found = [message.content async for message in work.receive_messages()]

    assert took < azurite.STOP_SECONDS, "it had to be killed, and what it had not saved is gone"
    assert row["text"] == "c"
    assert sorted(found, key=int) == [str(number) for number in range(20)]


async def test_its_clock_goes_ahead_on_order() -> None:
    """What is hidden for ten minutes shows once the clock was advanced by them, and stays ahead over a restart."""
    with azurite.emulated() as emulator:
        async with QueueServiceClient.from_connection_string(emulator.connection) as queues:
            work = queues.get_queue_client("work")
            await work.create_queue()
            await work.send_message("later", visibility_timeout=600)
            before = [message.content async for message in work.receive_messages()]
            emulator.advance(601)
            after = await _seen(work)
            emulator.stop()
            emulator.start()
            await work.create_queue()
            sent = await work.send_message("now")

    assert before == []
    assert after == ["later"]
    assert sent.inserted_on is not None
    assert sent.inserted_on.timestamp() - time.time() > 600 - PATIENCE


async def _seen(work: QueueClient) -> list[str]:
    """The order travels beside the requests, so it may be a moment later."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := [message.content async for message in work.receive_messages()]:
            return found
    pytest.fail("the clock did not move")
