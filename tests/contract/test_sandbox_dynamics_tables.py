"""The simulator's metadata grows and shrinks: tables, relationships, changed and removed columns and keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.contract.sandbox_dynamics import ROOT, Sandbox, code, sandbox

CAST = "Microsoft.Dynamics.CRM."
ENGAGEMENT = "EntityDefinitions(LogicalName='abc_engagement')"


def label(text: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def column(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"@odata.type": f"{CAST}{kind}AttributeMetadata", "SchemaName": name, "DisplayName": label(name)} | more


NAME = column("String", "abc_Name", MaxLength=200, IsPrimaryName=True)
TABLE: dict[str, Any] = {
    "@odata.type": f"{CAST}EntityMetadata",
    "SchemaName": "abc_Engagement",
    "DisplayName": label("Engagement"),
    "DisplayCollectionName": label("Engagements"),
    "OwnershipType": "UserOwned",
    "ChangeTrackingEnabled": True,
    "Attributes": [NAME],
}
ONE_TO_MANY: dict[str, Any] = {
    "@odata.type": f"{CAST}OneToManyRelationshipMetadata",
    "SchemaName": "abc_opportunity_engagement",
    "ReferencedEntity": "opportunity",
    "ReferencedAttribute": "opportunityid",
    "ReferencingEntity": "abc_engagement",
    "Lookup": column("Lookup", "abc_OpportunityId"),
}
MANY_TO_MANY: dict[str, Any] = {
    "@odata.type": f"{CAST}ManyToManyRelationshipMetadata",
    "SchemaName": "abc_opportunity_contacts",
    "Entity1LogicalName": "opportunity",
    "Entity2LogicalName": "contact",
    "IntersectEntityName": "abc_opportunity_contacts",
}


async def made(box: Sandbox, path: str, body: dict[str, Any]) -> str:
    """The address, below the root, of what was made."""
    answer = await box.send("POST", path, body)
    assert answer.status_code == 204, answer.text
    return answer.headers["odata-entityid"].removeprefix(ROOT)


async def test_a_new_table_is_one_like_every_other() -> None:
    """It has a set by the rules of English, an owner, a state, stamps, change tracking, and steps can be put on it."""
    async with sandbox() as box:
        await made(box, "EntityDefinitions", TABLE)
        names = await box.get(f"{ENGAGEMENT}?$select=EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute")
        row = await box.make("abc_engagements", abc_name="First")
        delta = await box.get("abc_engagements?$select=abc_name", Prefer="odata.track-changes")
        steps = await box.rows("sdkmessagefilters?$filter=primaryobjecttypecode eq 'abc_engagement'")
        again = await box.send("POST", "EntityDefinitions", TABLE)

    assert names["EntitySetName"] == "abc_engagements"
    assert (names["PrimaryIdAttribute"], names["PrimaryNameAttribute"]) == ("abc_engagementid", "abc_name")
    assert (row["abc_name"], row["statecode"], row["_ownerid_value"]) == ("First", 0, row["_createdby_value"])
    assert [each["abc_engagementid"] for each in delta["value"]] == [row["abc_engagementid"]]
    assert len(steps) == 3
    assert code(again) == (400, "0x80047010")


@pytest.mark.parametrize(
    ("name", "plural"),
    [("abc_Reply", "abc_replies"), ("abc_Day", "abc_days"), ("abc_Box", "abc_boxes"), ("abc_Branch", "abc_branches")],
)
async def test_entity_sets_are_plurals(name: str, plural: str) -> None:
    """The set's name follows English spelling, so it has to be read and not guessed."""
    async with sandbox() as box:
        await made(box, "EntityDefinitions", {**TABLE, "SchemaName": name})
        found = await box.get(f"EntityDefinitions(LogicalName='{name.lower()}')?$select=EntitySetName")

    assert found["EntitySetName"] == plural


@pytest.mark.parametrize(
    "change",
    [
        {"SchemaName": "Engagement"},
        {"Attributes": []},
        {"Attributes": [NAME, column("String", "abc_Other", MaxLength=9, IsPrimaryName=True)]},
        {"Attributes": [column("Integer", "abc_Name", IsPrimaryName=True)]},
        {"OwnershipType": "Nobody"},
    ],
)
async def test_a_table_without_prefix_or_one_primary_name_is_refused(change: dict[str, Any]) -> None:
    """A publisher's prefix, exactly one text column as the name, a known ownership."""
    async with sandbox() as box:
        refused = await box.send("POST", "EntityDefinitions", TABLE | change)

    assert code(refused) == (400, "0x80040203")


async def test_the_action_makes_several_tables_with_complex_types() -> None:
    """CreateEntities takes the Complex… types and makes what their plain namesakes would."""
    first = {**TABLE, "Attributes": [{**NAME, "@odata.type": f"{CAST}ComplexStringAttributeMetadata"}]}
    async with sandbox() as box:
        body = {"Entities": [first, {**first, "SchemaName": "abc_Visit"}]}
        answer = await box.send("POST", "CreateEntities", body)
        rows = [(await box.make(each, abc_name="x"))["abc_name"] for each in ("abc_engagements", "abc_visits")]
        empty = await box.send("POST", "CreateEntities", {})

    assert answer.status_code == 204
    assert rows == ["x", "x"]
    assert code(empty) == (400, "0x80040203")


async def test_a_new_table_is_seen_late() -> None:
    """Other servers know it after a while, or at once with strong consistency."""
    async with sandbox() as box:
        await box.switch(metadata_delay_seconds=20.0)
        await made(box, "EntityDefinitions", TABLE)
        early = await box.send("GET", "abc_engagements")
        strong = await box.send("GET", "abc_engagements", Consistency="Strong")
        await box.control("clock", {"advance": 21})
        late = await box.send("GET", "abc_engagements")

    assert [each.status_code for each in (early, strong, late)] == [404, 200, 200]


async def test_a_new_lookup_is_bound_in_the_casing_of_its_schema_name() -> None:
    """A one-to-many relationship makes the column, both ends' names, and refuses its name a second time."""
    async with sandbox() as box:
        await made(box, "EntityDefinitions", TABLE)
        await made(box, "RelationshipDefinitions", ONE_TO_MANY)
        deal = (await box.opportunity())["opportunityid"]
        bind = f"/opportunities({deal})"
        row = await box.make("abc_engagements", abc_name="First", abc_OpportunityId__bind=bind)
        wrong = await box.send("POST", "abc_engagements", {"abc_opportunityid@odata.bind": bind})
        parent = await box.get(f"opportunities({deal})?$expand=abc_opportunity_engagement($select=abc_name)")
        again = await box.send("POST", "RelationshipDefinitions", ONE_TO_MANY)

    assert row["_abc_opportunityid_value"] == deal
    assert code(wrong) == (400, "0x80048d19")
    assert [each["abc_name"] for each in parent["abc_opportunity_engagement"]] == ["First"]
    assert code(again) == (400, "0x80047010")


async def test_a_new_many_to_many_associates() -> None:
    """Both ends are reached under the relationship's name until it is deleted."""
    async with sandbox() as box:
        where = await made(box, "RelationshipDefinitions", MANY_TO_MANY)
        deal, person = (await box.opportunity())["opportunityid"], await box.make("contacts", lastname="Rivera")
        link = {"@odata.id": f"{ROOT}contacts({person['contactid']})"}
        path = f"opportunities({deal})/abc_opportunity_contacts"
        joined = await box.send("POST", f"{path}/$ref", link)
        far = await box.rows(path)
        shown = await box.get("RelationshipDefinitions(SchemaName='abc_opportunity_contacts')")
        gone = await box.send("DELETE", where)
        after = await box.send("GET", path)

    assert (joined.status_code, gone.status_code) == (204, 204)
    assert [each["contactid"] for each in far] == [person["contactid"]]
    assert shown["IsCustomRelationship"] is True
    assert code(after) == (404, "0x8006088a")


async def test_a_column_is_replaced_by_its_whole_definition() -> None:
    """PUT keeps what was read and sent back, and drops what was left out; the type cannot change."""
    path = "EntityDefinitions(LogicalName='opportunity')/Attributes"
    async with sandbox() as box:
        where = await made(box, path, column("Integer", "abc_Score", MinValue=0, MaxValue=10))
        full = await box.get(f"{path}(LogicalName='abc_score')/{CAST}IntegerAttributeMetadata")
        kept = await box.send("PUT", where, {**full, "MaxValue": 5})
        over = await box.send("POST", "opportunities", {"abc_score": 6})
        bare = await box.send("PUT", where, column("Integer", "abc_Score"))
        below = await box.send("POST", "opportunities", {"abc_score": -6})
        other = await box.send("PUT", where, column("Decimal", "abc_Score"))
        cast = [
            (await box.send("PUT", f"{where}/{CAST}{kind}AttributeMetadata", full)).status_code
            for kind in ("Integer", "Decimal")
        ]

    assert (kept.status_code, bare.status_code, below.status_code) == (204, 204, 204)
    assert code(over) == (400, "0x80040203")
    assert code(other) == (400, "0x80040203")
    assert cast == [204, 404]


async def test_a_removed_column_takes_its_values_along() -> None:
    """Data calls no longer know it, a column of the same name starts empty, and delta tokens are dead."""
    path = "EntityDefinitions(LogicalName='account')/Attributes"
    text = column("String", "abc_Note", MaxLength=9)
    async with sandbox() as box:
        where = await made(box, path, text)
        row = await box.make("accounts", name="Contoso", abc_note="old")
        delta = await box.get("accounts?$select=name", Prefer="odata.track-changes")
        gone = await box.send("DELETE", where)
        unknown = await box.send("GET", "accounts?$select=abc_note")
        dead = await box.send("GET", delta["@odata.deltaLink"].removeprefix(ROOT))
        await made(box, path, text)
        again = await box.get(f"accounts({row['accountid']})?$select=abc_note")
        own = await box.send("DELETE", f"{path}(LogicalName='name')")

    assert gone.status_code == 204
    assert code(unknown) == (400, "0x80060888")
    assert code(dead) == (400, "0x80044352")
    assert again["abc_note"] is None
    assert code(own) == (400, "0x80040203")


async def test_a_key_goes_before_its_column() -> None:
    """A column in a key cannot be deleted; without the key it can, and rows are no longer found by it."""
    table = "EntityDefinitions(LogicalName='account')"
    async with sandbox() as box:
        where = await made(box, f"{table}/Attributes", column("String", "abc_Ext", MaxLength=40))
        key = await made(box, f"{table}/Keys", {"SchemaName": "abc_ExtKey", "KeyAttributes": ["abc_ext"]})
        in_use = await box.send("DELETE", where)
        dropped = [(await box.send("DELETE", each)).status_code for each in (key, where)]
        used = await box.send("GET", "accounts(abc_ext='1')")

    assert code(in_use) == (400, "0x8004F01F")
    assert dropped == [204, 204]
    assert code(used) == (400, "0x80060890")


async def test_a_removed_table_leaves_nothing_that_points_to_it() -> None:
    """While a lookup leads to it, it stays; then its set and rows go. The service's own tables never do."""
    back = {**ONE_TO_MANY, "SchemaName": "abc_engagement_opportunity", "ReferencedEntity": "abc_engagement"}
    back |= {"ReferencingEntity": "opportunity", "Lookup": column("Lookup", "abc_EngagementId")}
    async with sandbox() as box:
        where = await made(box, "EntityDefinitions", TABLE)
        relation = await made(box, "RelationshipDefinitions", back)
        await box.make("abc_engagements", abc_name="First")
        kept = await box.send("DELETE", where)
        ended = await box.send("DELETE", relation)
        gone = await box.send("DELETE", where)
        unknown = await box.send("GET", "abc_engagements")
        lookup = await box.send("GET", "opportunities?$select=_abc_engagementid_value")
        own = await box.send("DELETE", "EntityDefinitions(LogicalName='account')")

    assert code(kept) == (400, "0x8004F01F")
    assert (ended.status_code, gone.status_code) == (204, 204)
    assert code(unknown) == (404, "0x8006088a")
    assert code(lookup) == (400, "0x80060888")
    assert code(own) == (400, "0x80040203")


async def test_a_kept_organisation_has_its_tables_after_a_restart(tmp_path: Path) -> None:
    """Tables, relationships, changes and removals are all there again, with the rows."""
    state = tmp_path / "dynamics.json"
    attributes = f"{ENGAGEMENT}/Attributes"
    async with sandbox(state_path=state) as box:
        await made(box, "EntityDefinitions", TABLE)
        await made(box, "RelationshipDefinitions", ONE_TO_MANY)
        many = await made(box, "RelationshipDefinitions", MANY_TO_MANY)
        where = await made(box, attributes, column("Integer", "abc_Score", MinValue=0, MaxValue=10))
        await box.send("PUT", where, column("Integer", "abc_Score", MinValue=0, MaxValue=5))
        for removed in (await made(box, attributes, column("String", "abc_Gone", MaxLength=9)), many):
            assert (await box.send("DELETE", removed)).status_code == 204
        row = await box.make("abc_engagements", abc_name="First", abc_score=5)
    async with sandbox(state_path=state) as box:
        found = await box.get(f"abc_engagements({row['abc_engagementid']})")
        over = await box.send("POST", "abc_engagements", {"abc_score": 6})
        relation = await box.send("GET", "RelationshipDefinitions(SchemaName='abc_opportunity_contacts')")

    assert found == row
    assert "abc_gone" not in found
    assert code(over) == (400, "0x80040203")
    assert relation.status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "privilege"),
    [
        ("EntityDefinitions", TABLE, "prvCreateEntity"),
        ("CreateEntities", {"Entities": [TABLE]}, "prvCreateEntity"),
        ("RelationshipDefinitions", MANY_TO_MANY, "prvCreateRelationship"),
        (
            "EntityDefinitions(LogicalName='account')/Attributes",
            column("String", "abc_X", MaxLength=9),
            "prvCreateAttribute",
        ),
        (
            "EntityDefinitions(LogicalName='account')/Keys",
            {"SchemaName": "abc_K", "KeyAttributes": ["name"]},
            "prvCreateEntityKey",
        ),
    ],
)
async def test_a_role_that_only_works_with_rows_changes_no_metadata(
    path: str, body: dict[str, Any], privilege: str
) -> None:
    """Each creation asks for its own privilege, as the vendor's privileges by message say."""
    async with sandbox() as box:
        await box.control("role", {"privileges": {"prvReadEntity": "Global"}})
        refused = await box.send("POST", path, body)

    assert code(refused) == (403, "0x80040220")
    assert f"missing {privilege} privilege" in refused.json()["error"]["message"]
