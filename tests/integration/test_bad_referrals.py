"""Referrals that the CRM cannot take, and records that are not there: a clear answer, and nothing else changed."""

from __future__ import annotations

import pytest

from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.messages import Look, Signal, Why
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound

ACTIVE = {"status": "Active", "substatus": "Accepted"}
NOWHERE = "99999999-2222-4333-8444-555555555555"


async def test_an_unknown_currency_inbound_waits_for_either_record(bench: Bench) -> None:
    """A currency that the CRM does not have: the reason names it, nothing is made, the corrected referral comes."""
    made = await bench.people.referral("portal", details={"currency": "CHF"})
    outcomes = await bench.settle()
    assert [outcome.kind for outcome in outcomes] == [Kind.WAITING]
    assert "no currency CHF" in outcomes[0].reason
    assert await bench.people.opportunities() == []
    await bench.people.edit_referral(str(made["id"]), details={"currency": "EUR"})
    await bench.settle()

    assert (await bench.row())["_transactioncurrencyid_value"] == await bench.people.currency("EUR")


async def test_an_unknown_currency_on_an_edit_inbound_tells_the_seller(bench: Bench) -> None:
    """A linked referral changes to a currency that the CRM lacks: Audit says so, the row keeps its value."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    await bench.people.edit_referral(str(referral["id"]), details={"currency": "CHF", "dealValue": 5})
    await bench.settle()
    row = await bench.row()
    assert "no currency CHF" in audit(row)[0]
    assert (row["estimatedvalue"], row["name"][:1]) == (50000.0, "✗")
    await bench.people.edit_referral(str(referral["id"]), details={"currency": "GBP"})
    await bench.settle()
    row = await bench.row()

    assert row["_transactioncurrencyid_value"] == await bench.people.currency("GBP")
    assert (row["estimatedvalue"], row["name"][:1]) == (5.0, "✓")


async def test_a_negative_value_inbound_waits_and_is_mended_in_partner_center(bench: Bench) -> None:
    """A negative deal value is not taken over: the row keeps what it has, and Audit says where to correct it."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    await bench.people.edit_referral(str(referral["id"]), details={"dealValue": -3})
    await bench.settle()
    row = await bench.row()
    assert row["estimatedvalue"] == 50000.0
    assert "the deal value must not be negative" in audit(row)[0]
    await bench.people.edit_referral(str(referral["id"]), details={"dealValue": 3})
    await bench.settle()

    assert (await bench.row())["estimatedvalue"] == 3.0


async def test_a_note_longer_than_the_column_is_shortened_and_never_sent_back(bench: Bench) -> None:
    """The column's own length is what counts: the text ends with a mark, and Partner Center keeps the whole."""
    notes = "A long story." * 400
    referral, row = await linked_inbound(bench, details={"notes": notes}, **ACTIVE)
    assert (len(row["description"]), row["description"][-1]) == (2000, "…")
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.settle()
    await bench.heal()

    assert (await bench.people.read_referral(str(referral["id"])))["details"]["notes"] == notes


async def test_a_name_longer_than_its_column_leaves_the_mark_off(bench: Bench) -> None:
    """Name plus mark would not fit: the name stays whole, without a mark."""
    name = "N" * 300
    _, row = await linked_inbound(bench, name=name)

    assert row["name"] == name


async def test_a_customer_without_a_name_waits(bench: Bench) -> None:
    """A referral without its customer's name cannot find or make an account: mended in Partner Center."""
    made = await bench.people.referral("portal", customerProfile={"name": None})
    outcomes = await bench.settle()
    assert (outcomes[0].kind, "customer" in outcomes[0].reason) == (Kind.WAITING, True)
    await bench.people.edit_referral(str(made["id"]), customerProfile={"name": "Contoso"})
    await bench.settle()

    assert (await bench.row())["parentaccountid"]["name"] == "Contoso"


async def test_two_fitting_accounts_are_parked_with_both_and_replayed(bench: Bench) -> None:
    """Which customer it is a person must say: both candidates are named, and the replay makes the deal."""
    twins = [await bench.people.account() for _ in range(2)]
    made = await bench.people.referral("portal")
    await bench.settle()
    entry = bench.entry(str(made["id"]))
    assert all(twin in entry.reason for twin in twins)
    assert await bench.people.opportunities() == []
    await bench.people.crm("PATCH", f"accounts({twins[0]})", {"name": "Contoso Holding"})
    answer = await bench.app.office.replay("referral", str(made["id"]))
    await bench.settle()

    assert answer.status == 202
    assert (await bench.row())["parentaccountid"]["accountid"] == twins[1]
    assert bench.parked.entries == {}


async def test_a_referral_of_another_system_is_parked_untouched(bench: Bench) -> None:
    """An externalReferenceId that names nothing here is never overwritten."""
    made = await bench.people.referral("portal", externalReferenceId="crm-of-somebody-else-17")
    await bench.settle()

    assert "crm-of-somebody-else-17" in bench.entry(str(made["id"])).reason
    assert (await bench.own())["externalReferenceId"] == "crm-of-somebody-else-17"
    assert await bench.people.opportunities() == []


@pytest.mark.parametrize(
    "signal",
    [
        Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=NOWHERE),
        Signal(look=Look.COSELL, side=Side.PARTNER, kind="referral", id=NOWHERE),
        Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=NOWHERE),
        Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=NOWHERE, why=Why.GONE),
        Signal(look=Look.SOLUTION, side=Side.CRM, kind="msft_mspartnersolution", id=NOWHERE),
        Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="account", id=NOWHERE),
    ],
)
async def test_an_event_of_an_unknown_record_ends_by_itself(bench: Bench, signal: Signal) -> None:
    """It may be lag, so it is looked at again for some minutes; then it is left, and nothing was written or parked."""
    outcomes = await bench.signal(signal)

    assert outcomes[-1].kind is Kind.LEFT
    assert (bench.parked.entries, bench.links.rows, bench.signals.heap) == ({}, {}, [])


async def test_a_deleted_opportunity_is_not_made_again(bench: Bench) -> None:
    """Its referral stays as it is, and neither heal nor an edit of the referral brings the row back."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.crm("DELETE", f"opportunities({row['opportunityid']})")
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.settle()
    await bench.heal()

    assert await bench.people.opportunities() == []
    assert (await bench.own())["status"] == "Active"


async def test_a_deleted_referral_is_told_and_not_made_again(bench: Bench) -> None:
    """The seller reads in Audit that it is gone; an edit does not make another referral."""
    referral, row = await linked_outbound(bench)
    await bench.people.portal("DELETE", f"referrals/{referral['id']}")
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, description="Second call held.")
    await bench.settle()
    row = await bench.people.read_opportunity(ident)
    await bench.people.edit_opportunity(ident, description="Third call held.")
    await bench.settle()

    assert "is gone" in audit(row)[0]
    assert await bench.people.referrals() == []
