"""What no public source settles: the whole flow comes to the same end whichever answer the servers give."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.people import IN_PROGRESS, ON_HOLD, REFERRAL, WANTED_HELP, help_option
from shared.domain.outcome import Kind
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound, made_in_crm

ACTIVE = {"status": "Active", "substatus": "Accepted"}
CO_SELL: dict[str, Any] = {WANTED_HELP: help_option("General Or Other")}
PARTNER_CENTER: list[dict[str, Any]] = [
    {"last_run_id": "kept"},
    {"last_run_id": "dropped"},
    {"post_status": 201},
    {"post_status": 200},
    {"next_link": "odd"},
    {"range_filters": "refused"},
    {"illegal_transition": 409},
    {"illegal_transition": 422},
    {"certificate": "bundle"},
    {"list_lag_seconds": 30.0},
]
DYNAMICS: list[dict[str, Any]] = [
    {"create_on_hold": "sticks"},
    {"create_on_hold": "in_progress"},
    {"fill_customer": False},
    {"closed_rows": "allow_audit"},
    {"close_events": "win_lose_only"},
    {"close_events": "update_only"},
    {"close_primary_id": "empty"},
    {"readonly_columns": "refused"},
    {"mojibake": True},
    {"plugin": True},
    {"empty_text": "kept"},
    {"bypass_silences_webhooks": False},
    {"batch_counts": "each"},
    {"case_sensitive_filters": True},
]
SWITCHES = [("partner_center", one) for one in PARTNER_CENTER] + [("dynamics", one) for one in DYNAMICS]
NAMES = [f"{name}={value}" for _, one in SWITCHES for name, value in one.items()]


@pytest.mark.parametrize(("system", "switch"), SWITCHES, ids=NAMES)
async def test_a_deal_of_microsofts_lives_from_referral_to_won(
    bench: Bench, system: str, switch: dict[str, Any]
) -> None:
    """Created, accepted in the CRM, edited on both sides, won: one record a side, in step, nothing unfinished."""
    await bench.switch(system, **switch)
    referral, row = await linked_inbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, statuscode=ON_HOLD)
    await bench.settle()
    await bench.people.edit_opportunity(ident, statuscode=IN_PROGRESS)
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), **ACTIVE, name="Contoso pilot")
    await bench.settle()
    await bench.people.edit_opportunity(ident, estimatedvalue=60000, description="Pilot agreed.")
    await bench.settle()
    await bench.people.win(ident, 61000)
    await bench.settle()
    await bench.heal()
    own, row = await bench.own(), await bench.row()

    assert (own["status"], own["substatus"], own["name"]) == ("Closed", "Won", "Contoso pilot")
    assert (float(own["details"]["dealValue"]), own["details"]["notes"]) == (61000.0, "Pilot agreed.")
    assert (row["statecode"], row["name"]) == (1, "✓ Contoso pilot")
    settled(bench)


@pytest.mark.parametrize(("system", "switch"), SWITCHES, ids=NAMES)
async def test_a_deal_of_ours_lives_from_opportunity_to_lost(bench: Bench, system: str, switch: dict[str, Any]) -> None:
    """Shared as co-sell, edited on both sides, closed in the portal: one record a side, one invitation, in step."""
    await bench.switch(system, **switch)
    referral, row = await linked_outbound(bench, **CO_SELL)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, estimatedvalue=60000)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), details={"notes": ""})
    await bench.settle()
    await bench.people.edit_referral(str(referral["id"]), status="Closed", substatus="Lost", statusReason="Canceled")
    await bench.settle()
    await bench.heal()
    own, row = await bench.own(), await bench.row()

    assert (own["status"], own["name"], float(own["details"]["dealValue"])) == ("Closed", "Contoso pilot", 60000.0)
    assert (row["statecode"], row["statuscode"], row["name"]) == (2, 4, "✓ Contoso pilot")
    assert not row["description"]
    assert len(await bench.microsofts()) == 1
    settled(bench)


def settled(bench: Bench) -> None:
    """Nothing is parked, on a queue or unfinished."""
    assert bench.parked.entries == {}
    assert bench.signals.heap == []
    assert [link.intents for link in bench.links.rows.values()] == [()]


async def test_a_row_that_comes_back_in_progress_accepts_nothing(bench: Bench) -> None:
    """If On Hold does not stick at creation, that is what the side showed: the referral stays pending."""
    await bench.switch("dynamics", create_on_hold="in_progress")
    _, row = await linked_inbound(bench)
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Looking at it.")
    await bench.settle()

    assert (await bench.own())["status"] == "New"


async def test_a_refused_currency_leaves_the_whole_amount_with_the_reason(bench: Bench) -> None:
    """Value and currency are one: where the CRM refuses the currency, the value stays too and Audit says why."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    await bench.switch("dynamics", currency_locked=True)
    change = {"details": {"dealValue": 7, "currency": "EUR", "notes": "In euro now."}}
    await bench.people.edit_referral(str(referral["id"]), **change)
    await bench.settle()
    row = await bench.row()

    assert (row["estimatedvalue"], row["description"]) == (50000.0, "In euro now.")
    assert row["_transactioncurrencyid_value"] == await bench.people.currency("USD")
    assert "refused the change of currency" in " ".join(audit(row))
    assert (await bench.own())["details"]["currency"] == "EUR"


async def test_a_currency_that_may_change_again_follows(bench: Bench) -> None:
    """What was refused stays owed to the field: the next look after the lock is gone takes it over."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.switch("dynamics", currency_locked=True)
    await bench.people.edit_referral(str(referral["id"]), details={"dealValue": 7, "currency": "EUR"})
    await bench.settle()
    await bench.switch("dynamics", currency_locked=False)
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Products removed.")
    await bench.settle()
    row = await bench.row()

    assert row["estimatedvalue"] == 7.0
    assert row["_transactioncurrencyid_value"] == await bench.people.currency("EUR")


@pytest.mark.parametrize("last_run_id", ["kept", "dropped"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
async def test_an_unanswered_post_makes_one_referral(bench: Bench, kind: str, last_run_id: str) -> None:
    """The connection breaks before or after the POST took effect: there is one referral in the end, and it is tied."""
    await bench.switch("partner_center", last_run_id=last_run_id, list_lag_seconds=20.0)
    await bench.fault("partner_center", method="POST", path="/referrals$", kind=kind)
    ident = await made_in_crm(bench)
    await bench.settle()
    await bench.heal()
    row = await bench.people.read_opportunity(ident)

    assert (await bench.own())["id"] == row[REFERRAL]
    settled(bench)


@pytest.mark.parametrize("last_run_id", ["kept", "dropped"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
async def test_an_unanswered_invitation_invites_once(bench: Bench, kind: str, last_run_id: str) -> None:
    """The answer to the second POST is lost: Microsoft has one referral in the end."""
    await bench.switch("partner_center", last_run_id=last_run_id)
    await bench.fault("partner_center", method="POST", path="/referrals$", skip=1, kind=kind)
    await made_in_crm(bench, **CO_SELL)
    await bench.settle()
    await bench.heal()

    assert len(await bench.microsofts()) == 1
    settled(bench)


@pytest.mark.parametrize("last_run_id", ["kept", "dropped"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
@pytest.mark.parametrize(("system", "method"), [("partner_center", "PATCH"), ("dynamics", "POST")])
async def test_an_unanswered_creation_makes_one_row(
    bench: Bench, system: str, method: str, kind: str, last_run_id: str
) -> None:
    """The row's own creation, or the PATCH that ties the referral to it, gets no answer: one row, tied to it."""
    await bench.switch("partner_center", last_run_id=last_run_id)
    await bench.fault(system, method=method, path="/(referrals/|.batch)", kind=kind)
    await bench.people.referral("portal")
    await bench.settle()
    await bench.heal()

    assert (await bench.own())["externalReferenceId"] == (await bench.row())["opportunityid"]
    settled(bench)


@pytest.mark.parametrize("last_run_id", ["kept", "dropped"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
@pytest.mark.parametrize("system", ["partner_center", "dynamics"])
async def test_an_unanswered_edit_is_neither_lost_nor_doubled(
    bench: Bench, system: str, kind: str, last_run_id: str
) -> None:
    """Whichever PATCH gets no answer, both edits arrive on both sides."""
    await bench.switch("partner_center", last_run_id=last_run_id)
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.fault(system, method="PATCH", path="/(referrals|opportunities)", kind=kind)
    await bench.settle()
    await bench.heal()
    own, row = await bench.own(), await bench.row()

    assert (float(own["details"]["dealValue"]), own["name"]) == (2.0, "Contoso pilot")
    assert (row["estimatedvalue"], row["name"]) == (2.0, "✓ Contoso pilot")
    settled(bench)


BUSY = [("partner_center", 429), ("dynamics", 429), ("partner_center", 503), ("dynamics", 500)]


@pytest.mark.parametrize(("system", "status"), BUSY)
async def test_a_system_that_is_busy_delays_and_nothing_is_parked(bench: Bench, system: str, status: int) -> None:
    """429 with Retry-After and 5xx are waited for; the deal is there afterwards, once."""
    await bench.fault(system, path="/(v1.0|api)/", status=status, times=6, retry_after=20)
    await bench.people.referral("portal")
    outcomes = await bench.settle()

    assert Kind.DELAYED in {outcome.kind for outcome in outcomes}
    assert (await bench.row())["name"] == "✓ Contoso factory analytics"
    settled(bench)


async def test_somebody_edits_between_our_read_and_our_write(bench: Bench) -> None:
    """412 on either side: nothing is overwritten, the next look merges both edits."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    ident = str(referral["id"])
    await bench.people.portal("POST", f"referrals/{ident}/ambush", {"name": "Ambushed"})
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.settle()
    own, row = await bench.own(), await bench.row()

    assert (own["name"], float(own["details"]["dealValue"])) == ("Ambushed", 2.0)
    assert row["name"] == "✓ Ambushed"
    settled(bench)
