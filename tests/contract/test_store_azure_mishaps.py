"""What befalls a real store from outside: outages, deleted tables and rows, texts that are longer than they look."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import AccountSasPermissions, ResourceTypes, generate_account_sas

from shared.domain.link import Link
from shared.domain.values import Ref, Side
from shared.errors import Unavailable
from shared.messages import Look, Signal
from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.parked import TableParked
from shared.platform.queues import Queues
from shared.platform.storage import Account, Storage
from shared.ports import LinkMoved, ParkedEntry
from tests.contract.store_laws import NOW

RECORD: Any = {"kind": "opportunity", "id": "o-1"}


@pytest.fixture
async def storage(azurite_connection: str) -> AsyncIterator[Storage]:
    made = Storage(Account(connection=azurite_connection))
    yield made
    await made.close()


async def test_a_queue_outage_is_known_before_the_sender_hangs_up(storage: Storage) -> None:
    """All waits between the attempts of one send take seconds, not the SDK's own half a minute and more."""
    policy: Any = storage.queue("referral-changes")._config.retry_policy
    waits = [policy.get_backoff_time({"count": count}) for count in range(policy.total_retries)]
    assert 0 < sum(waits) < 10


async def test_what_somebody_else_put_on_a_queue_hides_no_other_message(storage: Storage) -> None:
    """A message that is not even base64 is counted like any other, and the oldest that is due is still told."""
    queue, signal = storage.queue(Look.SOLUTION.value, raw=True), Signal(look=Look.SOLUTION, side=Side.CRM, **RECORD)
    await storage.make_queue(Look.SOLUTION.value)
    await queue.clear_messages()
    await Queues(storage, now=lambda: NOW).send(signal)
    await queue.send_message("Kein Base64: ä{")
    seen = {one.name: one for one in await Queues(storage).queued()}[Look.SOLUTION.value]
    await queue.clear_messages()
    assert (seen.length, seen.oldest) == (2, NOW)


async def test_a_referral_can_be_linked_again_after_its_link_was_deleted_by_hand(storage: Storage) -> None:
    """The pointer that is left over is nobody's: it refuses one save and is gone at the next."""
    pair = f"p{uuid.uuid4().hex[:12]}"
    links = TableLinks(storage, pair)
    await links.save(Link(pair=pair, key="o-1", partner="r-1"))
    await (await storage.table(TABLE)).delete_entity(pair, "crm:o-1")
    assert await links.by_partner("r-1") is None
    with pytest.raises(LinkMoved):
        await links.save(Link(pair=pair, key="o-2", partner="r-1"))
    saved = await links.save(Link(pair=pair, key="o-2", partner="r-1"))
    assert await links.by_partner("r-1") == saved


async def test_a_pointer_that_is_confirmed_stays(storage: Storage) -> None:
    """A referral of another deal is refused however often it is tried."""
    pair = f"p{uuid.uuid4().hex[:12]}"
    links = TableLinks(storage, pair)
    owner = await links.save(Link(pair=pair, key="o-1", partner="r-1"))
    for _ in range(2):
        with pytest.raises(LinkMoved, match="belongs to another deal"):
            await links.save(Link(pair=pair, key="o-2", partner="r-1"))
    assert await links.by_partner("r-1") == owner
    await links.save(replace(owner, partner="r-2"))
    assert (await links.save(Link(pair=pair, key="o-2", partner="r-1"))).partner == "r-1"


async def test_a_table_that_was_deleted_is_made_anew(azurite_connection: str) -> None:
    """A worker that knows the table from before works on without a restart."""
    mine, other = Storage(Account(connection=azurite_connection)), Storage(Account(connection=azurite_connection))
    try:
        name = f"t{uuid.uuid4().hex[:12]}"
        row = {"PartitionKey": "p", "RowKey": "r"}
        await (await mine.table(name)).upsert_entity(row)
        await (await other.table(name)).delete_table()
        with pytest.raises(Exception, match="TableNotFound"):
            await (await mine.table(name)).upsert_entity(row)
        await (await mine.table(name)).upsert_entity(row)
        await (await mine.table(name)).delete_table()
    finally:
        await asyncio.gather(mine.close(), other.close())


def for_reading(connection: str) -> Account:
    """The same account, with a signature that lets its bearer read tables and nothing else."""
    parts = dict(part.split("=", 1) for part in connection.split(";") if part)
    until = datetime.now(UTC) + timedelta(minutes=5)
    signature = generate_account_sas(
        AzureNamedKeyCredential(parts["AccountName"], parts["AccountKey"]),
        ResourceTypes(service=True, object=True),
        AccountSasPermissions(read=True),
        until,
    )
    return Account(connection=f"TableEndpoint={parts['TableEndpoint']};SharedAccessSignature={signature}")


# The SDK reads the emulator's XML where the service answers JSON, and asks an element whether it is true.
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
async def test_whoever_may_only_read_reads(storage: Storage, azurite_connection: str) -> None:
    """The doctor of a workflow makes no table and writes no row, and sees what is there."""
    await TableCursors(storage, "reader").put("a", "here")
    reader = Storage(for_reading(azurite_connection))
    try:
        assert await TableCursors(reader, "reader").get("a") == "here"
        with pytest.raises(Unavailable, match="403"):
            await TableCursors(reader, "reader").put("a", "mine")
    finally:
        await reader.close()


async def test_texts_are_cut_by_what_the_service_counts(storage: Storage) -> None:
    """An emoji is two of the service's characters: a long text of them is stored and read back whole."""
    pair, text = f"p{uuid.uuid4().hex[:12]}", "\N{ROCKET}" * 40_000
    cursors, parked = TableCursors(storage, pair), TableParked(storage)
    await cursors.put("a", text)
    assert await cursors.get("a") == text
    ref = Ref("unreadable", "odd /#?\\\t'é")
    entry = ParkedEntry(pair=pair, ref=ref, side=Side.CRM, reason=text, advice="", body="\0\ufffd<>&", at=NOW)
    await parked.put(entry)
    assert await parked.get(pair, ref) == entry
    await parked.clear(pair, ref)
    assert await parked.get(pair, ref) is None


async def test_queues_answer_before_the_first_signal_made_any(storage: Storage, azurite_connection: str) -> None:
    """A fresh account is well; one whose key is wrong is not."""
    await Queues(storage).ping()
    key = azurite_connection.partition("AccountKey=")[2].partition(";")[0]
    refused = Storage(Account(connection=azurite_connection.replace(key, "aW52ZW50ZWQ=")))
    with pytest.raises(Unavailable, match="403"):
        await Queues(refused).ping()
    await refused.close()
