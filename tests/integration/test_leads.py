"""Leads between both simulators: made, followed, qualified by either side, and gone on as an opportunity."""

from __future__ import annotations

import pytest

from sandbox.people import REFERRAL, Json
from tests.integration.bench import Bench, audit

QUALIFIED, DISQUALIFIED = 1, 2
AUDIT = "cosell_syncaudit"


async def a_lead(bench: Bench, **values: object) -> tuple[Json, Json]:
    """An inbound lead in step: its referral and its lead."""
    made = await bench.people.referral("lead", **values)
    await bench.settle()
    (lead,) = await bench.people.leads()
    return await bench.people.read_referral(str(made["id"])), lead


async def the_lead(bench: Bench) -> Json:
    (lead,) = await bench.people.leads()
    return lead


async def in_step(bench: Bench, referral: Json) -> Json:
    """The opportunity that the deal went on as, tied to its referral and bound to its lead."""
    row, lead = await bench.row(), await the_lead(bench)
    own = await bench.people.read_referral(str(referral["id"]))
    assert (own["status"], own["substatus"]) == ("Active", "Accepted")
    assert lead["statecode"] == QUALIFIED
    assert row["_originatingleadid_value"] == lead["leadid"]
    assert row[REFERRAL] == referral["id"]
    assert own["externalReferenceId"] == row["opportunityid"]
    assert not bench.parked.entries
    return row


async def test_a_lead_has_everything_that_its_referral_says(bench: Bench) -> None:
    """Topic, company, contact, value in the money column, date, notes, and the referral's id and address."""
    referral, lead = await a_lead(bench)

    person = referral["customerProfile"]["team"][0]
    assert lead["subject"] == referral["name"]
    assert lead["companyname"] == referral["customerProfile"]["name"]
    assert (lead["firstname"], lead["lastname"]) == (person["firstName"], person["lastName"])
    assert lead["emailaddress1"] == person["email"]
    assert lead["estimatedamount"] == referral["details"]["dealValue"]
    assert lead["estimatedvalue"] is None
    assert lead["description"] == referral["details"]["notes"]
    assert lead["cosell_referralidentifier"] == referral["id"]
    assert lead["cosell_referrallink"]
    assert lead[AUDIT]
    assert await bench.people.opportunities() == []


async def test_what_the_referral_says_follows_into_the_lead(bench: Bench) -> None:
    """An edit of the referral changes exactly that on the lead, and says so in Audit."""
    referral, lead = await a_lead(bench)

    await bench.people.edit_referral(str(referral["id"]), details={"notes": "They prefer Monday."})
    await bench.settle()

    changed = await the_lead(bench)
    assert changed["description"] == "They prefer Monday."
    assert changed["subject"] == lead["subject"]
    assert changed[AUDIT].count("\n") == lead[AUDIT].count("\n") + 1


async def test_accepting_in_partner_center_makes_the_opportunity(bench: Bench) -> None:
    """The lead is qualified without making anything by itself; the opportunity has account, contact and solutions."""
    referral, _ = await a_lead(bench)

    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()

    row = await in_step(bench, referral)
    assert row["parentaccountid"]["name"] == referral["customerProfile"]["name"]
    assert len(await bench.people.rows("accounts")) == 1


async def test_qualifying_by_hand_accepts_and_adopts(bench: Bench) -> None:
    """Dynamics 365 made the opportunity: it is taken over, shared, and told so; there is no second one."""
    referral, lead = await a_lead(bench)

    await bench.people.qualify(str(lead["leadid"]))
    await bench.settle()

    row = await in_step(bench, referral)
    assert any("its lead came from" in line for line in audit(row))
    wanted = {one["id"] for one in referral["details"]["requirements"]["solutions"]}
    assert set(await bench.people.solutions(str(row["opportunityid"]))) == wanted
    await bench.people.edit_referral(str(referral["id"]), details={"notes": "After the accept."})
    await bench.settle()
    assert (await bench.row())["description"] == "After the accept."


async def test_an_edit_of_the_lead_arrives_with_the_accept(bench: Bench) -> None:
    """What the seller wrote on the lead reaches the referral once it takes anything, and the opportunity."""
    referral, lead = await a_lead(bench)

    await bench.people.edit_lead(str(lead["leadid"]), estimatedamount=77000, description="Met at the fair.")
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()

    row = await in_step(bench, referral)
    own = await bench.people.read_referral(str(referral["id"]))
    assert (float(own["details"]["dealValue"]), own["details"]["notes"]) == (77000, "Met at the fair.")
    assert (row["estimatedvalue"], row["description"]) == (77000, "Met at the fair.")


async def test_disqualifying_declines(bench: Bench) -> None:
    """A seller who will not have the lead declines its referral."""
    referral, lead = await a_lead(bench)

    await bench.people.edit_lead(str(lead["leadid"]), statecode=DISQUALIFIED, statuscode=4)
    await bench.settle()

    own = await bench.people.read_referral(str(referral["id"]))
    assert (own["status"], own["substatus"]) == ("Closed", "Declined")
    assert await bench.people.opportunities() == []


async def test_a_referral_that_expires_disqualifies(bench: Bench) -> None:
    """The lead follows the end of its referral."""
    referral, _ = await a_lead(bench)

    await bench.people.edit_referral(str(referral["id"]), status="Closed", substatus="Expired")
    await bench.settle()

    assert (await the_lead(bench))["statecode"] == DISQUALIFIED


async def test_lost_webhooks_are_healed(bench: Bench) -> None:
    """Auto-heal alone finds an edit of the lead, its qualification, and the opportunity that came of it."""
    referral, lead = await a_lead(bench)
    await bench.people.webhooks(drop=1.0)

    await bench.people.qualify(str(lead["leadid"]))
    await bench.heal()
    await bench.heal()

    await in_step(bench, referral)


@pytest.mark.parametrize("table", ["leads", "opportunities"])
async def test_the_same_event_many_times_makes_one(bench: Bench, table: str) -> None:
    """Doubled and late webhooks make no second lead and no second opportunity."""
    await bench.people.webhooks(duplicate=1.0)
    referral, lead = await a_lead(bench)
    await bench.people.qualify(str(lead["leadid"]))
    await bench.people.edit_referral(str(referral["id"]), name="Renamed meanwhile")
    await bench.settle()
    await bench.heal()

    assert len(await bench.people.rows(table)) == 1
    row = await in_step(bench, referral)
    assert row["name"].endswith("Renamed meanwhile")


async def test_a_qualification_costs_so_many_calls(bench: Bench) -> None:
    """Accepted in Partner Center: each remote call has its reason, and none is made twice for nothing."""
    referral, _ = await a_lead(bench)

    async def accept() -> None:
        await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")

    calls = await bench.counted(accept)

    await in_step(bench, referral)
    assert len(calls) <= 30, calls
    assert len([call for call in calls if call.startswith("POST $batch")]) <= 3, calls


async def test_an_organisation_without_the_columns_is_told(bench: Bench) -> None:
    """A lead that cannot carry its referral's id would be made again and again: its signal waits, and says for what."""
    bench.configure(OWN_PREFIX="contoso")
    await bench.people.referral("lead")
    outcomes = await bench.settle()

    assert await bench.people.leads() == []
    assert any("cosell provision" in outcome.reason for outcome in outcomes)
    assert not bench.parked.entries
