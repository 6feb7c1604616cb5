"""Accept, decline, won and lost, from either side, on both simulators."""

from __future__ import annotations

import pytest

from sandbox.people import IN_PROGRESS
from shared.domain.outcome import Kind
from tests.integration.bench import Bench, audit, linked_inbound


async def test_taking_a_row_off_hold_accepts_the_referral(bench: Bench) -> None:
    """Settled as On Hold, then open with another reason: the referral is accepted, and nothing else is sent."""
    _, row = await linked_inbound(bench)
    bench.calls.clear()
    await bench.people.edit_opportunity(str(row["opportunityid"]), statuscode=IN_PROGRESS)
    await bench.settle()
    referral = await bench.own()
    patch = bench.sent("pc PATCH referrals")[0]

    assert (referral["status"], referral["substatus"]) == ("Active", "Accepted")
    assert {operation["path"] for operation in patch} == {"/status", "/substatus", "/lastRunId"}


async def test_an_edit_while_pending_waits_for_the_accept_and_then_goes_along(bench: Bench) -> None:
    """A pending referral takes nothing but its answer: the CRM's edit reaches it right after the accept."""
    _, row = await linked_inbound(bench)
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=70000)
    await bench.settle()
    assert (await bench.own())["details"]["dealValue"] == 50000
    assert "before it is accepted" in " ".join(audit(await bench.row()))
    await bench.people.edit_opportunity(str(row["opportunityid"]), statuscode=IN_PROGRESS)
    await bench.settle()

    assert float((await bench.own())["details"]["dealValue"]) == 70000


async def test_accepting_in_the_portal_takes_the_row_off_hold(bench: Bench) -> None:
    """The row waited because its referral did: both are open now, and the seller is told who accepted."""
    referral, _ = await linked_inbound(bench)
    await bench.people.edit_referral(str(referral["id"]), status="Active", substatus="Accepted")
    await bench.settle()
    row = await bench.row()

    assert row["statuscode"] == IN_PROGRESS
    assert "accepted in Partner Center" in audit(row)[0]


CLOSINGS = [
    ("Won", 1, "Active"),
    ("Lost", 2, "Active"),
    ("Declined", 2, "New"),
    ("Expired", 2, "New"),
    ("Error", 2, "New"),
]


@pytest.mark.parametrize(("substatus", "state", "before"), CLOSINGS)
async def test_a_referral_that_closes_closes_the_opportunity(
    bench: Bench, substatus: str, state: int, before: str
) -> None:
    """Won is won with the referral's value as actual revenue; every other end is lost."""
    referral, _ = await linked_inbound(
        bench, status=before, substatus="Accepted" if before == "Active" else "Pending", details={"dealValue": 43210}
    )
    await bench.people.edit_referral(str(referral["id"]), status="Closed", substatus=substatus)
    await bench.settle()
    row = await bench.row()

    assert row["statecode"] == state
    assert row["actualvalue"] == (43210.0 if substatus == "Won" else 0.0)
    assert f"closed as {substatus.lower()}" in audit(row)[0]
    assert bench.link(row).outcome.kind == Kind.DONE  # type: ignore[union-attr]  # a settled link has one


async def test_declining_from_the_crm(bench: Bench) -> None:
    """An opportunity that is lost while its referral is pending declines it."""
    _, row = await linked_inbound(bench)
    await lose(bench, str(row["opportunityid"]))
    await bench.settle()

    assert ((await bench.own())["status"], (await bench.own())["substatus"]) == ("Closed", "Declined")


async def test_winning_a_deal_that_was_never_accepted_accepts_it_first(bench: Bench) -> None:
    """Pending → Won is no step of the life cycle: the referral is accepted, then won with the actual revenue."""
    _, row = await linked_inbound(bench)
    await bench.people.win(str(row["opportunityid"]), 51000)
    await bench.settle()
    referral = await bench.own()

    assert (referral["status"], referral["substatus"]) == ("Closed", "Won")
    assert float(referral["details"]["dealValue"]) == 51000


async def lose(bench: Bench, ident: str, **close: object) -> None:
    closed = {"subject": "Lost", "opportunityid@odata.bind": f"/opportunities({ident})"} | close
    await bench.people.crm("POST", "LoseOpportunity", {"Status": -1, "OpportunityClose": closed})
