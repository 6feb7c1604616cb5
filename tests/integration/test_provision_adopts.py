"""`cosell provision` where much is there already: Microsoft's connector, or what somebody made by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_sandbox_dynamics_metadata import column, label
from tests.integration.bench import linked_inbound, linked_outbound
from tests.integration.network import DYNAMICS_EVENTS, HOST
from tests.integration.provisioned import Desk, asking, open_desk
from tests.integration.test_provision_stops import post

ATTRIBUTES = "EntityDefinitions(LogicalName='opportunity')/Attributes"
ROLE = "roles?$filter=name eq 'Cosell Sync'"
STEM = "cosell_MicrosoftPartnerCenter"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator where Microsoft's connector is installed and webhooks were registered by hand."""
    async with open_desk(tmp_path / "root.pem", connector=True) as made:
        yield made


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_desk(tmp_path / "root.pem") as made:
        yield made


async def help_options(desk: Desk, name: str) -> list[Any]:
    cast = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata"
    found = await desk.bench.people.crm("GET", f"{ATTRIBUTES}(LogicalName='{name}')/{cast}?$expand=OptionSet")
    return list(found["OptionSet"]["Options"])


def microsofts(snapshot: Any) -> list[Any]:
    """Every definition under Microsoft's prefix."""
    found = [each for each in snapshot["definitions"] if each["LogicalName"].startswith("msft_")]
    columns = [one for each in snapshot["definitions"] for one in each["Attributes"]]
    return found + [one for one in columns if one["LogicalName"].startswith("msft_")]


async def test_microsofts_columns_and_tables_are_used_as_they_are(desk: Desk) -> None:
    """Nothing is made or changed under Microsoft's prefix, and deals go both ways under the role that was made."""
    before = microsofts(await desk.snapshot())
    assert await desk.provision() == 0
    bodies = [
        str(call.body) for call in desk.written if call.name.endswith(("EntityDefinitions", "RelationshipDefinitions"))
    ]
    await desk.bench.heal()
    desk.bench.clock.advance(60)
    _, row = await linked_outbound(desk.bench)
    referral, _ = await linked_inbound(desk.bench)
    await desk.bench.people.edit_opportunity(row["opportunityid"], estimatedvalue=5)
    await desk.bench.settle()

    assert microsofts(await desk.snapshot())[: len(before)] == before
    assert [body for body in bodies if "'SchemaName': 'msft_" in body and "PrivilegeId" not in body] == []
    assert referral["externalReferenceId"]
    assert (await desk.bench.people.read_referral(row["msft_microsoftpartnercenterreferralidentifier"]))["details"][
        "dealValue"
    ] == 5
    await desk.provision()
    assert desk.written == []


async def test_an_endpoint_that_posts_there_already_is_completed_and_not_doubled(desk: Desk) -> None:
    """Each event arrives once: the endpoint made by hand is used, its steps are narrowed, what lacks is added."""
    before = await desk.rows("sdkmessageprocessingsteps")
    (gone,) = [step for step in before if step["name"] == "Win of opportunity"]
    await desk.bench.people.crm("DELETE", f"sdkmessageprocessingsteps({gone['sdkmessageprocessingstepid']})")
    await desk.provision()
    (endpoint,) = await desk.rows("serviceendpoints")
    steps = {step["name"]: step for step in await desk.rows("sdkmessageprocessingsteps")}

    assert (endpoint["url"], endpoint["isauthvalueset"]) == (f"{HOST}{DYNAMICS_EVENTS}", True)
    assert steps.keys() - {one["name"] for one in before} == {"Cosell Sync: Win of opportunity"}
    assert len(steps) == len(before)
    assert "address1_country" in steps["Update of account"]["filteringattributes"]


async def test_the_leads_columns_fit_what_they_are_handed_over_to(desk: Desk) -> None:
    """A shorter column of Microsoft's makes ours as short, since a map to a shorter one would be refused."""
    columns = desk.bench.dynamics.state.organization.schema.tables["lead"].columns
    for name in ("cosell_referralidentifier", "cosell_referrallink"):
        del columns[name]
    deals = desk.bench.dynamics.state.organization.schema.tables["opportunity"].columns
    link = "msft_microsoftpartnercenterreferrallink"
    deals[link] = replace(deals[link], max_length=200)
    await desk.provision()
    maps = {row["sourceattributename"]: row["targetattributename"] for row in await desk.rows("attributemaps")}

    assert columns["cosell_referrallink"].max_length == 200
    assert maps["cosell_referralidentifier"] == "msft_microsoftpartnercenterreferralidentifier"
    assert maps["cosell_referrallink"] == link


async def test_what_cannot_be_mapped_is_told_and_not_tried(desk: Desk) -> None:
    """A link kept as plain text cannot fill one kept as an address."""
    await desk.provision()

    assert (
        "lead.cosell_referrallink to opportunity.msft_microsoftpartnercenterreferrallink cannot be mapped"
        in " ".join(desk.said.split())
    )
    assert "cosell_referrallink" not in [row["sourceattributename"] for row in await desk.rows("attributemaps")]


async def test_microsofts_columns_on_leads_are_found_by_their_labels(desk: Desk) -> None:
    """Where its connector brought such columns, whatever they are called, ours are not made beside them."""
    columns = desk.bench.dynamics.state.organization.schema.tables["lead"].columns
    ours = [columns.pop(name) for name in ("cosell_referralidentifier", "cosell_referrallink", "cosell_syncaudit")]
    for number, each in enumerate(ours):
        columns[f"msft_x{number}"] = replace(each, name=f"msft_x{number}", schema_name=f"msft_X{number}")
    await desk.provision()
    maps = {row["sourceattributename"] for row in await desk.rows("attributemaps")}

    assert {name for name in columns if name.startswith("cosell_")} == {"cosell_syncmarker", "cosell_referralsync"}
    assert "msft_x0" in maps


async def test_an_option_that_microsofts_choice_lacks_is_told_and_not_added(desk: Desk) -> None:
    """Their choice is theirs."""
    organization = desk.bench.dynamics.state.organization
    columns = organization.schema.tables["opportunity"].columns
    help_ = columns["msft_microsoftpartnercenterhelp"]
    columns[help_.name] = type(help_)(**{**vars(help_), "options": help_.options[:5]})
    await desk.provision()

    assert [call for call in desk.written if call.name.endswith("InsertOptionValue")] == []
    assert "no option labelled General Or Other" in " ".join(desk.said.split())


async def test_an_option_that_our_own_choice_lacks_is_added(empty: Desk) -> None:
    """Under a value that no option has, with the label that the product knows it by."""
    listed = [{"Value": 727000000, "Label": label("Quotes Or Licensing")}]
    await post(empty, ATTRIBUTES, column("Picklist", f"{STEM}Help", OptionSet={"Options": listed}))
    await empty.provision()
    options = await help_options(empty, f"{STEM.lower()}help")

    assert len(options) == len({each["Value"] for each in options}) == 6
    await empty.provision()
    assert empty.written == []


async def test_fields_that_stand_on_a_form_already_are_not_shown_twice(desk: Desk) -> None:
    """An administrator who put the fields into a section of their own keeps it: only what lacks gets a tab."""
    sync = "msft_microsoftpartnercenterreferralsync"
    (form,) = await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'")
    text = form["formxml"].replace('datafieldname="description"', f'datafieldname="{sync}"')
    people = desk.bench.people
    await people.crm("PATCH", f"systemforms({form['formid']})", {"formxml": text})
    await people.crm("POST", "PublishAllXml", {})
    await desk.provision()
    (form,) = await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'")

    assert form["formxml"].count(f'datafieldname="{sync}"') == 1
    assert form["formxml"].count('datafieldname="msft_microsoftpartnercenterhelp"') == 1


async def test_a_field_that_lacks_joins_the_tab_that_is_there(empty: Desk) -> None:
    """A form whose tab lost a field gets it back, in the same tab."""
    await empty.provision()
    people, field = empty.bench.people, f"{STEM.lower()}help"
    (form,) = await empty.rows("systemforms?$filter=objecttypecode eq 'opportunity'")
    text = form["formxml"].replace(f'datafieldname="{field}"', 'datafieldname="name"')
    await people.crm("PATCH", f"systemforms({form['formid']})", {"formxml": text})
    await people.crm("POST", "PublishAllXml", {})
    await empty.provision()
    (form,) = await empty.rows("systemforms?$filter=objecttypecode eq 'opportunity'")

    assert form["formxml"].count("<tab ") == 2
    assert form["formxml"].count(f'datafieldname="{field}"') == 1


async def test_which_forms_get_the_tab_is_the_administrators_choice(empty: Desk) -> None:
    """One by name, or none."""
    ask = asking(forms=type(asking().forms)(names=frozenset({"Lead", "Nowhere"})))
    await empty.provision(ask)
    shown = {form["name"]: "cosell_tab" in form["formxml"] for form in await empty.rows("systemforms")}

    assert shown == {"Opportunity": False, "Lead": True}
    assert 'no active main form called "Nowhere"' in " ".join(empty.said.split())


async def test_the_partners_own_publisher_is_used(empty: Desk) -> None:
    """Where OWN_PREFIX is a prefix that the partner has, its publisher carries our solution."""
    names = {"uniquename": "fabrikam", "friendlyname": "Fabrikam", "customizationprefix": "fab"}
    await post(empty, "publishers", names | {"customizationoptionvalueprefix": 72700})
    empty.bench.configure(OWN_PREFIX="fab", DATAVERSE_PREFIX="fab")
    assert await empty.provision() == 0
    (publisher,) = await empty.rows("publishers")
    (solution,) = await empty.rows("solutions")
    options = await help_options(empty, "fab_microsoftpartnercenterhelp")

    assert solution["_publisherid_value"] == publisher["publisherid"]
    assert options[0]["Value"] == 727_000_000


async def test_a_role_that_lost_a_privilege_gets_it_back(empty: Desk) -> None:
    """What was taken or narrowed is given again; what somebody added stays."""
    await empty.provision()
    (role,) = await empty.rows(ROLE)
    privileges = {row["name"]: row["privilegeid"] for row in await empty.rows("privileges")}
    given = {"prvReadOpportunity": "Basic", "prvReadAnnotation": "Global"}
    listed = [{"PrivilegeId": privileges[name], "Depth": depth} for name, depth in given.items()]
    action = f"roles({role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    await post(empty, action, {"Privileges": listed})
    await empty.provision()
    held = await empty.bench.people.crm("GET", f"RetrieveRolePrivilegesRole(RoleId={role['roleid']})")
    depths = {each["PrivilegeName"]: each["Depth"] for each in held["RolePrivileges"]}

    assert len(empty.written) == 1
    assert (depths["prvReadOpportunity"], depths["prvReadAnnotation"]) == ("Global", "Global")


async def test_a_step_that_was_changed_is_what_it_was(empty: Desk) -> None:
    """Switched off, or listening to other columns: put right."""
    await empty.provision()
    (step,) = [
        each for each in await empty.rows("sdkmessageprocessingsteps") if each["name"].endswith("Update of account")
    ]
    path = f"sdkmessageprocessingsteps({step['sdkmessageprocessingstepid']})"
    await empty.bench.people.crm("PATCH", path, {"statecode": 1, "statuscode": 2, "filteringattributes": "fax"})
    await empty.provision()
    now = await empty.bench.people.crm("GET", path)

    assert (now["statecode"], now["filteringattributes"]) == (0, step["filteringattributes"])
    assert len(empty.written) == 1


async def test_an_unknown_application_is_told(empty: Desk) -> None:
    """The role is made, and who is to have it is asked for."""
    nobody = "00000000-0000-4000-8000-00000000dead"
    await empty.provision(asking(application=nobody))

    assert f"there is no application user {nobody}" in " ".join(empty.said.split())
    assert len(await empty.rows(ROLE)) == 1
