"""The gateway to leads, on the simulator: made, read, written, qualified, disqualified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest

from shared.connectors.dynamics import Leads, leads_of
from shared.domain import deal
from shared.domain.identity import chosen_id
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Person, Ref, Value, frozen, group
from shared.errors import Conflict, Misconfigured, NotMet, Refused
from shared.ports import Change, Draft, Note, Search, Snapshot
from tests.contract.dynamics_bench import MARKER, REFERRAL, DynamicsBench, new_draft, open_bench
from tests.contract.dynamics_transports import SandboxTransport

OTHER = "0d1c5a1e-1111-4222-8333-0123456789ff"
JO = Person(email="jo@contoso.example.com", first_name="Jo", last_name="Doe", phone="1")


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


@pytest.fixture
def leads(bench: DynamicsBench) -> Leads:
    return leads_of(bench.gateway)


def lead_draft(**values: Value) -> Draft:
    draft = new_draft(**values)
    return replace(draft, id=chosen_id("cosell", "lead", draft.source.id), note=Note(line="Came from Partner Center"))


async def send(leads: Leads, record: Snapshot, values: dict[str, Value] | None = None, **more: Any) -> Snapshot:
    return await leads.write(Change(record=record, values=frozen(values or {}), **{"marker": OTHER, **more}))


async def raw(bench: DynamicsBench, ident: str) -> dict[str, Any]:
    (row,) = [row for row in await bench.rows("leads") if row["leadid"] == ident]
    return row


async def test_a_new_lead_shows_what_its_draft_says(bench: DynamicsBench, leads: Leads) -> None:
    """Values in its own columns, the referral's id and address, the marker, Audit; open, and under the chosen id."""
    draft = lead_draft()
    record = await leads.create(draft)
    row = await raw(bench, draft.id)

    assert record.ref == Ref("lead", draft.id)
    assert (record.counterpart, record.marker) == (draft.source.id, MARKER)
    assert record.values[deal.STAGE] is Stage.LEAD
    assert record.values[deal.AMOUNT] == Money(Decimal("1234.56"), "EUR")
    assert record.values[deal.CONTACTS] == group([JO])
    for name in (deal.NAME, deal.NOTES, deal.CLOSING_DATE):
        assert record.values[name] == draft.values[name]
    assert (row["companyname"], row["address1_postalcode"], row["address1_country"]) == ("Contoso", "98052", "US")
    assert row["cosell_referrallink"] == draft.source_link
    assert row["cosell_referralsync"] is True
    assert row["cosell_syncaudit"].endswith("Came from Partner Center")


async def test_creating_again_finds_the_first(leads: Leads) -> None:
    """Under a taken id nothing is changed: the record that is there is answered, and a search finds it."""
    first = await leads.create(lead_draft())
    again = await leads.create(replace(lead_draft(**{deal.NAME: "Another"}), marker=OTHER))

    assert again == first
    found = await leads.recover(lead_draft(), first.created)
    assert (found.search, found.record) == (Search.FOUND, first)
    assert (await leads.recover(replace(lead_draft(), id=OTHER), first.created)).search is Search.ABSENT


async def test_a_stale_write_changes_nothing(leads: Leads) -> None:
    """A write under an older version is a conflict, whether it changes fields or the state."""
    old = await leads.create(lead_draft())
    await send(leads, old, {deal.NOTES: "newer"})

    for values in ({deal.NOTES: "older"}, {deal.STAGE: Stage.QUALIFIED}, {deal.STAGE: Stage.LOST}):
        with pytest.raises(Conflict):
            await send(leads, old, dict(values))
    now = await leads.read(old.ref.id)
    assert now is not None
    assert (now.values[deal.NOTES], now.values[deal.STAGE]) == ("newer", Stage.LEAD)


async def test_only_what_changes_is_written_and_the_answer_is_the_servers(bench: DynamicsBench, leads: Leads) -> None:
    """One request; its body has the changed columns, marker and Audit; money is rounded as the column wants it."""
    record = await leads.create(lead_draft())
    await bench.calls()
    wanted: dict[str, Value] = {deal.AMOUNT: Money(Decimal("77.777"), "EUR")}
    held = await leads.held(wanted)
    answer = await send(leads, record, wanted, note=Note(line="Updated"))

    assert await bench.calls() == ["POST $batch"]
    assert answer.values[deal.AMOUNT] == held[deal.AMOUNT] == Money(Decimal("77.78"), "EUR")
    assert answer.values[deal.NAME] == record.values[deal.NAME]
    assert answer.marker == OTHER


async def test_a_currency_is_changed_with_its_value(leads: Leads) -> None:
    """Value and currency are one atom here too."""
    record = await leads.create(lead_draft())
    answer = await send(leads, record, {deal.AMOUNT: Money(Decimal(5), "USD")})

    assert answer.values[deal.AMOUNT] == Money(Decimal(5), "USD")


async def test_qualifying_makes_nothing(bench: DynamicsBench, leads: Leads) -> None:
    """Neither account nor contact nor opportunity: those are made like any others (rules.md §4)."""
    record = await leads.create(lead_draft())
    answer = await send(leads, record, {deal.STAGE: Stage.QUALIFIED}, note=Note(line="Accepted"))

    assert (answer.values[deal.STAGE], answer.marker) == (Stage.QUALIFIED, OTHER)
    assert set(answer.locked) == set(deal.TITLES)
    for table in ("opportunities", "accounts", "contacts"):
        assert await bench.rows(table) == []
    assert (await raw(bench, record.ref.id))["cosell_syncaudit"].splitlines()[0].endswith("Accepted")


async def test_qualifying_what_somebody_qualified_is_done(bench: DynamicsBench, leads: Leads) -> None:
    """That it is qualified already is an answer, not a failure; the marker tells that it was somebody else."""
    record = await leads.create(lead_draft())
    row = bench.app.state.organization.store.table("lead")[record.ref.id]
    row |= {"statecode": 1, "statuscode": 3}  # as if in the moment between read and write, under the same version

    answer = await send(leads, record, {deal.STAGE: Stage.QUALIFIED})
    assert (answer.values[deal.STAGE], answer.marker) == (Stage.QUALIFIED, MARKER)


class Unqualified(SandboxTransport):
    """Shows every lead as open in the read of a batch."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        shown = await response.aread()
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            content=shown.replace(b'"statecode": 1', b'"statecode": 0').replace(b'"statecode":1', b'"statecode":0'),
        )


async def test_a_qualification_that_is_refused_is_no_done_one() -> None:
    """The code of "cannot qualify" on a lead that is open afterwards is a refusal, and would be one again."""
    async with open_bench(transport=Unqualified) as bench:
        leads = leads_of(bench.gateway)
        record = await leads.create(lead_draft())
        row = bench.app.state.organization.store.table("lead")[record.ref.id]
        row |= {"statecode": 1, "statuscode": 3}
        with pytest.raises(Refused):
            await send(leads, record, {deal.STAGE: Stage.QUALIFIED})


async def test_disqualifying_keeps_the_reason(leads: Leads) -> None:
    """The status reason with the other side's label, else the first of the state."""
    record = await leads.create(lead_draft())
    answer = await send(leads, record, {deal.STAGE: Stage.EXPIRED, deal.CLOSE_REASON: "No longer interested"})

    assert (answer.values[deal.STAGE], answer.values[deal.CLOSE_REASON]) == (Stage.LOST, "No Longer Interested")


async def test_a_closed_lead_takes_no_fields(leads: Leads) -> None:
    """What Dynamics refuses on a closed lead is a refusal in words."""
    record = await leads.create(lead_draft())
    closed = await send(leads, record, {deal.STAGE: Stage.LOST})
    with pytest.raises(Refused):
        await send(leads, closed, {deal.NOTES: "late"})


async def test_leads_are_found_by_their_referral(leads: Leads) -> None:
    """By the column that carries it, open or closed; an apostrophe is data."""
    record = await leads.create(lead_draft())

    assert await leads.find(REFERRAL) == (record.ref.id,)
    assert await leads.find("x' or 1 eq 1 or '") == ()


async def test_opportunities_are_found_by_their_lead(bench: DynamicsBench, leads: Leads) -> None:
    """Those that were made from it, by whomever; of another kind of record there are none."""
    lead = await leads.create(lead_draft())
    made = await bench.gateway.create(replace(new_draft(), origin=lead.ref))

    assert made.origin == lead.ref
    assert await bench.gateway.made_from(lead.ref) == (made.ref.id,)
    assert await bench.gateway.made_from(Ref("lead", OTHER)) == ()
    assert await bench.gateway.made_from(Ref("account", lead.ref.id)) == ()


async def test_an_amount_that_the_column_cannot_hold_is_named(leads: Leads) -> None:
    """NotMet names the amount and the bound, so that a person can correct it."""
    with pytest.raises(NotMet, match="more than estimatedamount"):
        await leads.held({deal.AMOUNT: Money(Decimal(10) ** 30, "EUR")})


@pytest.mark.parametrize("prefix", ["contoso"])
async def test_columns_that_are_missing_are_named(prefix: str) -> None:
    """Without a column for the referral's id no lead is made, and the text says what to do."""
    async with open_bench(own_prefix=prefix) as bench:
        with pytest.raises(Misconfigured, match=r"contoso_referralidentifier.*cosell provision.*COSELL_ONLY"):
            await leads_of(bench.gateway).create(lead_draft())
        assert await bench.rows("leads") == []
