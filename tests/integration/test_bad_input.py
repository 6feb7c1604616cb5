"""Opportunities that Partner Center would refuse: they wait, say why, and are mended where they are wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sandbox.people import AUDIT, REFERRAL, SYNC, WANTED_HELP, Json, help_option
from tests.integration.bench import Bench, audit, linked_outbound

ACTIVE = {"status": "Active", "substatus": "Accepted"}
NOWHERE = "99999999-2222-4333-8444-555555555555"


async def without(bench: Bench, *, account: Json | None = None, contact: Json | None = None, **row: Any) -> str:
    """An opportunity with something wrong on its account, its contact or itself."""
    customer = await bench.people.account(**(account or {}))
    person = await bench.people.contact(customer, **(contact or {}))
    return await bench.people.opportunity(customer, person, **row)


async def _account(bench: Bench, row: Json, **values: Any) -> None:
    await bench.people.crm("PATCH", f"accounts({row['_parentaccountid_value']})", values)


async def _contact(bench: Bench, row: Json, **values: Any) -> None:
    await bench.people.crm("PATCH", f"contacts({row['_parentcontactid_value']})", values)


Mend = Callable[[Bench, Json], Awaitable[Any]]
LACKING: dict[str, tuple[Json, str, Mend]] = {
    "country": (
        {"account": {"address1_country": None}},
        "fill in the account's country code (two letters, ISO 3166)",
        lambda b, r: _account(b, r, address1_country="DE"),
    ),
    "a bad country": (
        {"account": {"address1_country": "XX"}},
        'the account\'s country "XX" is not a two-letter ISO 3166 code',
        lambda b, r: _account(b, r, address1_country="Germany"),
    ),
    "street": (
        {"account": {"address1_line1": None}},
        "fill in the account's street (address line 1)",
        lambda b, r: _account(b, r, address1_line1="1 Way"),
    ),
    "value": (
        {"estimatedvalue": None},
        "fill in the deal value",
        lambda b, r: b.people.edit_opportunity(r["opportunityid"], estimatedvalue=1),
    ),
    "day": (
        {"estimatedclosedate": None},
        "fill in the estimated close date",
        lambda b, r: b.people.edit_opportunity(r["opportunityid"], estimatedclosedate="2027-01-01"),
    ),
    "contact's phone": (
        {"contact": {"telephone1": None}},
        "fill in the phone of the contact kim@contoso.example.com",
        lambda b, r: _contact(b, r, telephone1="+1 425 555 0100"),
    ),
}


@pytest.mark.parametrize("lack", LACKING)
async def test_an_opportunity_that_lacks_something_waits_tells_and_is_mended(bench: Bench, lack: str) -> None:
    """The reason is in Audit under a cross, nothing reaches Partner Center, and correcting that record shares it."""
    values, reason, mend = LACKING[lack]
    ident = await without(bench, **values)
    await bench.settle()
    row = await bench.people.read_opportunity(ident)
    assert reason in audit(row)[0]
    assert row["name"].startswith("✗ ")
    assert (await bench.people.referrals(), row[REFERRAL], bench.parked.entries) == ([], None, {})
    await mend(bench, row)
    await bench.settle()
    row = await bench.people.read_opportunity(ident)

    assert row[REFERRAL]
    assert row["name"].startswith("✓ ")


async def test_without_account_contact_and_solution_everything_missing_is_told_at_once(bench: Bench) -> None:
    """A bare opportunity: one Audit line with the whole list; filling it in, in any order, shares the deal."""
    bare = {"name": "Bare", SYNC: True, WANTED_HELP: help_option("General Or Other")}
    ident = str((await bench.people.crm("POST", "opportunities", bare))["opportunityid"])
    await bench.settle()
    line = audit(await bench.people.read_opportunity(ident))[0]
    for part in ("choose the account", "fill in the deal value", "add a contact", "add at least one", "close date"):
        assert part in line
    account = await bench.people.account()
    contact = await bench.people.contact(account)
    bound = {"parentaccountid@odata.bind": f"/accounts({account})"}
    bound |= {"parentcontactid@odata.bind": f"/contacts({contact})"}
    bound |= {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({await bench.people.currency('USD')})"}
    await bench.people.edit_opportunity(ident, estimatedvalue=5, estimatedclosedate="2027-01-01", **bound)
    await bench.settle()
    assert "add at least one" in audit(await bench.people.read_opportunity(ident))[0]
    await bench.people.solution(ident)
    await bench.settle()

    assert (await bench.people.read_opportunity(ident))[REFERRAL]


async def test_a_reason_is_told_once(bench: Bench) -> None:
    """Looking again at a deal that waits for the same thing adds no Audit line and writes nothing."""
    ident = await without(bench, account={"address1_country": None})
    await bench.settle()
    before = await bench.people.read_opportunity(ident)
    bench.clock.advance(7200)
    await bench.heal()
    after = await bench.people.read_opportunity(ident)

    assert (after[AUDIT], after["@odata.etag"]) == (before[AUDIT], before["@odata.etag"])


async def below_zero(bench: Bench) -> None:
    """The deal value lies in a money column of the partner's own, which takes negative numbers too."""
    body = {"@odata.type": "Microsoft.Dynamics.CRM.MoneyAttributeMetadata", "SchemaName": "fab_DealValue"}
    await bench.people.crm("POST", "EntityDefinitions(LogicalName='opportunity')/Attributes", body)
    bench.configure(DEAL_VALUE_FIELD="fab_dealvalue")


async def test_a_new_deal_with_a_negative_value_waits(bench: Bench) -> None:
    """A deal worth less than nothing is not shared: Audit says so, and the corrected value is shared."""
    await below_zero(bench)
    ident = await without(bench, fab_dealvalue=-5)
    await bench.settle()
    assert "the deal value must not be negative" in audit(await bench.people.read_opportunity(ident))[0]
    assert await bench.people.referrals() == []
    await bench.people.edit_opportunity(ident, fab_dealvalue=5)
    await bench.settle()

    assert (await bench.own())["details"]["dealValue"] == 5


async def test_a_bad_edit_of_a_linked_deal_changes_nothing_else(bench: Bench) -> None:
    """A negative value is not sent, another edit made with it waits along, and correcting it sends both."""
    await below_zero(bench)
    _, row = await linked_outbound(bench, fab_dealvalue=120000)
    ident = str(row["opportunityid"])
    await bench.people.edit_opportunity(ident, fab_dealvalue=-1, description="Second call held.")
    await bench.settle()
    row = await bench.people.read_opportunity(ident)
    assert "the deal value must not be negative" in audit(row)[0]
    assert float((await bench.own())["details"]["dealValue"]) == 120000
    await bench.people.edit_opportunity(ident, fab_dealvalue=1)
    await bench.settle()
    details = (await bench.own())["details"]

    assert (float(details["dealValue"]), details["notes"]) == (1.0, "Second call held.")


async def test_an_unknown_currency_in_the_text_column_waits_for_its_correction(bench: Bench) -> None:
    """DEAL_CURRENCY_FIELD with a text that is no currency: the seller is told, and correcting it shares the deal."""
    bench.configure(DEAL_CURRENCY_FIELD="stepname")
    ident = await without(bench, stepname="Dollars")
    await bench.settle()
    assert "is not an ISO 4217 currency code" in audit(await bench.people.read_opportunity(ident))[0]
    await bench.people.edit_opportunity(ident, stepname="USD")
    await bench.settle()

    assert (await bench.own())["details"]["currency"] == "USD"
