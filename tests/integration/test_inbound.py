"""Partner Center → Dynamics 365, on both simulators: what a referral becomes, and what an edit of it changes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.people import ON_HOLD, REFERRAL, SYNC, Json
from tests.integration.bench import Bench, audit, linked_inbound

LINK = "msft_microsoftpartnercenterreferrallink"
VISIBLE = "msft_microsoftpartnercenterreferralvisible"
SOLUTIONS = "msft_mspartnersolutions?$expand=msft_SolutionDetailId"


async def test_a_new_referral_becomes_an_opportunity_with_everything_it_says(bench: Bench) -> None:
    """Sync is on, identifier, link, currency, value, day, notes, owner and contact are there, and the mark is set."""
    referral, row = await linked_inbound(bench, details={"currency": "EUR", "dealValue": 8000.5})

    assert row["name"] == "✓ Contoso factory analytics"
    assert row[SYNC] is True
    assert row[REFERRAL] == referral["id"]
    assert referral["id"] in row[LINK]
    assert row["_transactioncurrencyid_value"] == await bench.people.currency("EUR")
    assert (row["estimatedvalue"], row["estimatedclosedate"]) == (8000.5, "2027-06-30")
    assert row["description"] == "Contoso wants to see its machines' data in one place."
    assert (row["statuscode"], row[VISIBLE]) == (ON_HOLD, True)
    assert row["parentcontactid"]["emailaddress1"] == "jamie.reyes@contoso.example.com"
    assert audit(row) == ["Created from a referral of Partner Center"]


async def test_the_referral_carries_the_opportunitys_id(bench: Bench) -> None:
    """The opportunity's id is written into externalReferenceId, and nothing else of the referral is."""
    made = await bench.people.referral("portal")
    await bench.settle()
    row, referral = await bench.row(), await bench.own()
    (patch,) = bench.sent("pc PATCH referrals")

    assert referral["externalReferenceId"] == row["opportunityid"]
    assert {operation["path"] for operation in patch} == {"/externalReferenceId", "/lastRunId"}
    assert {**made, **_bookkeeping(referral)} == referral


async def test_its_solutions_become_rows_of_the_opportunity(bench: Bench) -> None:
    """Each solution is a child row that points to its detail, which is made where there is none."""
    solutions = [_solution("SOL-1001"), _solution("SOL-NEW", name="Fabrikam Pilot")]
    _, row = await linked_inbound(bench, details={"requirements": {"solutions": solutions}})
    children = (await bench.people.crm("GET", SOLUTIONS))["value"]

    assert {child["_msft_opportunityid_value"] for child in children} == {row["opportunityid"]}
    assert sorted(c["msft_SolutionDetailId"]["msft_solutionidentifier"] for c in children) == ["SOL-1001", "SOL-NEW"]


async def test_the_account_is_found_by_name_and_postal_code_and_never_overwritten(bench: Bench) -> None:
    """A known customer keeps its street; only its empty country is filled in."""
    account = await bench.people.account(address1_line1="9 Old Road", address1_country=None)
    await bench.people.account(address1_postalcode="10001")
    _, row = await linked_inbound(bench)
    found = row["parentaccountid"]

    assert (found["accountid"], found["address1_line1"], found["address1_country"]) == (account, "9 Old Road", "US")


async def test_an_inactive_account_is_not_the_customer(bench: Bench) -> None:
    """Only active accounts match: a new one is made beside the inactive one, which stays inactive."""
    inactive = await bench.people.account()
    await bench.people.crm("PATCH", f"accounts({inactive})", {"statecode": 1, "statuscode": 2})
    _, row = await linked_inbound(bench)

    assert row["parentaccountid"]["accountid"] != inactive
    assert row["parentaccountid"]["address1_line1"] == "1 Example Way"


async def test_a_known_contact_is_used_and_not_doubled(bench: Bench) -> None:
    """The account's contact with the same mail address is the deal's contact, as it is."""
    account = await bench.people.account()
    contact = await bench.people.contact(account, emailaddress1="jamie.reyes@contoso.example.com")
    _, row = await linked_inbound(bench)

    assert row["parentcontactid"]["contactid"] == contact
    assert row["parentcontactid"]["firstname"] == "Kim"


async def test_the_owner_is_the_seller_whom_the_referral_names(bench: Bench) -> None:
    """A user with the mail address of somebody in the referral's team owns the new row."""
    _, row = await linked_inbound(bench, team=[_member("dana@fabrikam.example")])
    owner = await bench.people.crm("GET", f"systemusers({row['_ownerid_value']})")

    assert owner["internalemailaddress"] == "dana@fabrikam.example"


EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": ({"name": "Contoso pilot"}, {"name": "✓ Contoso pilot"}),
    "notes": ({"details": {"notes": "A pilot first."}}, {"description": "A pilot first."}),
    "value": ({"details": {"dealValue": 61000}}, {"estimatedvalue": 61000.0}),
    "closing day": ({"details": {"closingDateTime": "2027-09-01T03:00:00Z"}}, {"estimatedclosedate": "2027-09-01"}),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_changes_exactly_what_changed(bench: Bench, edit: str) -> None:
    """One column is sent for one field, beside marker and Audit, and every other column stays."""
    change, shown = EDITS[edit]
    referral, before = await linked_inbound(bench, status="Active", substatus="Accepted")
    bench.calls.clear()
    await bench.people.edit_referral(str(referral["id"]), **change)
    await bench.settle()
    after = await bench.row()
    (body,) = bench.sent("crm PATCH opportunities")

    assert {name: after[name] for name in shown} == shown
    assert body.keys() - {"cosell_syncmarker", "msft_microsoftpartnercenterreferralsyncaudit"} == shown.keys()
    assert _changed(before, after) - {"estimatedvalue_base"} == shown.keys()
    assert not bench.sent("pc PATCH referrals")


async def test_a_closing_day_that_stays_the_same_day_is_no_change(bench: Bench) -> None:
    """Another time of the same UTC day writes nothing to either side, and the time is kept."""
    referral, _ = await linked_inbound(bench, status="Active", substatus="Accepted")
    change = {"details": {"closingDateTime": "2027-06-30T18:45:00Z"}}
    bench.calls.clear()
    await bench.people.edit_referral(str(referral["id"]), **change)
    await bench.settle()

    assert not [call for call in bench.calls if "PATCH" in call.name or "POST" in call.name]
    assert (await bench.own())["details"]["closingDateTime"].startswith("2027-06-30T18:45:00")


async def test_solutions_follow_in_both_directions_of_change(bench: Bench) -> None:
    """A solution added in the portal appears as a row; one removed there disappears, and only that one."""
    referral, row = await linked_inbound(bench, status="Active", substatus="Accepted")
    mine = await bench.people.solution(str(row["opportunityid"]), "SOL-1002")
    await bench.settle()
    held = (await bench.own())["details"]["requirements"]["solutions"]
    assert [one["id"] for one in held] == ["SOL-10001-FAB", "SOL-1002"]
    solutions = [one for one in held if one["id"] == "SOL-1002"] + [_solution("SOL-1003")]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": solutions}})
    await bench.settle()
    children = (await bench.people.crm("GET", SOLUTIONS))["value"]

    assert sorted(c["msft_SolutionDetailId"]["msft_solutionidentifier"] for c in children) == ["SOL-1002", "SOL-1003"]
    assert mine in [child["msft_mspartnersolutionid"] for child in children]


def _solution(ident: str, **more: str) -> Json:
    return {"id": ident, "name": ident, "type": "Name", "solutionType": "IP", "publisherName": "Fabrikam"} | more


def _member(email: str) -> Json:
    return {"firstName": "Dana", "lastName": "Rivera", "phoneNumber": "+1 425 555 0100", "email": email}


def _bookkeeping(referral: Json) -> Json:
    return {name: referral[name] for name in ("externalReferenceId", "lastRunId", "eTag", "updatedDateTime")}


def _changed(before: Json, after: Json) -> set[str]:
    ours = {"@odata.etag", "versionnumber", "modifiedon", "_modifiedby_value", "cosell_syncmarker"}
    ours |= {"msft_microsoftpartnercenterreferralsyncaudit"}
    return {name for name in after if before.get(name) != after[name]} - ours
