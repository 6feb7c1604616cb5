"""Microsoft's side of a deal: its answer, identifier and end reach the opportunity, whatever the server does."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.people import IN_PROGRESS, MICROSOFT_ID, WANTED_HELP, Json, help_option
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound

CO_SELL: dict[str, Any] = {WANTED_HELP: help_option("General Or Other")}
ACCEPTED = {"status": "Active", "substatus": "Accepted", "msxId": "7-EXAMPLE42"}


async def asked(bench: Bench) -> Json:
    """A co-sell deal that Microsoft has not answered yet."""
    referral, _ = await linked_outbound(bench, **CO_SELL)
    return referral


@pytest.mark.parametrize("shown_on", ["microsoft", "own", "both"])
@pytest.mark.parametrize("event_names", ["related", "own"])
@pytest.mark.parametrize("organization", ["msft", "11111111-2222-4333-8444-555555555555"])
async def test_microsofts_accept_reaches_the_opportunity(
    bench: Bench, shown_on: str, event_names: str, organization: str
) -> None:
    """Status and identifier arrive, on whichever referral they are shown and however the event names it."""
    await bench.switch(
        "partner_center", msx_id_on=shown_on, related_event_id=event_names, microsoft_organization=organization
    )
    referral = await asked(bench)
    await bench.people.microsoft(str(referral["engagementId"]), **ACCEPTED)
    await bench.settle()
    row = await bench.row()

    assert row[MICROSOFT_ID] == "7-EXAMPLE42"
    assert "Microsoft accepted the deal" in " ".join(audit(row))


async def test_microsofts_decline_is_told_and_leaves_the_deal_open(bench: Bench) -> None:
    """Declining Microsoft's part ends the help, not the partner's own deal."""
    referral = await asked(bench)
    await bench.people.microsoft(str(referral["engagementId"]), status="Closed", substatus="Declined")
    await bench.settle()
    row = await bench.row()

    assert (row["statecode"], (await bench.own())["status"]) == (0, "Active")
    assert "Microsoft declined the request" in audit(row)[0]


async def test_one_that_declined_is_not_asked_again(bench: Bench) -> None:
    """An invitation in any state, closed ones too, means already invited."""
    referral = await asked(bench)
    await bench.people.microsoft(str(referral["engagementId"]), status="Closed", substatus="Declined")
    await bench.settle()
    await bench.people.edit_opportunity(str((await bench.row())["opportunityid"]), description="Ask again?")
    await bench.settle()
    await bench.heal()

    assert len(await bench.microsofts()) == 1


async def test_a_lost_announcement_is_found_by_the_slow_round(bench: Bench) -> None:
    """Microsoft's answer moves no record of ours: a round over open engagements finds it all the same."""
    referral = await asked(bench)
    await bench.people.webhooks(drop=1.0)
    await bench.people.microsoft(str(referral["engagementId"]), **ACCEPTED)
    await bench.people.webhooks(drop=0.0)
    await bench.heal()
    bench.clock.advance(3700)
    await bench.heal()

    assert (await bench.row())[MICROSOFT_ID] == "7-EXAMPLE42"


async def test_the_answer_is_told_once(bench: Bench) -> None:
    """Further announcements of the same answer write nothing to either side."""
    referral = await asked(bench)
    await bench.people.microsoft(str(referral["engagementId"]), **ACCEPTED)
    await bench.settle()
    bench.calls.clear()
    event = {"event": "related-referral-updated", "id": (await bench.microsofts())[0]["id"]}
    await bench.people.portal("POST", "events", event)
    await bench.settle()

    assert bench.calls
    assert not [call for call in bench.calls if "PATCH" in call.name or "POST" in call.name]


async def test_anothers_referral_without_ours_beside_it_is_left_alone(bench: Bench) -> None:
    """A referral that is not our organisation's, and has none of ours in its engagement, makes no opportunity."""
    made = await bench.people.referral("portal", organizationId="msft", organizationName="Microsoft")
    await bench.people.portal("POST", "events", {"event": "referral-created", "id": made["id"]})
    outcomes = await bench.settle()

    assert [outcome.kind.value for outcome in outcomes] == ["left"]
    assert "another organisation" in outcomes[0].reason
    assert await bench.people.opportunities() == []
    assert (await bench.people.read_referral(str(made["id"])))["externalReferenceId"] is None


async def test_microsofts_status_is_shown_on_a_deal_that_it_sent(bench: Bench) -> None:
    """A deal of Microsoft's has Microsoft's referral beside it from the start: its identifier arrives as well."""
    referral, _ = await linked_inbound(bench)
    await bench.people.microsoft(str(referral["engagementId"]), msxId="7-EXAMPLE43")
    await bench.settle()

    assert (await bench.row())[MICROSOFT_ID] == "7-EXAMPLE43"


async def test_microsoft_is_not_invited_to_a_deal_that_it_sent(bench: Bench) -> None:
    """Its own referral is there from the start, also while a lagging list does not show it yet."""
    await bench.switch("partner_center", list_lag_seconds=60.0)
    _, row = await linked_inbound(bench)
    await bench.people.edit_opportunity(str(row["opportunityid"]), statuscode=IN_PROGRESS, **CO_SELL)
    await bench.settle()
    await bench.heal()

    assert (await bench.own())["status"] == "Active"
    assert len(await bench.microsofts()) == 1


async def test_a_lagging_list_does_not_make_microsoft_be_asked_again(bench: Bench) -> None:
    """Looks at Microsoft's side within the lag find nobody invited: asked is asked all the same."""
    await bench.switch("partner_center", list_lag_seconds=60.0, related_event_id="own")
    referral = await asked(bench)
    event = {"event": "related-referral-updated", "id": referral["id"]}
    await bench.people.portal("POST", "events", event)
    await bench.settle()

    assert len(await bench.microsofts()) == 1
    assert sum("asked for help" in line for line in audit(await bench.row())) == 1
