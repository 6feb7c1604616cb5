"""What only the real store can show: encodings, expiry, columns of a newer version, failures of the account."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.link import Link
from shared.domain.values import Side
from shared.errors import Unavailable
from shared.messages import Look, Signal
from shared.platform.link_rows import Held, columns
from shared.platform.links import TABLE, TableLinks
from shared.platform.pauses import TablePauses
from shared.platform.queues import LARGEST, LONGEST_DELAY, POISON, Queues, TooLarge
from shared.platform.rows import PIECE
from shared.platform.storage import Account, Storage, expanded
from shared.ports import LinkMoved
from tests.contract.store_laws import NOW, largest_deal

SIGNAL = Signal(look=Look.LEAD, side=Side.CRM, kind="lead", id="l-1")  # nobody else's queue in these tests


@pytest.fixture
async def storage(azurite_connection: str) -> AsyncIterator[Storage]:
    made = Storage(Account(connection=azurite_connection))
    yield made
    await made.close()


@pytest.fixture
async def emptied(storage: Storage) -> Storage:
    """The storage without the queue that these tests send to."""
    await storage.make_queue(SIGNAL.look.value)
    await storage.queue(SIGNAL.look.value).delete_queue()
    return storage


async def test_a_signal_arrives_as_it_was_sent_and_never_expires(emptied: Storage) -> None:
    """The queue is made when it is missing; the message is base64 of the signal, without an end."""
    await Queues(emptied).send(SIGNAL)
    message = await emptied.queue(SIGNAL.look.value).receive_message()
    assert message is not None
    received = Signal.decoded(message.content)
    assert received.model_copy(update={"trace": "", "due": None}) == SIGNAL
    assert received.due is not None
    assert abs(received.due - datetime.now(UTC)) < timedelta(minutes=5)
    assert received.trace
    assert message.expires_on is not None
    assert message.inserted_on is not None
    assert message.expires_on - message.inserted_on > timedelta(days=365 * 100)


async def test_a_delayed_signal_is_not_seen_before_its_time(emptied: Storage) -> None:
    """A delay hides the message, and one longer than the service allows is cut and not refused."""
    queue = emptied.queue(SIGNAL.look.value)
    await Queues(emptied).send(SIGNAL, delay=0.2)
    await Queues(emptied).send(SIGNAL, delay=LONGEST_DELAY * 3)
    assert await queue.receive_message() is None
    assert (await queue.get_queue_properties()).approximate_message_count == 2


async def test_a_signal_that_carries_a_document_is_refused(storage: Storage) -> None:
    """More than a queue message holds is a fault of ours, found before the service answers 413."""
    with pytest.raises(TooLarge):
        await Queues(storage).send(SIGNAL.model_copy(update={"document": "x" * LARGEST}))


async def test_columns_of_a_newer_version_survive(storage: Storage) -> None:
    """An older worker's save keeps a column that it does not know."""
    pair = f"p{uuid.uuid4().hex[:12]}"
    links = TableLinks(storage, pair)
    await links.save(largest_deal(pair, "o-1"))
    table = await storage.table(TABLE)
    await table.update_entity({"PartitionKey": pair, "RowKey": "crm:o-1", "novelty": "kept"})
    read = await links.get("o-1")
    await links.save(replace(read, tries=8, intents=()))
    row = await table.get_entity(pair, "crm:o-1")
    assert (row["novelty"], row["tries"], row["intents_1"]) == ("kept", 8, "")


async def test_a_deleted_link_has_moved(storage: Storage) -> None:
    """Saving over a row that somebody deleted does not bring it back."""
    pair = f"p{uuid.uuid4().hex[:12]}"
    links = TableLinks(storage, pair)
    saved = await links.save(Link(pair=pair, key="o-1"))
    await (await storage.table(TABLE)).delete_entity(pair, "crm:o-1")
    with pytest.raises(LinkMoved):
        await links.save(saved)


def test_the_largest_deal_fits_a_row() -> None:
    """Every column below 32,768 characters and all of them well below a MiB, counted as the service does."""
    row = columns(largest_deal("cosell", "o-1"))
    assert max(len(str(text)) for text in row.values()) <= PIECE
    assert sum(len(name) + 2 * len(str(text)) for name, text in row.items()) < 512 * 1024
    assert Held.parse(Held(etag="e", pointers=("a",)).tag()).pointers == ("a",)


async def test_other_workers_see_a_pause_within_a_second(storage: Storage) -> None:
    """A pause is asked for once a second at most, and then seen by all."""
    pair, tick = f"p{uuid.uuid4().hex[:12]}", [0.0]
    here, there = TablePauses(storage, pair), TablePauses(storage, pair, tick=lambda: tick[0])
    assert await there.until(Side.CRM) is None
    await here.pause(Side.CRM, NOW, "429")
    assert await here.until(Side.CRM) == NOW
    tick[0] += 0.9
    assert await there.until(Side.CRM) is None
    tick[0] += 0.2
    assert await there.until(Side.CRM) == NOW


# azure-data-tables tests the truth of an XML element when the table service answers in XML, as Azurite does here
@pytest.mark.filterwarnings("ignore:Testing an element's truth value:DeprecationWarning")
async def test_a_storage_account_that_refuses_is_unavailable(azurite_connection: str) -> None:
    """A wrong key is no deal's fault: the failure has the service's own code and is in our words."""
    key = azurite_connection.partition("AccountKey=")[2].partition(";")[0]
    wrong = Storage(Account(connection=azurite_connection.replace(key, "aW52ZW50ZWQ=")))
    try:
        with pytest.raises(Unavailable, match="Azure Storage answered 403"):
            await Queues(wrong).send(SIGNAL)
        with pytest.raises(Unavailable, match="403"):
            await TableLinks(wrong, "cosell").get("o-1")
    finally:
        await wrong.close()


def test_the_emulators_short_form_is_spelled_out() -> None:
    """UseDevelopmentStorage=true is what people write, and the SDK does not know it."""
    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in expanded("UseDevelopmentStorage=true")
    elsewhere = expanded("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.2")
    assert "TableEndpoint=http://127.0.0.2:10002/devstoreaccount1" in elsewhere
    assert expanded("AccountName=contoso;AccountKey=a2V5") == "AccountName=contoso;AccountKey=a2V5"


async def test_queues_are_counted_and_one_that_was_never_needed_is_none(emptied: Storage) -> None:
    """What waits and what is poison is counted by queue, hidden messages too; a queue that is not there is left out."""
    queues, name = Queues(emptied), SIGNAL.look.value
    assert name not in await queues.lengths()
    await queues.send(SIGNAL)
    await queues.send(SIGNAL, delay=60)
    await emptied.make_queue(f"{name}{POISON}")
    found = await queues.lengths()
    assert (found[name], found[f"{name}{POISON}"]) == (2, 0)
