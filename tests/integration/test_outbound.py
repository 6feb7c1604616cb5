"""Dynamics 365 → Partner Center, on both simulators: what an opportunity becomes, and what an edit of it changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.people import ON_HOLD, REFERRAL, SYNC, WANTED_HELP, help_option
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound, made_in_crm

VISIBLE = "msft_microsoftpartnercenterreferralvisible"
LINK = "msft_microsoftpartnercenterreferrallink"
SHARED = "consentToShareReferralWithMicrosoftSellers"
CO_SELL = {WANTED_HELP: help_option("Quotes Or Licensing")}


async def test_a_private_deal_becomes_a_referral_that_microsoft_cannot_see(bench: Bench) -> None:
    """Neither visible nor helped: one referral, independent, with everything that Partner Center requires."""
    referral, row = await linked_outbound(bench)

    assert (referral["type"], referral["consent"][SHARED]) == ("Independent", False)
    assert (referral["name"], referral["externalReferenceId"]) == ("Contoso data platform", row["opportunityid"])
    assert referral["customerProfile"]["address"]["addressLine1"] == "1 Main Street"
    assert referral["customerProfile"]["team"][0]["email"] == "kim@contoso.example.com"
    assert [one["id"] for one in referral["details"]["requirements"]["solutions"]] == ["SOL-1001"]
    assert referral["team"][0]["phoneNumber"] == "+1 425 555 0100"
    assert referral["details"]["closingDateTime"].startswith("2027-03-31T12:00:00")
    assert await bench.microsofts() == []


async def test_a_partner_led_deal_is_visible_and_invites_nobody(bench: Bench) -> None:
    """Visible to Microsoft sellers and without a wish for help: shared, one referral."""
    referral, _ = await linked_outbound(bench, **{VISIBLE: True})

    assert (referral["type"], referral["consent"][SHARED]) == ("Shared", True)
    assert await bench.microsofts() == []


async def test_a_co_sell_deal_invites_microsoft_in_the_same_engagement(bench: Bench) -> None:
    """Help wanted: visible, and a second referral of the engagement that names the help."""
    referral, _ = await linked_outbound(bench, **CO_SELL)
    (theirs,) = await bench.microsofts()

    assert referral["consent"][SHARED] is True
    assert theirs["engagementId"] == referral["engagementId"]
    assert theirs["inviteContext"]["assistanceRequestCode"] == "QuotesOrLicensing"
    assert (theirs["status"], theirs["substatus"]) == ("New", "Pending")


async def test_the_products_field_is_neither_read_nor_written(bench: Bench) -> None:
    """The connector's obsolete Products column keeps what it holds, and none of it reaches Partner Center (P-86)."""
    products = "msft_microsoftpartnercentersolutions"
    referral, row = await linked_outbound(bench, **{products: "Obsolete Product 7"})
    await bench.people.edit_referral(referral["id"], details={"notes": "From the portal."})
    await bench.settle()
    row = await bench.people.read_opportunity(row["opportunityid"])

    assert (row["description"], row[products]) == ("From the portal.", "Obsolete Product 7")
    assert "Obsolete Product 7" not in json.dumps(await bench.own())
    said = [json.dumps([call.query, call.body], default=str) for call in bench.calls]
    assert any("Contoso data platform" in body for body in said)
    assert not any(products in body for body in said)


async def test_asking_for_help_ticks_the_visibility_column(bench: Bench) -> None:
    """Visible by default where help is asked for: the opportunity's own column says so (P-83)."""
    _, row = await linked_outbound(bench, **CO_SELL)

    assert row[VISIBLE] is True


async def test_the_way_back_is_one_conditional_patch(bench: Bench) -> None:
    """Identifier, link, Audit line, mark and marker reach the opportunity in a single PATCH under If-Match."""
    ident = await made_in_crm(bench)
    await bench.delivered()
    bench.calls.clear()
    await bench.settle()
    row = await bench.people.read_opportunity(ident)
    (body,) = bench.sent("crm PATCH opportunities")

    assert {REFERRAL, LINK, "name", "cosell_syncmarker", "msft_microsoftpartnercenterreferralsyncaudit"} == body.keys()
    assert row["name"] == "✓ Contoso data platform"
    assert audit(row) == ["Shared with Partner Center as a new referral"]


async def test_an_opportunity_is_not_shared_until_a_person_says_so(bench: Bench) -> None:
    """With the sync column at no, nothing is written anywhere; at yes, it is shared."""
    ident = await made_in_crm(bench, **{SYNC: False})
    await bench.settle()
    assert await bench.people.referrals() == []
    assert (await bench.people.read_opportunity(ident))["name"] == "Contoso data platform"
    await bench.people.edit_opportunity(ident, **{SYNC: True})
    await bench.settle()

    assert (await bench.own())["externalReferenceId"] == ident


async def test_a_private_deal_becomes_co_sell_when_help_is_chosen_later(bench: Bench) -> None:
    """Choosing help opens the deal to Microsoft and invites it, once, however often the row changes after that."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, **CO_SELL)
    await bench.settle()
    assert (await bench.own())["consent"][SHARED] is True
    await bench.people.edit_opportunity(ident, description="Second call held.")
    await bench.settle()
    await bench.heal()

    assert len(await bench.microsofts()) == 1


EDITS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "name": ({"name": "✓ Contoso warehouse"}, {"/name"}),
    "notes": ({"description": "Second call held."}, {"/details/notes"}),
    "value": ({"estimatedvalue": 99000}, {"/details/dealValue"}),
    "closing day": ({"estimatedclosedate": "2027-10-01"}, {"/details/closingDateTime"}),
    "two at once": ({"estimatedvalue": 1, "description": "Small."}, {"/details/dealValue", "/details/notes"}),
}


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_patches_exactly_what_changed(bench: Bench, edit: str) -> None:
    """One operation for one field, beside the marker; the row itself gets Audit and marker and nothing else."""
    change, paths = EDITS[edit]
    _, row = await linked_outbound(bench)
    bench.calls.clear()
    await bench.people.edit_opportunity(str(row["opportunityid"]), **change)
    await bench.settle()
    (patch,) = bench.sent("pc PATCH referrals")
    (body,) = bench.sent("crm PATCH opportunities")

    assert {operation["path"] for operation in patch} - {"/lastRunId"} == paths
    assert body.keys() == {"cosell_syncmarker", "msft_microsoftpartnercenterreferralsyncaudit"}


async def test_a_name_reaches_partner_center_without_its_mark(bench: Bench) -> None:
    """The mark is ours: it is not sent, not compared and not doubled."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, name="Contoso warehouse")
    await bench.settle()

    assert (await bench.own())["name"] == "Contoso warehouse"
    assert (await bench.row())["name"] == "✓ Contoso warehouse"


async def test_currency_and_value_travel_together(bench: Bench) -> None:
    """An edit of the currency takes value and currency to the other side."""
    _, row = await linked_outbound(bench)
    bound = f"/transactioncurrencies({await bench.people.currency('EUR')})"
    await bench.people.edit_opportunity(
        str(row["opportunityid"]), **{"transactioncurrencyid@odata.bind": bound, "estimatedvalue": 5}
    )
    await bench.settle()
    details = (await bench.own())["details"]

    assert (float(details["dealValue"]), details["currency"]) == (5.0, "EUR")


async def test_a_solution_added_or_removed_in_the_crm_reaches_the_referral(bench: Bench) -> None:
    """A row of the opportunity that comes or goes is an element of the referral's list that comes or goes."""
    _, row = await linked_outbound(bench)
    child = await bench.people.solution(str(row["opportunityid"]), "SOL-1002")
    await bench.settle()
    assert [one["id"] for one in (await bench.own())["details"]["requirements"]["solutions"]] == [
        "SOL-1001",
        "SOL-1002",
    ]
    await bench.people.crm("DELETE", f"msft_mspartnersolutions({child})")
    await bench.settle()

    assert [one["id"] for one in (await bench.own())["details"]["requirements"]["solutions"]] == ["SOL-1001"]


async def test_won_carries_the_actual_revenue(bench: Bench) -> None:
    """Closed/Won with the value it was really won for."""
    _, row = await linked_outbound(bench)
    await bench.people.win(str(row["opportunityid"]), 140000)
    await bench.settle()
    referral = await bench.own()

    assert (referral["status"], referral["substatus"]) == ("Closed", "Won")
    assert float(referral["details"]["dealValue"]) == 140000


async def test_lost_carries_its_reason(bench: Bench) -> None:
    """Closed/Lost, with the status reason that the seller chose."""
    _, row = await linked_outbound(bench)
    closed = {"subject": "Lost", "opportunityid@odata.bind": f"/opportunities({row['opportunityid']})"}
    await bench.people.crm("POST", "LoseOpportunity", {"Status": 5, "OpportunityClose": closed})
    await bench.settle()
    referral = await bench.own()

    assert (referral["status"], referral["substatus"]) == ("Closed", "Lost")
    assert referral["statusReason"] == "Out-Sold"


async def test_a_reopened_opportunity_is_detached_and_told_once(bench: Bench) -> None:
    """A closed referral never opens again: the reopened row says so once and goes its own way."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.win(ident, 1)
    await bench.settle()
    await bench.people.edit_opportunity(ident, statecode=0, statuscode=1)
    await bench.settle()
    await bench.people.edit_opportunity(ident, description="Still talking.")
    await bench.settle()
    lines = audit(await bench.row())

    assert (await bench.own())["substatus"] == "Won"
    assert sum("reopened" in line for line in lines) == 1


async def test_on_hold_after_the_accept_is_the_sellers_own_business(bench: Bench) -> None:
    """An active deal that its seller puts on hold is not sent anywhere."""
    _, row = await linked_outbound(bench)
    bench.calls.clear()
    await bench.people.edit_opportunity(str(row["opportunityid"]), statuscode=ON_HOLD)
    await bench.settle()

    assert not [call for call in bench.calls if "PATCH" in call.name]
    assert (await bench.own())["status"] == "Active"


async def test_a_clone_gets_a_referral_of_its_own(bench: Bench) -> None:
    """Cloning an opportunity copies the identifier column: the referral names the original, so the clone is new."""
    referral, row = await linked_outbound(bench)
    clone = await made_in_crm(bench, **{REFERRAL: referral["id"]})
    await bench.settle()
    copied = await bench.people.read_opportunity(clone)

    assert copied[REFERRAL] not in ("", None, referral["id"])
    assert (await bench.people.read_referral(str(referral["id"])))["externalReferenceId"] == row["opportunityid"]


async def test_both_sides_edit_different_fields_and_both_survive(bench: Bench) -> None:
    """Edits that cross on the way are merged field by field."""
    referral, row = await linked_inbound(bench, status="Active", substatus="Accepted")
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="A pilot first.")
    await bench.settle()
    own, row = await bench.own(), await bench.row()

    assert (own["name"], own["details"]["notes"]) == ("Contoso pilot", "A pilot first.")
    assert (row["name"], row["description"]) == ("✓ Contoso pilot", "A pilot first.")


@pytest.mark.parametrize(("winner", "value"), [("dynamics", 2.0), ("partner_center", 1.0)])
async def test_edits_of_one_field_follow_the_winner_and_audit_names_both(
    bench: Bench, winner: str, value: float
) -> None:
    """CONFLICT_WINNER decides, and the Audit line names both values."""
    bench.configure(CONFLICT_WINNER=winner)
    referral, row = await linked_inbound(bench, status="Active", substatus="Accepted")
    await bench.people.edit_referral(str(referral["id"]), details={"dealValue": 1})
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.settle()
    row = await bench.row()
    line = next(line for line in audit(row) if "at the same time" in line)

    assert float((await bench.own())["details"]["dealValue"]) == row["estimatedvalue"] == value
    assert "1 USD" in line
    assert "2 USD" in line
