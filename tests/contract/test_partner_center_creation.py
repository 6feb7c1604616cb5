"""A referral is created once, found again, and Microsoft invited to it, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.values import Money, Person, Value, group
from shared.errors import NotMet, Refused, Unavailable
from shared.ports import Draft, Search, Snapshot
from tests.contract.partner_center_bench import MARKER, OPPORTUNITY, PartnerCenterBench, new_draft, open_bench


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench(longest_call=5.0) as bench:
        yield bench


@pytest.mark.parametrize("visible", [True, False])
@pytest.mark.parametrize("status", [200, 201])
async def test_a_new_deal_has_everything(bench: PartnerCenterBench, visible: bool, status: int) -> None:  # noqa: FBT001  a parameter of the table
    """What Microsoft requires is sent, and the new referral shows the whole draft, whichever status it comes with."""
    await bench.switch(post_status=status)
    draft = new_draft(visible=visible)
    record = await bench.gateway.create(draft)
    shown = set(draft.values) - {deal.STAGE}

    assert {name: record.values[name] for name in shown} == {name: draft.values[name] for name in shown}
    assert record.values[deal.STAGE] is Stage.ACTIVE
    assert (record.counterpart, record.marker, record.ours, record.lead) == (OPPORTUNITY, MARKER, True, False)
    assert bool({deal.VISIBLE, deal.CONTACTS} & set(record.locked)) is visible


LACKING: list[tuple[str, Value, str]] = [
    (deal.SOLUTIONS, group([]), "Solution 1"),
    (deal.TEAM, group([]), "Team member 1"),
    (deal.TEAM, group([Person(email="x@fabrikam.example.com", first_name="X", last_name="Y")]), "Team member 1 phone"),
    (deal.AMOUNT, None, "Deal value, Currency"),
    (deal.CLOSING_DATE, None, "Closing date"),
    (deal.CUSTOMER, None, "Customer name, Address line 1, City, Country"),
    (deal.INTENT, None, "Customer purchase intent"),
]


@pytest.mark.parametrize(("name", "value", "said"), LACKING)
async def test_what_is_missing_is_named(bench: PartnerCenterBench, name: str, value: Value, said: str) -> None:
    """A deal that lacks what Microsoft requires waits, and its reason names what to fill in; nothing is created."""
    with pytest.raises(NotMet, match=said):
        await bench.gateway.create(new_draft(**{name: value}))

    assert (await bench.control("GET", "referrals"))["value"] == []


async def test_a_negative_value_is_refused(bench: PartnerCenterBench) -> None:
    """What is not missing but wrong refuses the record."""
    with pytest.raises(Refused, match="negative"):
        await bench.gateway.create(new_draft(amount=Money(Decimal(-1), "USD")))


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after"])
async def test_a_post_without_an_answer_is_found_again(kind: str) -> None:
    """A creation whose answer was lost is not repeated: the search finds it by the opportunity it names."""
    async with open_bench(longest_call=0.3) as bench:
        since = bench.clock.now()
        await bench.control("POST", "faults", {"method": "POST", "path": "/v1.0/", "kind": kind, "times": 5})
        with pytest.raises(Unavailable):
            await bench.gateway.create(new_draft())
        found = await bench.gateway.recover(new_draft(), since)

        assert len((await bench.control("GET", "referrals"))["value"]) == 1
    assert found.search is Search.FOUND
    assert found.record is not None
    assert found.record.counterpart == OPPORTUNITY


@pytest.mark.parametrize("answer", ["{}", "", "<html>", '{"id": "1", "details": {"dealValue": "a lot"}}'])
async def test_an_answer_that_cannot_be_read_is_no_refusal(bench: PartnerCenterBench, answer: str) -> None:
    """Once Microsoft said yes the referral is there: an odd answer must lead to a search, never to a second POST."""
    transport = httpx.MockTransport(lambda _: httpx.Response(201, text=answer))
    async with httpx.AsyncClient(transport=transport) as client:
        gateway = replace(bench.gateway, rest=replace(bench.gateway.rest, client=client))
        with pytest.raises(Unavailable):
            await gateway.create(new_draft())


@pytest.mark.parametrize("next_link", ["good", "odd"])
async def test_the_search_reads_every_page_of_its_window(bench: PartnerCenterBench, next_link: str) -> None:
    """The referral is found behind pages of newer ones, in either form of the next page's address."""
    await bench.switch(next_link=next_link)
    since = bench.clock.now()
    made = await bench.gateway.create(new_draft())
    for _ in range(101):
        bench.advance(1)
        await bench.make()
    found = await bench.gateway.recover(new_draft(), since)

    assert found.record is not None
    assert found.record.ref == made.ref


async def test_the_search_stops_at_its_window(bench: PartnerCenterBench) -> None:
    """An older referral of the same opportunity is not the one that was posted, and older pages are not read."""
    await bench.gateway.create(new_draft())
    bench.advance(3600)
    for _ in range(150):
        await bench.make()
    bench.advance(3600)
    since = bench.clock.now()
    await bench.make()
    await bench.control("DELETE", "requests")

    assert (await bench.gateway.recover(new_draft(), since)).search is Search.ABSENT
    assert (await bench.requests())["GET /v1.0/engagements/referrals"] == 1


async def test_a_search_that_cannot_be_finished_is_unsure(bench: PartnerCenterBench) -> None:
    """A window of more pages than are read proves nothing."""
    for _ in range(101):
        await bench.make()
    found = await replace(bench.gateway, most_pages=1).recover(new_draft(), bench.clock.now() - timedelta(hours=1))

    assert found.search is Search.UNSURE


def invite(parent: Snapshot, help_code: str | None = "ProofOfConceptOrDemo") -> Draft:
    values: dict[str, Value] = {deal.HELP: help_code, deal.NOTES: "Please join"}
    return replace(new_draft(), purpose=Purpose.INVITE, values=values, parent=parent, marker="m-2")


@pytest.mark.parametrize("organization", ["msft", "9f6e0c1d-0000-4000-8000-00000000abcd"])
@pytest.mark.parametrize("shown_on", ["microsoft", "own", "both"])
async def test_microsoft_is_invited_and_answers(bench: PartnerCenterBench, organization: str, shown_on: str) -> None:
    """The invitation is a second referral in the same engagement; its answer shows on the own record once widened."""
    await bench.switch(microsoft_organization=organization, msx_id_on=shown_on)
    own = await bench.gateway.create(new_draft(visible=True))
    draft = invite(own)
    assert (await bench.gateway.recover(draft, bench.clock.now())).search is Search.ABSENT
    wide = await bench.gateway.create(draft)
    assert (wide.ref, wide.values[deal.HELP], wide.values[deal.MICROSOFT_STAGE]) == (
        own.ref,
        "ProofOfConceptOrDemo",
        Stage.PENDING,
    )
    assert wide.invited is not None
    assert deal.HELP in wide.locked
    theirs = await bench.gateway.read(wide.invited)
    assert theirs is not None
    assert (theirs.ours, theirs.parent) == (False, own.parent)
    answer = {"status": "Active", "substatus": "Accepted", "msxId": "7-ABCDEF"}
    await bench.control("POST", f"engagements/{own.parent}/microsoft", answer)
    found = await bench.gateway.recover(draft, bench.clock.now())

    assert found.record is not None
    assert found.record.values[deal.MICROSOFT_ID] == "7-ABCDEF"
    assert found.record.values[deal.MICROSOFT_STAGE] is Stage.ACTIVE


async def test_a_declined_invitation_counts(bench: PartnerCenterBench) -> None:
    """One in any state means already invited."""
    own = await bench.gateway.create(new_draft(visible=True))
    await bench.gateway.create(invite(own))
    declined = {"status": "Closed", "substatus": "Declined"}
    await bench.control("POST", f"engagements/{own.parent}/microsoft", declined)

    assert (await bench.gateway.recover(invite(own), bench.clock.now())).search is Search.FOUND


async def test_an_invitation_says_what_it_lacks(bench: PartnerCenterBench) -> None:
    """Without help chosen, or without the contact that help requires, the deal waits for it."""
    contactless = await bench.gateway.create(new_draft(visible=True, contacts=group([])))
    with pytest.raises(NotMet, match="how Microsoft can help"):
        await bench.gateway.create(invite(contactless, None))
    with pytest.raises(NotMet, match="Customer contact 1"):
        await bench.gateway.create(invite(contactless))


@pytest.mark.parametrize(("kind", "lead"), [("lead", True), ("inbound", False), ("portal", False)])
async def test_leads_are_told_from_deals(bench: PartnerCenterBench, kind: str, lead: bool) -> None:  # noqa: FBT001  a parameter of the table
    """A marketplace lead is a lead; a co-sell deal of either direction is not."""
    assert (await bench.snapshot(kind)).lead is lead
