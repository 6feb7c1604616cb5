"""The simulator as an environment that is customised: tables, relationships, forms, maps, roles, solutions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.dynamics.forms import form_id
from sandbox.dynamics.seed import APPLICATION
from tests.contract.sandbox_dynamics import ROOT, Sandbox, code, sandbox
from tests.contract.test_sandbox_dynamics_metadata import CAST, OPPORTUNITY, column, label

IN_USE = (400, "0x8004F01F")
FORM = f"systemforms({form_id('opportunity')})"
PUBLISHER = {"uniquename": "abc", "friendlyname": "ABC", "customizationprefix": "abc"}


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    """Give a person before an empty Dataverse."""
    async with sandbox("sandbox-seller", connector=False) as made:
        yield made


def table(name: str = "abc_Deal", **more: Any) -> dict[str, Any]:
    primary = column("String", "abc_Name", MaxLength=100, IsPrimaryName=True)
    names = {"DisplayName": label("Deal"), "DisplayCollectionName": label("Deals"), "OwnershipType": "UserOwned"}
    return {"@odata.type": f"{CAST}EntityMetadata", "SchemaName": name, **names, "Attributes": [primary]} | more


def relation(delete: str = "RemoveLink") -> dict[str, Any]:
    return {
        "@odata.type": f"{CAST}OneToManyRelationshipMetadata",
        "SchemaName": "abc_opportunity_deal",
        "ReferencedEntity": "opportunity",
        "ReferencingEntity": "abc_deal",
        "CascadeConfiguration": {"Delete": delete},
        "Lookup": {"SchemaName": "abc_OpportunityId", "DisplayName": label("Opportunity")},
    }


async def made(box: Sandbox, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    answer = await box.send("POST", path, body, **headers)
    assert answer.status_code == 204, answer.text
    return answer


async def solved(box: Sandbox) -> None:
    """A publisher and a solution of its own."""
    publisher = await box.make("publishers", **PUBLISHER, customizationoptionvalueprefix=72700)
    bound = f"/publishers({publisher['publisherid']})"
    await box.make("solutions", uniquename="Deals", friendlyname="Deals", version="1.0.0.0", publisherid__bind=bound)


async def test_an_empty_dataverse_has_nothing_of_the_connector(box: Sandbox) -> None:
    """Neither columns nor tables, solutions, flows or steps; deals cannot be followed yet."""
    names = [each["LogicalName"] for each in await box.rows(f"{OPPORTUNITY}/Attributes?$select=LogicalName")]
    tracked = await box.get(f"{OPPORTUNITY}?$select=ChangeTrackingEnabled")
    refused = await box.send("GET", "opportunities", Prefer="odata.track-changes")

    assert [name for name in names if name.startswith(("msft_", "cosell_"))] == []
    for entity_set in ("publishers", "solutions", "workflows", "serviceendpoints", "sdkmessageprocessingsteps"):
        assert await box.rows(entity_set) == []
    assert tracked["ChangeTrackingEnabled"] is False
    assert code(refused) == (400, "0x80072491")


async def test_a_new_table_is_a_table_like_any(box: Sandbox) -> None:
    """Its rows are made under its plural set, and messages, a view and privileges come with it."""
    answer = await made(box, "EntityDefinitions", table(ChangeTrackingEnabled=True))
    again = await box.send("POST", "EntityDefinitions", table())
    row = await box.make("abc_deals", abc_name="One")
    head = await box.get("EntityDefinitions(LogicalName='abc_deal')")
    filters = await box.rows("sdkmessagefilters?$filter=primaryobjecttypecode eq 'abc_deal'")
    views = await box.rows("savedqueries?$filter=returnedtypecode eq 'abc_deal' and isdefault eq true")

    assert answer.headers["odata-entityid"].startswith(f"{ROOT}EntityDefinitions(")
    assert code(again) == (400, "0x80047010")
    assert (row["abc_name"], row["statecode"]) == ("One", 0)
    assert (head["EntitySetName"], head["IsCustomEntity"], head["ChangeTrackingEnabled"]) == ("abc_deals", True, True)
    assert (len(filters), len(views)) == (3, 1)
    assert "prvReadabc_Deal" in [each["Name"] for each in head["Privileges"]]


async def test_a_number_is_given_where_the_column_counts(box: Sandbox) -> None:
    """A row that says nothing gets the next number of the column's format."""
    primary = column("String", "abc_Name", MaxLength=100, IsPrimaryName=True)
    body = table(Attributes=[primary | {"AutoNumberFormat": "{DATETIMEUTC:yyyy-MM-dd}-{SEQNUM:5}"}])
    await made(box, "EntityDefinitions", body)

    assert (await box.make("abc_deals"))["abc_name"] == "2026-11-02-00001"
    assert (await box.make("abc_deals", abc_name="Mine"))["abc_name"] == "Mine"


@pytest.mark.parametrize(
    ("delete", "status", "left"), [("RemoveLink", 204, 1), ("Cascade", 204, 0), ("Restrict", 405, 1)]
)
async def test_a_relationship_is_a_lookup_with_a_collection(box: Sandbox, delete: str, status: int, left: int) -> None:
    """Rows are bound by the lookup's schema name, found by the relationship's, and go as its cascade says."""
    await made(box, "EntityDefinitions", table())
    await made(box, "RelationshipDefinitions", relation(delete))
    again = await box.send("POST", "RelationshipDefinitions", relation())
    deal = (await box.opportunity())["opportunityid"]
    await box.make("abc_deals", abc_OpportunityId__bind=f"/opportunities({deal})")
    found = await box.rows(f"opportunities({deal})/abc_opportunity_deal")
    deleted = await box.send("DELETE", f"opportunities({deal})")

    assert code(again) == (400, "0x80047010")
    assert len(found) == 1
    assert deleted.status_code == status
    assert len(await box.rows("abc_deals")) == left


async def test_change_tracking_is_switched_on_by_a_whole_definition_and_never_off(box: Sandbox) -> None:
    """A PUT of less than the definition is refused, and one that would stop tracking."""
    whole = await box.get(OPPORTUNITY)
    partial = await box.send("PUT", OPPORTUNITY, {"ChangeTrackingEnabled": True})
    done = await box.send("PUT", OPPORTUNITY, whole | {"ChangeTrackingEnabled": True})
    off = await box.send("PUT", OPPORTUNITY, whole)
    followed = await box.send("GET", "opportunities", Prefer="odata.track-changes")

    assert (partial.status_code, done.status_code, off.status_code) == (400, 204, 400)
    assert followed.status_code == 200


async def test_an_option_is_inserted_once(box: Sandbox) -> None:
    """The new option can be chosen; its value is taken from then on."""
    choice: dict[str, Any] = {"OptionSet": {"Options": [{"Value": 727000000, "Label": label("A")}]}}
    await made(box, f"{OPPORTUNITY}/Attributes", column("Picklist", **choice))
    body = {
        "EntityLogicalName": "opportunity",
        "AttributeLogicalName": "abc_x",
        "Value": 727000001,
        "Label": label("B"),
    }
    first = await box.send("POST", "InsertOptionValue", body)
    again = await box.send("POST", "InsertOptionValue", body)

    assert first.json()["NewOptionValue"] == 727000001
    assert again.status_code == 400
    assert (await box.opportunity(abc_x=727000001))["abc_x"] == 727000001


async def test_only_one_change_of_the_metadata_runs_at_a_time(box: Sandbox) -> None:
    """While a neighbour's runs, another is refused with the code that says to try again."""
    await box.switch(metadata_busy=1.0)
    refused = await box.send("POST", "EntityDefinitions", table())
    await made(box, "EntityDefinitions", table())

    assert code(refused) == (400, "0x80071151")


async def test_what_a_call_makes_joins_the_solution_that_it_names(box: Sandbox) -> None:
    """Columns, tables, roles and endpoints become components; an unknown or managed solution takes none."""
    await solved(box)
    named = {"MSCRM.SolutionUniqueName": "Deals"}
    await box.client.post(f"{OPPORTUNITY}/Attributes", json=column("String", MaxLength=9), headers=named)
    await box.client.post("EntityDefinitions", json=table(), headers=named)
    endpoint = {"name": "hook", "contract": 8, "url": "https://deals.example.com", "authtype": 4, "authvalue": "k"}
    await box.client.post("serviceendpoints", json=endpoint, headers=named)
    unknown = await box.client.post(
        "EntityDefinitions", json=table("abc_B"), headers={**named, "MSCRM.SolutionUniqueName": "No"}
    )
    kinds = sorted(each["componenttype"] for each in await box.rows("solutioncomponents"))

    assert kinds == [1, 1, 2, 95]  # opportunity as the column's root, the new table, the column, the endpoint
    assert code(unknown) == (400, "0x8004F002")


async def test_a_form_is_changed_when_it_is_published(box: Sandbox) -> None:
    """Until then everybody sees the old one; a form that shows what is not there is refused."""
    before = await box.get(FORM)
    shown = before["formxml"].replace('datafieldname="name"', 'datafieldname="emailaddress"')
    changed = await box.patch(FORM, {"formxml": shown})
    early = await box.get(FORM)
    published = {"ParameterXml": "<importexportxml><entities><entity>opportunity</entity></entities></importexportxml>"}
    await made(box, "PublishXml", published)
    late = await box.get(FORM)
    wrong = await box.patch(FORM, {"formxml": shown.replace("emailaddress", "nosuch")})

    assert changed.status_code == 204
    assert (early["formxml"], late["formxml"]) == (before["formxml"], shown)
    assert wrong.status_code == 400


async def test_what_is_in_use_is_not_deleted(box: Sandbox) -> None:
    """A column on a published form, and a table that a lookup, a step or a sub-grid refers to."""
    await made(box, f"{OPPORTUNITY}/Attributes", column("String", MaxLength=9))
    await made(box, "EntityDefinitions", table())
    before = (await box.get(FORM))["formxml"]
    await box.patch(FORM, {"formxml": before.replace('datafieldname="name"', 'datafieldname="abc_x"')})
    await made(box, "PublishAllXml", {})
    refused = await box.send("DELETE", f"{OPPORTUNITY}/Attributes(LogicalName='abc_x')")
    await box.patch(FORM, {"formxml": before})
    await made(box, "PublishAllXml", {})
    deleted = await box.send("DELETE", f"{OPPORTUNITY}/Attributes(LogicalName='abc_x')")
    standard = await box.send("DELETE", f"{OPPORTUNITY}/Attributes(LogicalName='name')")
    gone = await box.send("DELETE", "EntityDefinitions(LogicalName='abc_deal')")

    assert code(refused) == IN_USE
    assert (deleted.status_code, standard.status_code, gone.status_code) == (204, 400, 204)
    assert (await box.send("GET", "abc_deals")).status_code == 404


async def test_a_map_hands_a_leads_value_over(box: Sandbox) -> None:
    """Only between columns of one type and format where the target is long enough and not mapped yet."""
    lead = "EntityDefinitions(LogicalName='lead')/Attributes"
    for path, length in ((lead, 20), (f"{OPPORTUNITY}/Attributes", 20)):
        await made(box, path, column("String", MaxLength=length))
    await made(box, lead, column("String", "abc_Long", MaxLength=21))
    (pair,) = await box.rows("entitymaps?$filter=sourceentityname eq 'lead' and targetentityname eq 'opportunity'")
    bound = {"entitymapid@odata.bind": f"/entitymaps({pair['entitymapid']})", "targetattributename": "abc_x"}
    long = await box.send("POST", "attributemaps", bound | {"sourceattributename": "abc_long"})
    await made(box, "attributemaps", bound | {"sourceattributename": "abc_x"})
    twice = await box.send("POST", "attributemaps", bound | {"sourceattributename": "companyname"})
    ident = (await box.make("leads", subject="A", companyname="Contoso", abc_x="R-1"))["leadid"]
    qualified = {"CreateAccount": True, "CreateContact": False, "CreateOpportunity": True, "Status": 3}
    await box.send("POST", f"leads({ident})/{CAST}QualifyLead", qualified)

    assert (long.status_code, twice.status_code) == (400, 400)
    assert [row["abc_x"] for row in await box.rows("opportunities")] == ["R-1"]


async def test_an_assigned_role_is_what_an_application_may_do(box: Sandbox) -> None:
    """A new role brings privileges of its own; replacing them leaves those for SharePoint and what was named."""
    (unit,) = await box.rows("businessunits")
    role = (await box.make("roles", name="Deals", businessunitid__bind=f"/businessunits({unit['businessunitid']})"))[
        "roleid"
    ]
    born = (await box.get(f"RetrieveRolePrivilegesRole(RoleId={role})"))["RolePrivileges"]
    (read,) = await box.rows("privileges?$filter=name eq 'prvReadOpportunity'")
    given = {"Privileges": [{"PrivilegeId": read["privilegeid"], "Depth": "Global"}]}
    await made(box, f"roles({role})/{CAST}ReplacePrivilegesRole", given)
    held = (await box.get(f"RetrieveRolePrivilegesRole(RoleId={role})"))["RolePrivileges"]
    await made(
        box, f"systemusers({APPLICATION})/systemuserroles_association/$ref", {"@odata.id": f"{ROOT}roles({role})"}
    )
    app = {"Authorization": "Bearer sandbox-app"}

    assert (len(born), len(held)) == (6, 5)
    assert ("prvReadOpportunity", "Global") in [(each["PrivilegeName"], each["Depth"]) for each in held]
    assert (await box.send("GET", "opportunities", **app)).status_code == 200
    assert code(await box.send("GET", "accounts", **app)) == (403, "0x80040220")
    assert code(await box.send("POST", "EntityDefinitions", table(), **app)) == (403, "0x80040220")


async def test_publishers_and_solutions_are_named_once(box: Sandbox) -> None:
    """Prefixes and names have their form, and a publisher with a solution stays."""
    await solved(box)
    (publisher,) = await box.rows("publishers")
    taken = {"uniquename": "Deals", "friendlyname": "D", "version": "1.0.0.0"}
    bound = {"publisherid@odata.bind": f"/publishers({publisher['publisherid']})"}
    again = await box.send("POST", "solutions", taken | bound)
    odd = await box.send("POST", "publishers", PUBLISHER | {"uniquename": "b", "customizationprefix": "A-1"})
    used = await box.send("DELETE", f"publishers({publisher['publisherid']})")

    assert code(again) == (400, "0x8004F023")
    assert odd.status_code == 400
    assert code(used) == (405, "0x80040227")


async def test_what_was_made_survives_a_restart(tmp_path: Path) -> None:
    """Tables, relationships, columns that went, options and drafts of forms are there again, rows and all."""
    path = tmp_path / "state.json"
    async with sandbox("sandbox-seller", path, connector=False) as box:
        await made(box, "EntityDefinitions", table())
        await made(box, "RelationshipDefinitions", relation())
        await made(box, f"{OPPORTUNITY}/Attributes", column("String", MaxLength=9))
        await box.send("DELETE", f"{OPPORTUNITY}/Attributes(LogicalName='abc_x')")
        deal = (await box.opportunity())["opportunityid"]
        await box.make("abc_deals", abc_name="One", abc_OpportunityId__bind=f"/opportunities({deal})")
        before = (await box.get(FORM))["formxml"]
        await box.patch(FORM, {"formxml": before.replace('datafieldname="name"', 'datafieldname="emailaddress"')})
    async with sandbox("sandbox-seller", path, connector=False) as box:
        rows = await box.rows(f"opportunities({deal})/abc_opportunity_deal")
        gone = await box.send("GET", "opportunities?$select=abc_x")
        await made(box, "PublishAllXml", {})
        published = (await box.get(FORM))["formxml"]

    assert [row["abc_name"] for row in rows] == ["One"]
    assert gone.status_code == 400
    assert "emailaddress" in published
