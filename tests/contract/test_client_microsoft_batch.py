"""Microsoft's own Python client, unchanged: batches over TLS, and its asynchronous twin.

Of its own making: a batch that stops at a failure comes with that failure's status, and it takes none but 400 for a
batch's answer. Its asynchronous client cannot be told which CA to trust, and does not insist on https.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self

import pytest
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.aio import AsyncDataverseClient
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from sandbox.simulators import simulators
from tests.contract.clients.served import Fixed, Granted, Served

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
def client(served: Served) -> Iterator[DataverseClient]:
    with DataverseClient(served.url, Granted(served)) as made:
        yield made


def test_a_batch_holds_rows_change_sets_queries_and_metadata(client: DataverseClient) -> None:
    """Every part answers in order; a row of a change set is bound by its reference and can be changed by it."""
    batch = client.batch.new()
    batch.records.create("account", [{"name": "Contoso"}, {"name": "Fabrikam"}])
    with batch.changeset() as together:
        person = together.records.create("contact", {"lastname": "Rivera"})
        account = together.records.create("account", {"name": "In a set", "primarycontactid@odata.bind": person})
        together.records.update("account", account, {"telephone1": "1"})
    expand = ["primarycontactid($select=lastname)"]
    batch.records.list("account", filter="name eq 'In a set'", select=["telephone1"], expand=expand)
    batch.tables.add_columns("account", {"abc_Late": "string"})
    result = batch.execute()
    many, first, _, _, read, column = result.responses

    assert [each.status_code for each in result.responses] == [200, 204, 204, 204, 200, 204]
    assert many.data is not None
    assert len(many.data["Ids"]) == 2
    assert first.content_id == "1"
    assert read.data is not None
    (row,) = read.data["value"]
    assert (row["telephone1"], row["primarycontactid"]["lastname"]) == ("1", "Rivera")
    assert column.entity_id is not None
    assert client.tables.get_column("account", "abc_Late") is not None


def test_a_change_set_fails_as_a_whole_and_the_rest_goes_on(client: DataverseClient) -> None:
    """Of the set only what failed answers, nothing of it remains, and what comes after it is done."""
    batch = client.batch.new()
    with batch.changeset() as together:
        together.records.create("account", {"name": "Rolled back"})
        together.records.update("account", UNKNOWN, {"name": "x"})
    batch.records.create("account", {"name": "After"})
    result = batch.execute(continue_on_error=True)
    left = client.records.list("account", select=["name"])

    assert [(each.status_code, each.error_code) for each in result.responses] == [(404, "0x80040217"), (204, None)]
    assert result.failed[0].content_id == "2"
    assert [each["name"] for each in left] == ["After"]


def test_a_batch_stops_at_the_first_failure(client: DataverseClient) -> None:
    """The batch has the failure's own status; what came after it was not tried."""
    stopped = client.batch.new()
    stopped.records.create("account", {"nosuch": 1})
    stopped.records.create("account", {"name": "Never"})
    result = stopped.execute()
    missing = client.batch.new()
    missing.records.retrieve("account", UNKNOWN)
    with pytest.raises(HttpError) as caught:
        missing.execute()

    assert [(each.status_code, each.error_code) for each in result.responses] == [(400, "0x80048d19")]
    assert list(client.records.list("account", select=["name"])) == []
    assert caught.value.status_code == 404


def test_a_batch_upserts_and_deletes(client: DataverseClient) -> None:
    """One row by key is a PATCH, several are one UpsertMultiple, each deletion an operation of its own."""
    client.tables.create_alternate_key("account", "abc_NumberKey", ["accountnumber"])
    batch = client.batch.new()
    batch.records.upsert("account", [UpsertItem({"accountnumber": "1"}, {"name": "One"})])
    batch.records.upsert("account", [UpsertItem({"accountnumber": each}, {"name": "Again"}) for each in ("1", "2")])
    made = batch.execute()
    ids = [each["accountid"] for each in client.records.list("account", select=["name"], orderby=["accountnumber"])]
    batch = client.batch.new()
    batch.records.delete("account", ids, use_bulk_delete=False)
    gone = batch.execute()

    assert [each.status_code for each in made.responses] == [204, 204]
    assert len(ids) == 2
    assert [each.status_code for each in gone.responses] == [204, 204]
    assert list(client.records.list("account", select=["name"])) == []


class Awaited(Fixed):
    """The same token for those who wait for it."""

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # type: ignore[override]  # its async twin
        return super().get_token(*scopes)

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def test_its_asynchronous_client_agrees() -> None:
    """Rows, pages, keys and a change set, each awaited."""
    async with simulators() as both, AsyncDataverseClient(both.dynamics, Awaited("sandbox-app")) as client:
        ids = await client.records.create("account", [{"name": f"{number}"} for number in range(3)])
        await client.records.update("account", ids[0], {"telephone1": "1"})
        query = client.query.builder("account").select("name").order_by("name").page_size(2)
        pages = [[row["name"] for row in page] async for page in query.execute_pages()]
        await client.tables.create_alternate_key("account", "abc_NumberKey", ["accountnumber"])
        await client.records.upsert("account", [UpsertItem({"accountnumber": "1"}, {"name": "Keyed"})])
        batch = client.batch.new()
        async with batch.changeset() as together:
            person = together.records.create("contact", {"lastname": "Rivera"})
            together.records.update("account", ids[0], {"primarycontactid@odata.bind": person})
        result = await batch.execute()
        row = await client.records.retrieve("account", ids[0], expand=["primarycontactid($select=lastname)"])
        with pytest.raises(HttpError) as missing:
            await client.records.update("account", UNKNOWN, {"name": "x"})

    assert pages == [["0", "1"], ["2"]]
    assert result.has_errors is False
    assert row is not None
    assert (row["telephone1"], row["primarycontactid"]["lastname"]) == ("1", "Rivera")
    assert missing.value.status_code == 404
