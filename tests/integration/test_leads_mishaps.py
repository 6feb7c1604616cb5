"""Leads between both simulators, where people or data do not go the usual way."""

from __future__ import annotations

import pytest

from sandbox.dynamics.store import Ref
from sandbox.people import REFERRAL
from shared.domain.values import Side
from shared.messages import Look, Signal, Why
from tests.integration.bench import Bench
from tests.integration.test_leads import DISQUALIFIED, a_lead, in_step


async def test_the_crms_own_leads_cost_nothing(bench: Bench) -> None:
    """A lead that no referral made is made, edited and qualified, and not one remote call follows from it."""
    await a_lead(bench)

    async def live() -> None:
        await bench.people.crm("POST", "leads", {"subject": "Walk-in", "lastname": "Doe", "companyname": "Fabrikam"})
        own = next(row for row in await bench.people.leads() if row["subject"] == "Walk-in")
        await bench.people.edit_lead(str(own["leadid"]), description="called")
        await bench.people.edit_lead(str(own["leadid"]), statecode=2, statuscode=4)

    assert await bench.counted(live) == []


async def replay(bench: Bench, referral: str) -> None:
    """An administrator asks for another look at a referral."""
    await bench.signal(Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=referral, why=Why.REPLAY))


@pytest.mark.parametrize("end", ["Won", "Lost"])
async def test_an_opportunity_that_is_closed_before_anybody_looked_closes_its_referral(bench: Bench, end: str) -> None:
    """Qualified and closed by hand in one go: the referral is accepted and closed alike."""
    referral, lead = await a_lead(bench)
    await bench.people.qualify(str(lead["leadid"]))
    row = await bench.row()
    if end == "Won":
        await bench.people.win(str(row["opportunityid"]), 5000)
    else:
        await bench.people.lose(str(row["opportunityid"]))
    await bench.settle()
    await bench.heal()

    own = await bench.people.read_referral(str(referral["id"]))
    assert (own["status"], own["substatus"]) == ("Closed", end)
    assert not bench.parked.entries


async def test_a_lead_with_next_to_nothing_goes_on(bench: Bench) -> None:
    """Company, mail address and notes were cleared on the lead: its deal is made of what the referral says."""
    referral, lead = await a_lead(bench)
    await bench.people.edit_lead(str(lead["leadid"]), description=None, emailaddress1=None, companyname=None)
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()

    await in_step(bench, referral)


async def test_classified_anew_it_is_the_same_deal(bench: Bench) -> None:
    """A referral whose qualification changes with its accept: one lead, one opportunity, with links lost in between."""
    referral, _ = await a_lead(bench)
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted", qualification="Direct")
    bench.links.rows.clear()
    await bench.settle()
    await bench.heal()

    assert len(await bench.people.leads()) == 1
    assert len(await bench.people.opportunities()) == 1
    assert (await bench.row())[REFERRAL] == referral["id"]


async def test_only_co_sell_switched_on_leaves_no_lead_half_way(bench: Bench) -> None:
    """What has become a lead before goes on as a deal."""
    referral, _ = await a_lead(bench)
    bench.configure(COSELL_ONLY="true")
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()

    await in_step(bench, referral)


async def test_a_referral_in_an_unknown_currency(bench: Bench) -> None:
    """A currency that the CRM does not have is not silently another one."""
    await bench.people.referral("lead", details={"currency": "CHF"})
    outcomes = await bench.settle()

    assert await bench.people.leads() == []
    assert any("Dynamics 365 has no currency CHF" in outcome.reason for outcome in outcomes)


async def test_a_lead_that_was_merged_declines_nothing(bench: Bench) -> None:
    """Merging deactivates the other lead, and nobody has refused the deal by that: its seller is told what to do."""
    referral, lead = await a_lead(bench)
    master = (await bench.people.crm("POST", "leads", {"subject": "The same", "lastname": "Doe"}))["leadid"]
    store = bench.dynamics.state.organization.store
    merged = {"merged": True, "masterid": Ref("lead", master)}
    store.put("lead", lead["leadid"], {**store.get("lead", lead["leadid"]), **merged})
    await bench.people.edit_lead(str(lead["leadid"]), statecode=DISQUALIFIED, statuscode=7)
    await bench.settle()
    await bench.heal()

    own = await bench.people.read_referral(str(referral["id"]))
    assert (own["status"], own["substatus"]) == ("New", "Pending")

    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    outcomes = await bench.settle()

    assert any(f"merged into the lead {master}" in outcome.reason for outcome in outcomes)
    await bench.people.crm("DELETE", f"leads({lead['leadid']})")
    await bench.settle()
    await replay(bench, str(own["id"]))
    assert (await bench.row())[REFERRAL] == referral["id"]
    assert not bench.parked.entries


async def test_an_opportunity_that_is_deleted_is_made_again_on_request(bench: Bench) -> None:
    """The deal's opportunity is gone: nothing is made again before a replay, which binds it to its lead again."""
    referral, _ = await a_lead(bench)
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()
    row = await in_step(bench, referral)
    await bench.people.crm("DELETE", f"opportunities({row['opportunityid']})")
    await bench.settle()
    await bench.heal()
    assert await bench.people.opportunities() == []

    await replay(bench, str(referral["id"]))

    await in_step(bench, referral)
