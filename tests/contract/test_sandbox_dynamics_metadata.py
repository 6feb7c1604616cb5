"""The simulator's metadata: reading definitions, adding columns and keys."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.dynamics import SolutionTables
from tests.contract.sandbox_dynamics import ROOT, Sandbox, code, sandbox

OPPORTUNITY = "EntityDefinitions(LogicalName='opportunity')"
CAST = "Microsoft.Dynamics.CRM."


def shown(label: dict[str, Any]) -> str:
    return str(label["UserLocalizedLabel"]["Label"])


async def test_a_table_tells_its_set_keys_and_names() -> None:
    """What a client needs to address a table is in its definition."""
    async with sandbox() as box:
        found = await box.get(f"{OPPORTUNITY}?$select=EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled")
        unknown = await box.send("GET", "EntityDefinitions(LogicalName='nosuch')")

    assert (found["EntitySetName"], found["PrimaryIdAttribute"]) == ("opportunities", "opportunityid")
    assert found["ChangeTrackingEnabled"] is True
    assert code(unknown) == (404, "0x80040217")


async def test_columns_tell_types_and_the_cast_tells_the_rest() -> None:
    """Lengths and options are properties of the column's own type, reachable through a cast."""
    async with sandbox() as box:
        columns = await box.rows(f"{OPPORTUNITY}/Attributes?$select=LogicalName,AttributeType")
        texts = await box.rows(f"{OPPORTUNITY}/Attributes/{CAST}StringAttributeMetadata?$select=LogicalName,MaxLength")
        uncast = await box.send("GET", f"{OPPORTUNITY}/Attributes?$select=LogicalName,MaxLength")
        path = f"{OPPORTUNITY}/Attributes(LogicalName='statuscode')/{CAST}StatusAttributeMetadata"
        status = await box.get(f"{path}?$select=LogicalName&$expand=OptionSet")

    types = {row["LogicalName"]: row["AttributeType"] for row in columns}
    assert (types["estimatedvalue"], types["customerid"], types["estimatedclosedate"]) == (
        "Money",
        "Customer",
        "DateTime",
    )
    assert {row["LogicalName"]: row["MaxLength"] for row in texts}["name"] == 300
    assert code(uncast) == (400, "0x80060888")
    options = status["OptionSet"]["Options"]
    assert [(each["Value"], each["State"], shown(each["Label"])) for each in options][:3] == [
        (1, 0, "In Progress"),
        (2, 0, "On Hold"),
        (3, 1, "Won"),
    ]


async def test_the_connectors_choices_carry_their_values() -> None:
    """Six help options count up from the publisher's first option value."""
    async with sandbox() as box:
        path = f"{OPPORTUNITY}/Attributes(LogicalName='msft_microsoftpartnercenterhelp')"
        found = await box.get(f"{path}/{CAST}PicklistAttributeMetadata?$expand=OptionSet,GlobalOptionSet")

    options = found["OptionSet"]["Options"]
    assert [each["Value"] for each in options] == [299_600_000 + number for number in range(6)]
    assert shown(options[-1]["Label"]) == "General Or Other"
    assert found["GlobalOptionSet"] is None


async def test_solution_tables_are_found_by_relationship_and_label_under_any_name() -> None:
    """Their names differ from one sandbox to the next; labels and relationships do not."""
    names = SolutionTables(row="abc_partnersolution", detail="abc_solutiondetail", prefix="abc")
    async with sandbox(solution_tables=names) as box:
        relations = await box.rows(f"{OPPORTUNITY}/OneToManyRelationships?$filter=IsCustomRelationship eq true")
        (row,) = [each for each in relations if each["ReferencingEntity"] == "abc_partnersolution"]
        parents = await box.rows("EntityDefinitions(LogicalName='abc_partnersolution')/ManyToOneRelationships")
        detail = await box.get("EntityDefinitions(LogicalName='abc_solutiondetail')?$expand=Attributes")
        made = await box.rows("abc_solutiondetails?$select=abc_solutionidentifier")

    assert row["ReferencingEntityNavigationPropertyName"] == "abc_OpportunityId"
    assert "abc_solutiondetail" in [each["ReferencedEntity"] for each in parents]
    assert shown(detail["DisplayCollectionName"]) == "Microsoft Solution Details"
    labels = {shown(each["DisplayName"]) for each in detail["Attributes"] if each["IsCustomAttribute"]}
    assert labels == {"Solution Identifier", "Solution Name", "Type", "Publisher Name"}
    assert len(made) == 3


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("$top=1", "0x80060888"),
        ("$orderby=LogicalName", "0x80060888"),
        ("$skip=1", "0x80060888"),
        ("$filter=startswith(LogicalName,'a')", "0x8006088a"),
        ("$select=nosuch", "0x80060888"),
    ],
)
async def test_metadata_queries_are_limited(query: str, expected: str) -> None:
    """Paging, ordering and functions on text are refused."""
    async with sandbox() as box:
        assert code(await box.send("GET", f"EntityDefinitions?{query}")) == (400, expected)


async def test_definitions_are_filtered_by_comparison() -> None:
    """Comparisons, and, or work on definitions and on expanded columns."""
    async with sandbox() as box:
        wanted = "LogicalName eq 'opportunity' or LogicalName eq 'account'"
        columns = "Attributes($select=LogicalName;$filter=LogicalName eq 'name')"
        found = await box.rows(f"EntityDefinitions?$select=LogicalName&$filter={wanted}&$expand={columns}")
        relation = await box.get("RelationshipDefinitions(SchemaName='opportunity_parent_account')")

    assert sorted(row["LogicalName"] for row in found) == ["account", "opportunity"]
    assert [row["Attributes"][0]["LogicalName"] for row in found] == ["name", "name"]
    assert relation["ReferencingEntityNavigationPropertyName"] == "parentaccountid"


def label(text: str) -> dict[str, Any]:
    return {"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]}


def column(kind: str, name: str = "abc_X", **more: Any) -> dict[str, Any]:
    return {"@odata.type": f"{CAST}{kind}AttributeMetadata", "SchemaName": name, "DisplayName": label("X")} | more


CHOICE: dict[str, Any] = {
    "OptionSet": {"Options": [{"Value": 727000000, "Label": label("A")}, {"Value": 727000001, "Label": label("B")}]}
}


@pytest.mark.parametrize(
    ("body", "good", "bad"),
    [
        (column("String", MaxLength=3), "abc", "abcd"),
        (column("Memo", MaxLength=5000), "text", 1),
        (column("Money", MinValue=0, MaxValue=100), 1.5, 101),
        (column("Decimal", Precision=2), 1.25, "1"),
        (column("Integer", MinValue=0, MaxValue=10), 7, 7.5),
        (column("Boolean", AttributeType="Boolean", DefaultValue=False), True, "true"),
        (column("Picklist", **CHOICE), 727000001, 1),
        (column("MultiSelectPicklist", AttributeType="Virtual", **CHOICE), "727000000,727000001", "1"),
        (column("DateTime", Format="DateOnly"), "2026-01-31", "2026-01-31T00:00:00Z"),
        (column("DateTime", Format="DateAndTime"), "2026-01-31T10:00:00Z", "2026-01-31"),
    ],
)
async def test_a_new_column_holds_what_its_type_allows(body: dict[str, Any], good: object, bad: object) -> None:
    """Every makeable type is created, read back, enforced, and refused a second time."""
    async with sandbox() as box:
        made = await box.send("POST", f"{OPPORTUNITY}/Attributes", body)
        again = await box.send("POST", f"{OPPORTUNITY}/Attributes", body)
        row = await box.opportunity(abc_x=good)
        refused = await box.send("POST", "opportunities", {"abc_x": bad})
        published = await box.send("POST", "PublishXml", {"ParameterXml": "<importexportxml/>"})
        read = await box.get(f"{OPPORTUNITY}/Attributes(LogicalName='abc_x')?$select=SchemaName,AttributeType")

    assert made.status_code == published.status_code == 204
    assert made.headers["odata-entityid"].startswith(f"{ROOT}EntityDefinitions(")
    assert code(again) == (400, "0x80047013")
    assert row["abc_x"] == good
    assert refused.status_code == 400
    assert (read["SchemaName"], read["AttributeType"]) == ("abc_X", body.get("AttributeType", read["AttributeType"]))


async def seen(box: Sandbox, **headers: str) -> int:
    return (await box.send("GET", "opportunities?$select=abc_x", **headers)).status_code


async def test_a_new_column_is_seen_late() -> None:
    """Other servers know it after a while, or at once with strong consistency."""
    async with sandbox() as box:
        await box.switch(metadata_delay_seconds=20.0)
        await box.send("POST", f"{OPPORTUNITY}/Attributes", column("String", MaxLength=9))
        early, strong = await seen(box), await seen(box, Consistency="Strong")
        await box.control("clock", {"advance": 21})
        late = await seen(box)

    assert (early, strong, late) == (400, 200, 200)


async def test_a_key_over_duplicates_fails() -> None:
    """Existing duplicates keep the index from being built, and the key from being used."""
    key = {"SchemaName": "abc_Name", "KeyAttributes": ["name"]}
    async with sandbox() as box:
        for _ in range(2):
            await box.make("accounts", name="Contoso")
        await box.send("POST", "EntityDefinitions(LogicalName='account')/Keys", key)
        again = await box.send("POST", "EntityDefinitions(LogicalName='account')/Keys", key)
        (read,) = await box.rows("EntityDefinitions(LogicalName='account')/Keys")
        used = await box.send("GET", "accounts(name='Contoso')")

    assert read["EntityKeyIndexStatus"] == "Failed"
    assert code(again) == (400, "0x80060893")
    assert code(used) == (400, "0x80060890")


async def test_every_lookup_leads_somewhere_under_one_name() -> None:
    """Targets exist, and neither navigation nor collection names clash within a table."""
    async with sandbox() as box:
        schema = box.app.state.organization.schema

    for table in schema.tables.values():
        targets = [target for column in table.columns.values() for target in column.targets]
        assert {target.table for target in targets} <= schema.tables.keys()
        lookups = [
            (column.name, nav) for column in table.columns.values() for nav in {t.navigation for t in column.targets}
        ]
        navigations = [nav for _, nav in lookups if nav] + [each.name for each in schema.collections(table.name)]
        assert len(navigations) == len(set(navigations))
