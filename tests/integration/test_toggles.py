"""Every toggle of the settings table by its effect, on both simulators."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.dynamics import SolutionTables
from sandbox.people import AUDIT, REFERRAL
from shared.domain.outcome import Kind
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound, made_in_crm, open_bench

ACTIVE = {"status": "Active", "substatus": "Accepted"}
MINUTE = timedelta(minutes=1)


def writes(bench: Bench) -> list[str]:
    """What was written anywhere; searches and reads do not count."""
    return [call.name for call in bench.calls if call.name.split()[1] != "GET"]


async def test_another_column_holds_the_deal_value(bench: Bench) -> None:
    """DEAL_VALUE_FIELD is read and written there and nowhere else: estimatedvalue is the seller's own."""
    bench.configure(DEAL_VALUE_FIELD="budgetamount")
    referral, row = await linked_inbound(bench, **ACTIVE)
    assert (row["budgetamount"], row["estimatedvalue"]) == (50000.0, None)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, budgetamount=60000, estimatedvalue=1)
    await bench.settle()
    assert float((await bench.own())["details"]["dealValue"]) == 60000
    await bench.people.edit_referral(str(referral["id"]), details={"dealValue": 70000})
    await bench.settle()
    row = await bench.row()

    assert (row["budgetamount"], row["estimatedvalue"]) == (70000.0, 1.0)


async def test_the_currency_may_lie_in_a_text_column(bench: Bench) -> None:
    """DEAL_CURRENCY_FIELD holds the ISO code both ways; the currency lookup is not touched."""
    bench.configure(DEAL_CURRENCY_FIELD="stepname")
    referral, row = await linked_inbound(bench, details={"currency": "CHF"}, **ACTIVE)
    assert row["stepname"] == "CHF"
    assert row["_transactioncurrencyid_value"] == await bench.people.currency("USD")
    await bench.people.edit_opportunity(str(row["opportunityid"]), stepname="eur")
    await bench.settle()
    assert (await bench.own())["details"]["currency"] == "EUR"
    await bench.people.edit_referral(str(referral["id"]), details={"currency": "GBP", "dealValue": 7})
    await bench.settle()
    row = await bench.row()

    assert (row["stepname"], row["estimatedvalue"]) == ("GBP", 7.0)
    assert row["_transactioncurrencyid_value"] == await bench.people.currency("USD")


async def test_another_column_holds_the_country_code_inbound(bench: Bench) -> None:
    """A new account gets the code in COUNTRY_CODE_FIELD and nowhere else."""
    bench.configure(COUNTRY_CODE_FIELD="address1_county")
    _, row = await linked_inbound(bench)

    assert (row["parentaccountid"]["address1_county"], row["parentaccountid"]["address1_country"]) == ("US", None)


async def test_another_column_holds_the_country_code_outbound(bench: Bench) -> None:
    """The referral's country is what stands in COUNTRY_CODE_FIELD, whatever the usual column says."""
    bench.configure(COUNTRY_CODE_FIELD="address1_county")
    account = await bench.people.account(address1_county="DE", address1_country="Nowhere")
    await bench.people.opportunity(account, await bench.people.contact(account))
    await bench.settle()

    assert (await bench.own())["customerProfile"]["address"]["country"] == "DE"


@pytest.mark.parametrize(("name", "code"), [("Germany", "DE"), ("united states", "US"), ("ch", "CH")])
async def test_a_countrys_name_becomes_its_code(bench: Bench, name: str, code: str) -> None:
    """Where the column holds free text, a table of names turns it into a code."""
    account = await bench.people.account(address1_country=name)
    await bench.people.opportunity(account, await bench.people.contact(account))
    await bench.settle()

    assert (await bench.own())["customerProfile"]["address"]["country"] == code


async def test_without_marks_names_are_left_as_they_are(bench: Bench) -> None:
    """SHOW_CHECKMARK=false: no mark after success and none after failure; Audit speaks all the same."""
    bench.configure(SHOW_CHECKMARK="No")
    _, row = await linked_inbound(bench)
    account = await bench.people.account(name="Tailspin", address1_country=None)
    bad = await bench.people.opportunity(account, await bench.people.contact(account))
    await bench.settle()
    waiting = await bench.people.read_opportunity(bad)

    assert row["name"] == "Contoso factory analytics"
    assert (waiting["name"], bool(waiting[AUDIT])) == ("Contoso data platform", True)


async def test_marks_that_are_switched_off_disappear_with_the_next_change_of_name(bench: Bench) -> None:
    """An old mark is neither sent nor taken for an edit once marks are off."""
    _, row = await linked_outbound(bench)
    bench.configure(SHOW_CHECKMARK="false")
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Second call held.")
    await bench.settle()

    assert (await bench.own())["name"] == "Contoso data platform"


async def test_leads_are_left_alone_when_only_co_sell_is_wanted(bench: Bench) -> None:
    """COSELL_ONLY leaves an inbound lead alone, with that reason; a co-sell deal comes as ever."""
    bench.configure(COSELL_ONLY="Yes")
    await bench.people.referral("lead")
    (outcome,) = await bench.settle()
    assert (outcome.kind, "COSELL_ONLY" in outcome.reason) == (Kind.LEFT, True)
    assert await bench.people.opportunities() == []
    await linked_inbound(bench)

    assert len(await bench.people.opportunities()) == 1


@pytest.mark.parametrize("off", [{"MODE": "test"}, {"DRY_RUN": "true"}])
async def test_what_is_forbidden_is_explained_owed_and_done_when_allowed(bench: Bench, off: dict[str, str]) -> None:
    """Nothing is written to either side; the plan's reason is reported; the next heal after the switch does it."""
    bench.configure(**off)
    await bench.people.referral("portal", name="Theirs")
    ours = await made_in_crm(bench, name="Ours")
    bench.calls.clear()
    outcomes = await bench.settle()
    assert {outcome.kind for outcome in outcomes} == {Kind.OWED}
    assert all(next(iter(off)) in outcome.reason for outcome in outcomes)
    assert writes(bench) == []
    bench.configure(MODE="live", DRY_RUN="false")
    await bench.heal()
    rows = await bench.people.opportunities()

    assert sorted(row["name"] for row in rows) == ["✓ Ours", "✓ Theirs"]
    assert (await bench.people.read_opportunity(ours))[REFERRAL]
    assert len(await bench.people.referrals()) == 2


@pytest.mark.parametrize("off", [{"MODE": "test"}, {"DRY_RUN": "true"}])
async def test_edits_that_are_forbidden_stay_owed_with_what_they_would_write(bench: Bench, off: dict[str, str]) -> None:
    """A linked pair under a forbidding toggle: the plan is named field by field, and both edits land afterwards."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    bench.configure(**off)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    bench.calls.clear()
    outcomes = await bench.settle()
    assert writes(bench) == []
    assert {outcome.kind for outcome in outcomes} == {Kind.OWED}
    assert "Deal value" in outcomes[-1].reason
    assert "Name" in outcomes[-1].reason
    bench.configure(MODE="live", DRY_RUN="false")
    await bench.heal()

    assert (await bench.own())["details"]["dealValue"] in (2, "2", 2.0)
    assert (await bench.row())["name"] == "✓ Contoso pilot"


async def test_test_mode_writes_for_the_named_records_alone(bench: Bench) -> None:
    """TEST_RECORDS names a referral or an opportunity; every other deal is only planned."""
    ours, other = await made_in_crm(bench, name="Ours"), await made_in_crm(bench, name="Other")
    customer = {"name": "Northwind", "address": {"postalCode": "98004"}}
    theirs = await bench.people.referral("portal", name="Theirs", customerProfile=customer)
    await bench.people.referral("portal", name="Another", customerProfile=customer)
    bench.configure(MODE="test", TEST_RECORDS=f"{ours},{str(theirs['id']).upper()}")
    await bench.settle()
    rows = {row["name"] for row in await bench.people.opportunities()}

    assert rows == {"✓ Ours", "✓ Theirs", "Other"}
    assert not (await bench.people.read_opportunity(other))[AUDIT]


async def test_the_default_owner_owns_what_names_nobody_known(bench: Bench) -> None:
    """A user by mail address, or a team by name, owns rows whose referral names no user of this CRM."""
    strangers = [{"firstName": "A", "lastName": "B", "phoneNumber": "1", "email": "ab@nobody.example.com"}]
    bench.configure(DEFAULT_OWNER="sam@fabrikam.example")
    _, first = await linked_inbound(bench, team=strangers)
    bench.configure(DEFAULT_OWNER="Co-sell")
    _, second = await linked_inbound(bench, team=strangers)
    owner = await bench.people.crm("GET", f"systemusers({first['_owninguser_value']})")
    team = await bench.people.crm("GET", f"teams({second['_owningteam_value']})")

    assert (owner["internalemailaddress"], team["name"]) == ("sam@fabrikam.example", "Co-sell")


async def test_other_names_of_the_solution_tables_are_found_by_metadata(tmp_path: Path) -> None:
    """The tables' logical names are public nowhere: an organisation with others works the same."""
    tables = SolutionTables(row="msft_cosellsolution", detail="msft_solutioncatalogue")
    async with open_bench(tmp_path / "root.pem", solution_tables=tables) as bench:
        await bench.people.referral("portal")
        await bench.settle()
        children = (await bench.people.crm("GET", "msft_cosellsolutions?$expand=msft_SolutionDetailId"))["value"]

        assert [child["msft_SolutionDetailId"]["msft_solutionidentifier"] for child in children] == ["SOL-10001-FAB"]


async def test_without_a_marker_column_nothing_is_doubled_or_lost(bench: Bench) -> None:
    """OWN_PREFIX names columns that this organisation lacks: edits go both ways without the marker."""
    bench.configure(OWN_PREFIX="fabrikam")
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.settle()
    await bench.heal()

    assert (await bench.row())["name"] == "✓ Contoso pilot"
    assert float((await bench.own())["details"]["dealValue"]) == 2
    assert len(await bench.people.opportunities()) == 1
    assert (await bench.row())["cosell_syncmarker"] is None


async def test_the_owner_of_nobody_is_the_application(bench: Bench) -> None:
    """With no known seller and no DEFAULT_OWNER the row belongs to the application user."""
    strangers = [{"firstName": "A", "lastName": "B", "phoneNumber": "1", "email": "ab@nobody.example.com"}]
    _, row = await linked_inbound(bench, team=strangers)
    owner = await bench.people.crm("GET", f"systemusers({row['_owninguser_value']})")

    assert (owner["lastname"], audit(row)[0]) == ("Cosell Sync", "Created from a referral of Partner Center")
