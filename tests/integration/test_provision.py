"""`cosell provision` on the simulated Dynamics 365: from nothing to deals in step, twice, and back to nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

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


async def test_from_nothing_to_deals_in_step_both_ways(desk: Desk) -> None:
    """On an empty Dataverse one run is enough: a deal and its edits go both ways through the webhooks it registered."""
    assert await desk.provision() == 0
    bench = desk.bench
    bench.configure()
    await bench.heal()
    bench.clock.advance(60)

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


async def test_the_second_run_writes_nothing(desk: Desk) -> None:
    """What is there is seen to be there: no POST, PATCH, PUT or DELETE the second time."""
    assert await desk.provision() == 0
    first = len(desk.written)
    assert await desk.provision() == 0

    assert first > 30
    assert desk.written == []
    assert "Nothing to do" in desk.said
