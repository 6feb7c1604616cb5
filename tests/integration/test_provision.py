"""`cosell provision` on the simulated Dynamics 365: from nothing to deals in step, twice, and back to nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.commands.doctor import examined
from cli.doctor import State
from shared.platform.identity import StaticTokens
from tests.integration.asking import session, world_of
from tests.integration.bench import Bench
from tests.integration.network import HOST
from tests.integration.provisioned import Desk, open_desk

STEM = "cosell_microsoftpartnercenter"
SYNC, REFERRAL, AUDIT = f"{STEM}referralsync", f"{STEM}referralidentifier", f"{STEM}referralsyncaudit"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_desk(tmp_path / "root.pem") as made:
        yield made


async def deal(desk: Desk, **values: Any) -> str:
    """A seller's opportunity under our own columns, with a solution of our own catalogue."""
    people = desk.bench.people
    account = await people.account()
    contact = await people.contact(account)
    named = {
        "name": "Contoso data platform",
        "estimatedvalue": 120000,
        "estimatedclosedate": "2027-03-31",
        "transactioncurrencyid@odata.bind": f"/transactioncurrencies({await people.currency('USD')})",
        "parentaccountid@odata.bind": f"/accounts({account})",
        "parentcontactid@odata.bind": f"/contacts({contact})",
    }
    ident = str((await people.crm("POST", "opportunities", named | values))["opportunityid"])
    detail = {"cosell_name": "Contoso Retail Insights", "cosell_solutionidentifier": "SOL-1001"}
    made = (await people.crm("POST", "cosell_microsoftsolutiondetails", detail))["cosell_microsoftsolutiondetailid"]
    bound = {
        "cosell_OpportunityId@odata.bind": f"/opportunities({ident})",
        "cosell_SolutionDetailId@odata.bind": f"/cosell_microsoftsolutiondetails({made})",
    }
    await people.crm("POST", "cosell_microsoftsolutions", bound)
    await people.crm("PATCH", f"opportunities({ident})", {SYNC: True})
    return ident


async def started(desk: Desk) -> Bench:
    """The environment provisioned, and the first start of the product behind it."""
    assert await desk.provision() == 0
    await desk.bench.heal()
    desk.bench.clock.advance(60)
    return desk.bench


async def test_from_nothing_to_deals_in_step_both_ways(desk: Desk) -> None:
    """On an empty Dataverse one run is enough: a deal and its edits go both ways through the webhooks it registered."""
    bench = await started(desk)
    ident = await deal(desk)
    await bench.settle()
    row = await bench.people.crm("GET", f"opportunities({ident})")
    referral = await bench.people.read_referral(row[REFERRAL])
    assert [one["id"] for one in referral["details"]["requirements"]["solutions"]] == ["SOL-1001"]

    await bench.people.crm("PATCH", f"opportunities({ident})", {"estimatedvalue": 99000})
    await bench.people.edit_referral(referral["id"], details={"notes": "From the portal."})
    await bench.settle()
    referral = await bench.people.read_referral(referral["id"])
    row = await bench.people.crm("GET", f"opportunities({ident})")
    assert referral["details"]["dealValue"] == 99000
    assert row["description"] == "From the portal."
    assert "Partner Center" in row[AUDIT]


async def test_a_referral_of_microsofts_arrives(desk: Desk) -> None:
    """What begins in Partner Center becomes an opportunity with our own columns filled, sync on."""
    bench = await started(desk)
    referral = await bench.people.referral("inbound")
    await bench.settle()
    (row,) = await bench.people.opportunities()

    assert (row[REFERRAL], row[SYNC]) == (referral["id"], True)
    assert len(await desk.rows("cosell_microsoftsolutions")) == len(referral["details"]["requirements"]["solutions"])


async def test_a_deleted_solution_row_wakes_its_deal(desk: Desk) -> None:
    """The step of the deletion has an image that says whose row it was."""
    bench = await started(desk)
    ident = await deal(desk)
    await bench.settle()
    (row,) = await desk.rows("cosell_microsoftsolutions")
    await bench.people.crm("DELETE", f"cosell_microsoftsolutions({row['cosell_microsoftsolutionid']})")
    before = len(bench.telemetry.outcomes)
    await bench.settle()

    assert ident in [told.signal.ref.id for told in bench.telemetry.outcomes[before:]]


@pytest.mark.parametrize("table", ["account", "contact"])
async def test_masters_wake_nobody_with_what_deals_are_not_made_of(desk: Desk, table: str) -> None:
    """A step on accounts and contacts listens to the columns that deals show, and to no other."""
    bench = await started(desk)
    account = await bench.people.account()
    ident = account if table == "account" else await bench.people.contact(account)
    await bench.delivered()
    before = len(bench.signals.log)
    await bench.people.crm("PATCH", f"{table}s({ident})", {"description": "No deal's business"})
    await bench.delivered()
    quiet = len(bench.signals.log) - before
    await bench.people.crm("PATCH", f"{table}s({ident})", {"address1_city" if table == "account" else "lastname": "X"})
    await bench.delivered()

    assert (quiet, len(bench.signals.log) - before) == (0, 1)


async def test_a_lead_qualified_by_hand_hands_its_referral_over(desk: Desk) -> None:
    """Identifier, link and the wish to share are on the opportunity that the seller's Qualify made."""
    await desk.provision()
    people = desk.bench.people
    link = "https://partner.example.com/referrals/r-1"
    values = {"cosell_referralidentifier": "r-1", "cosell_referrallink": link, "cosell_referralsync": True}
    lead = await people.crm("POST", "leads", {"subject": "A", "companyname": "Contoso"} | values)
    wish = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": True, "Status": 3}
    await people.crm("POST", f"leads({lead['leadid']})/Microsoft.Dynamics.CRM.QualifyLead", wish)
    (row,) = await people.opportunities()

    assert (row[REFERRAL], row[f"{STEM}referrallink"], row[SYNC]) == ("r-1", link, True)


async def test_sellers_find_everything_in_a_tab_of_our_own(desk: Desk) -> None:
    """Each field once, what the product writes read-only, the solutions as a sub-grid; other tabs byte for byte."""
    before = (await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'"))[0]["formxml"]
    await desk.provision()
    after = (await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'"))[0]["formxml"]
    start, end = after.index("<tab ", after.index("</tab>")), after.rindex("</tab>") + len("</tab>")
    controls = ET.fromstring(after[start:end]).findall(".//control")  # noqa: S314 - the simulator's own form
    fields = {each.get("datafieldname"): each.get("disabled") for each in controls if each.get("datafieldname")}
    (grid,) = [each for each in controls if not each.get("datafieldname")]

    assert after[:start] + after[end:] == before
    assert [name for name, disabled in fields.items() if disabled == "true"] == [
        REFERRAL,
        f"{STEM}referrallink",
        f"{STEM}referralprogram",
        "cosell_microsoftcrmidentifier",
        AUDIT,
    ]
    assert {SYNC, f"{STEM}help", f"{STEM}referralvisible", "cosell_customerpurchaseintent"} <= fields.keys()
    assert grid.findtext("parameters/TargetEntityType") == "cosell_microsoftsolution"


async def test_nothing_is_shared_until_a_seller_says_so(desk: Desk) -> None:
    """The flag of a new opportunity says no, and the six ways of help and the visibility carry Microsoft's words."""
    bench = await started(desk)
    row = await bench.people.crm("POST", "opportunities", {"name": "Mine"})
    await bench.settle()
    columns = "EntityDefinitions(LogicalName='opportunity')/Attributes"
    cast = "Microsoft.Dynamics.CRM."
    asked = f"{columns}(LogicalName='{STEM}help')/{cast}PicklistAttributeMetadata?$expand=OptionSet"
    options = (await bench.people.crm("GET", asked))["OptionSet"]["Options"]
    asked = f"{columns}(LogicalName='{STEM}referralvisible')/{cast}BooleanAttributeMetadata?$expand=OptionSet"
    visible = (await bench.people.crm("GET", asked))["OptionSet"]

    assert row[SYNC] is False
    assert await bench.people.referrals() == []
    assert [each["Label"]["UserLocalizedLabel"]["Label"] for each in options] == [
        "Workload Specific Value Proposition",
        "Customer Technical Architecture",
        "Proof Of Concept Or Demo",
        "Quotes Or Licensing",
        "Post Sales Customer Success",
        "General Or Other",
    ]
    assert visible["TrueOption"]["Label"]["UserLocalizedLabel"]["Label"] == "Visible to Microsoft sellers"


async def test_the_solution_lists_what_was_made(desk: Desk) -> None:
    """In the list of solutions there is ours, and it holds the columns, tables, role, endpoint and steps."""
    await desk.provision()
    (solution,) = await desk.rows("solutions")
    kinds = [each["componenttype"] for each in await desk.rows("solutioncomponents")]

    assert (solution["uniquename"], solution["friendlyname"]) == ("CosellSync", "Cosell Sync")
    # tables (opportunity and lead as the roots of their columns), columns, relationships, role, steps, endpoint
    counted = {kind: kinds.count(kind) for kind in (1, 2, 10, 20, 92, 95)}
    assert counted == {1: 4, 2: 20, 10: 2, 20: 1, 92: 17, 95: 1}


async def test_labels_are_in_the_environments_language(desk: Desk) -> None:
    """A German environment refuses labels marked as English: ours are marked as its own, on forms too."""
    (organization,) = await desk.rows("organizations")
    german = {"languagecode": 1031}
    await desk.bench.people.crm("PATCH", f"organizations({organization['organizationid']})", german)
    assert await desk.provision() == 0
    (form,) = await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'")

    assert 'description="Co-sell" languagecode="1031"' in form["formxml"]


async def test_the_second_run_writes_nothing(desk: Desk) -> None:
    """What is there is seen to be there: no POST, PATCH, PUT or DELETE the second time."""
    assert await desk.provision() == 0
    first = len(desk.written)
    assert await desk.provision() == 0

    assert first > 30
    assert desk.written == []
    assert "Nothing to do" in desk.said


async def test_the_doctor_finds_nothing_missing(desk: Desk) -> None:
    """Columns, tables, tracking, steps and role are what `cosell doctor` looks for, seen by an administrator."""
    bench = await started(desk)
    await deal(desk)
    await bench.settle()
    bench.configure(DEFAULT_OWNER="Co-sell")
    at = session(bench)
    world = replace(world_of(bench), dataverse_tokens=StaticTokens("sandbox-seller"))
    report = await examined(replace(at.asked, world=lambda _: world), HOST)

    assert [line.cells for line in report.lines if line.finding.state is State.FAILED] == []
    warned = [line.check for line in report.lines if line.finding.state is State.WARNING]
    assert warned == ["roles"]  # of the seller whose eyes were used
