"""Microsoft's own Python client, unchanged, over TLS: rows and queries.

Its `records.list` and queries leave `Record.id` empty; the id is the row's primary key column all the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.filters import FilterExpression, col
from PowerPlatform.Dataverse.models.query_builder import ExpandOption, QueryBuilder
from PowerPlatform.Dataverse.models.record import QueryResult, Record

from tests.contract.clients.served import Granted, Served

FORMATTED = "OData.Community.Display.V1.FormattedValue"


def executed(query: QueryBuilder) -> list[Record]:
    found = query.execute()
    assert isinstance(found, QueryResult)
    return found.records


@pytest.fixture
def credential(served: Served) -> Granted:
    return Granted(served)


@pytest.fixture
def client(served: Served, credential: Granted) -> Iterator[DataverseClient]:
    with DataverseClient(served.url, credential) as made:
        yield made


def test_it_asks_for_a_token_of_this_environment(client: DataverseClient, served: Served, credential: Granted) -> None:
    """The scope that it asks the credential for is one that the token endpoint grants and the Web API takes."""
    client.records.create("account", {"name": "Contoso"})

    assert credential.scopes == {f"{served.url}/.default"}


def test_a_row_lives_and_dies(client: DataverseClient) -> None:
    """Created, read in part, changed, deleted; what is gone reads as None and cannot be changed."""
    row = client.records.create("account", {"name": "Contoso", "telephone1": "1"})
    first = client.records.retrieve("account", row, select=["name", "telephone1"])
    client.records.update("account", row, {"telephone1": "2"})
    second = client.records.retrieve("account", row, select=["telephone1"], include_annotations="*")
    client.records.delete("account", row)
    with pytest.raises(HttpError) as gone:
        client.records.update("account", row, {"telephone1": "3"})

    assert first is not None
    assert second is not None
    assert (first["name"], first["telephone1"], second["telephone1"]) == ("Contoso", "1", "2")
    assert first.etag != second.etag
    assert client.records.retrieve("account", row) is None
    assert gone.value.details["service_error_code"] == "0x80040217"


def test_labels_become_choices(client: DataverseClient) -> None:
    """It reads a table's choices once and sends their values for their labels; they come back with the label."""
    row = client.records.create("account", {"name": "Contoso", "customertypecode": "partner"})
    found = client.records.retrieve("account", row, select=["customertypecode"], include_annotations="*")

    assert found is not None
    assert found["customertypecode"] == 5
    assert found[f"customertypecode@{FORMATTED}"] == "Partner"


def test_many_rows_at_once(client: DataverseClient) -> None:
    """Lists go through CreateMultiple and UpdateMultiple, all or nothing; the same change or one change each."""
    ids = client.records.create("account", [{"name": f"Contoso {number}"} for number in range(3)])
    client.records.update("account", ids, {"telephone1": "1"})
    client.records.update("account", ids[:2], [{"telephone1": "2"}, {"telephone1": "3"}])
    with pytest.raises(HttpError):
        client.records.update("account", [ids[0], "00000000-0000-4000-8000-00000000dead"], {"telephone1": "9"})
    found = client.records.list("account", select=["telephone1"], orderby=["name"])
    client.records.delete("account", ids[:2], use_bulk_delete=False)
    left = client.records.list("account", select=["name"])

    assert len(set(ids)) == 3
    assert [each["telephone1"] for each in found] == ["2", "3", "1"]
    assert [each["accountid"] for each in left] == ids[2:]


def test_a_query_selects_orders_expands_and_formats(client: DataverseClient) -> None:
    """Columns, the far end of a lookup, both orders, a limit and formatted values in one query."""
    account = client.records.create("account", {"name": "Contoso"})
    bind = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
    for number in range(4):
        client.records.create("contact", {"lastname": f"Rivera {number}", **bind})
    query = client.query.builder("contact").select("lastname", "donotemail").order_by("lastname", descending=True)
    found = query.expand(ExpandOption("parentcustomerid_account").select("name")).top(2).include_formatted_values()
    rows = executed(found)

    assert [(each["lastname"], each["parentcustomerid_account"]["name"]) for each in rows] == [
        ("Rivera 3", "Contoso"),
        ("Rivera 2", "Contoso"),
    ]
    assert rows[0][f"donotemail@{FORMATTED}"] == "Allow"


def test_pages_are_followed(client: DataverseClient) -> None:
    """Each page is what was asked for, each row comes once, and together they are all."""
    client.records.create("account", [{"name": f"{number}"} for number in range(5)])
    query = client.query.builder("account").select("name").order_by("name").page_size(2).count()
    pages = [[row["name"] for row in page] for page in query.execute_pages()]

    assert pages == [["0", "1"], ["2", "3"], ["4"]]


ROWS = [
    {"name": "Contoso", "numberofemployees": 10, "revenue": 1.5},
    {"name": "O'Brien & Söhne", "numberofemployees": 20, "address1_country": "Germany"},
    {"name": "Fabrikam 100%", "numberofemployees": 30},
]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (col("name") == "O'Brien & Söhne", "O"),
        (col("name") != "Contoso", "OF"),
        ((col("numberofemployees") > 10) & (col("numberofemployees") <= 30), "OF"),
        ((col("numberofemployees") < 20) | (col("revenue") >= 1.5), "C"),
        (~(col("numberofemployees") == 20), "CF"),
        (col("name").contains("'Br"), "O"),
        (col("name").startswith("Fab"), "F"),
        (col("name").endswith("0%"), "F"),
        (col("name").like("%oso"), "C"),
        (col("name").not_like("%oso"), "OF"),
        (col("name").in_(["Contoso", "Fabrikam 100%"]), "CF"),
        (col("name").not_in(["Contoso"]), "OF"),
        (col("numberofemployees").in_([10, 20]), "CO"),
        (col("numberofemployees").between(15, 30), "OF"),
        (col("numberofemployees").not_between(15, 25), "CF"),
        (col("address1_country").is_null(), "CF"),
        (col("address1_country").is_not_null(), "O"),
    ],
    ids=str,
)
def test_every_condition_that_it_can_write_is_understood(
    client: DataverseClient, condition: FilterExpression, names: str
) -> None:
    """Comparisons, text functions, In, ranges and nulls, joined and denied, choose the rows that they name."""
    client.records.create("account", ROWS)
    found = executed(client.query.builder("account").select("name").where(condition))

    assert sorted(each["name"][0] for each in found) == sorted(names)
