"""Microsoft's own Python client, unchanged, over TLS: tables, columns, keys and relationships.

Of its own making: `create_alternate_key` reports the table's id as the key's (it takes the first id of the address
in OData-EntityId), and says Pending whatever the index's state is.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import pytest
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.errors import HttpError, MetadataError
from PowerPlatform.Dataverse.models.relationship import ManyToManyRelationshipMetadata
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from tests.contract.clients.served import Granted, Served


class Tier(IntEnum):
    """Choices of a column, with values of the publisher's range."""

    GOLD = 727_000_000
    SILVER = 727_000_001


COLUMNS: dict[str, Any] = {
    "abc_Code": "string",
    "abc_Notes": "memo",
    "abc_Size": "int",
    "abc_Price": "decimal",
    "abc_Weight": "float",
    "abc_Made": "datetime",
    "abc_Active": "bool",
    "abc_Tier": Tier,
}
ROW = {
    "abc_name": "First",
    "abc_code": "A-1",
    "abc_notes": "line\nline",
    "abc_size": 3,
    "abc_price": 1.25,
    "abc_weight": 0.5,
    "abc_made": "2026-01-31",
    "abc_active": True,
    "abc_tier": 727_000_001,
}


@pytest.fixture
def client(served: Served) -> Iterator[DataverseClient]:
    with DataverseClient(served.url, Granted(served)) as made:
        yield made


@pytest.fixture
def widgets(client: DataverseClient) -> DataverseClient:
    client.tables.create("abc_Widget", COLUMNS)
    return client


def test_a_table_with_every_kind_of_column(client: DataverseClient) -> None:
    """What it can make is made, takes a row of it, and gives the row back value by value."""
    made = client.tables.create("abc_Widget", COLUMNS, display_name="Widget")
    row = client.records.create("abc_Widget", ROW)
    found = client.records.retrieve("abc_Widget", row)

    assert (made.logical_name, made.entity_set_name) == ("abc_widget", "abc_widgets")
    assert (made.primary_name_attribute, made.primary_id_attribute) == ("abc_name", "abc_widgetid")
    assert found is not None
    assert {name: found[name] for name in ROW} == ROW


def test_a_table_is_found_listed_and_removed(widgets: DataverseClient) -> None:
    """By name and by filter; a second one of the name is refused; once removed it is unknown."""
    found = widgets.tables.get("abc_Widget")
    listed = widgets.tables.list(filter="LogicalName eq 'abc_widget'", select=["LogicalName", "IsCustomEntity"])
    with pytest.raises(MetadataError):
        widgets.tables.create("abc_Widget", COLUMNS)
    widgets.tables.delete("abc_Widget")

    assert found is not None
    assert [(each["LogicalName"], each["IsCustomEntity"]) for each in listed] == [("abc_widget", True)]
    assert widgets.tables.get("abc_Widget") is None


def test_columns_come_change_and_go(widgets: DataverseClient) -> None:
    """A limit that was changed is enforced, what was not named in the change stays, and what is removed is unknown."""
    widgets.tables.add_columns("abc_Widget", {"abc_Late": {"type": "string", "max_length": 5, "display_name": "Late"}})
    widgets.tables.update_column("abc_Widget", "abc_Late", {"max_length": 7})
    widgets.records.create("abc_Widget", {"abc_late": "seven.."})
    with pytest.raises(HttpError) as refused:
        widgets.records.create("abc_Widget", {"abc_late": "8 letter"})
    kept = widgets.tables.get_column("abc_Widget", "abc_Late")
    widgets.tables.remove_columns("abc_Widget", ["abc_Late", "abc_Size"])
    names = {each["LogicalName"] for each in widgets.tables.list_columns("abc_Widget", select=["LogicalName"])}
    texts = widgets.tables.list_columns("abc_Widget", filter="AttributeType eq 'String'", select=["LogicalName"])

    assert refused.value.details["service_error_code"] == "0x80044331"
    assert kept is not None
    assert kept["DisplayName"]["UserLocalizedLabel"]["Label"] == "Late"
    assert {"abc_late", "abc_size"}.isdisjoint(names)
    assert {each["LogicalName"] for each in texts} == {"abc_name", "abc_code"}
    assert widgets.tables.get_column("abc_Widget", "abc_Late") is None


def test_rows_are_upserted_by_a_key(widgets: DataverseClient) -> None:
    """A new alternate key becomes active; one row and many are made or changed by it; then the key goes."""
    widgets.tables.create_alternate_key("abc_Widget", "abc_CodeKey", ["abc_code"])
    (key,) = widgets.tables.get_alternate_keys("abc_Widget")
    widgets.records.upsert("abc_Widget", [UpsertItem({"abc_code": "A"}, {"abc_name": "made"})])
    first, second = (
        UpsertItem({"abc_code": "A"}, {"abc_name": "changed"}),
        UpsertItem({"abc_code": "B"}, {"abc_tier": "Gold"}),
    )
    widgets.records.upsert("abc_Widget", [first, second])
    with pytest.raises(HttpError) as taken:
        widgets.records.create("abc_Widget", {"abc_code": "A"})
    rows = widgets.records.list("abc_Widget", select=["abc_code", "abc_name", "abc_tier"], orderby=["abc_code"])
    widgets.tables.delete_alternate_key("abc_Widget", key.metadata_id)

    assert (key.key_attributes, key.status) == (["abc_code"], "Active")
    assert [(row["abc_code"], row["abc_name"], row["abc_tier"]) for row in rows] == [
        ("A", "changed", None),
        ("B", None, 727_000_000),
    ]
    assert (taken.value.status_code, taken.value.details["service_error_code"]) == (412, "0x80060892")
    assert widgets.tables.get_alternate_keys("abc_Widget") == []


def test_a_lookup_joins_two_tables(widgets: DataverseClient) -> None:
    """It is bound in the casing of its schema name, expands, is found among the relationships, and is removed."""
    made = widgets.tables.create_lookup_field("abc_Widget", "abc_AccountId", "account", display_name="Owner")
    account = widgets.records.create("account", {"name": "Contoso"})
    bind = {"abc_AccountId@odata.bind": f"/accounts({account})"}
    row = widgets.records.create("abc_Widget", {"abc_name": "First", **bind})
    found = widgets.records.retrieve("abc_Widget", row, select=["abc_name"], expand=["abc_AccountId($select=name)"])
    known = widgets.tables.get_relationship(made.relationship_schema_name)
    listed = widgets.tables.list_table_relationships("abc_Widget", filter="IsCustomRelationship eq true")
    assert made.relationship_id is not None
    widgets.tables.delete_relationship(made.relationship_id)

    assert found is not None
    assert found["abc_AccountId"]["name"] == "Contoso"
    assert known is not None
    assert (known.referenced_entity, known.referencing_entity) == ("account", "abc_widget")
    assert [each["SchemaName"] for each in listed] == [made.relationship_schema_name]
    assert widgets.tables.get_relationship(made.relationship_schema_name) is None


def test_many_to_many_is_made_and_found(widgets: DataverseClient) -> None:
    """Both ends are named in what is read back."""
    wish = ManyToManyRelationshipMetadata("abc_widget_contacts", "abc_widget", "contact")
    made = widgets.tables.create_many_to_many_relationship(wish)
    found = widgets.tables.get_relationship("abc_widget_contacts")

    assert found is not None
    assert found.relationship_id == made.relationship_id
    assert (found.entity1_logical_name, found.entity2_logical_name) == ("abc_widget", "contact")


def test_new_metadata_is_seen_late_and_with_strong_consistency_at_once(client: DataverseClient, served: Served) -> None:
    """Making a table succeeds although other servers do not know it yet; data calls work once they do."""
    served.control("switches", {"metadata_delay_seconds": 20.0}, "PATCH")
    client.tables.create("abc_Widget", COLUMNS)
    with pytest.raises((MetadataError, HttpError)):
        client.records.create("abc_Widget", {"abc_size": 1})
    served.control("clock", {"advance": 21})

    assert client.records.create("abc_Widget", {"abc_size": 1})
