"""The life cycle of a referral: which step follows which, what is terminal, what once given stays given."""

from typing import Any

import pytest

from tests.contract.sandbox_partner_center import (
    PERSON,
    deal,
    invitation,
    replace,
    sandbox,
    shared,
)

STALE = '"00000001-0000-0100-0000-000000000000"'
WON = replace(status="Closed", substatus="Won")


@pytest.mark.parametrize("illegal", [400, 409, 422])
@pytest.mark.parametrize(
    "step",
    [
        replace(status="New", substatus="Pending"),
        replace(substatus="Won"),
        replace(status="Closed"),
        replace(status="Closed", substatus="Accepted"),
        replace(status="None", substatus="None"),
    ],
    ids=str,
)
async def test_a_step_outside_the_table_is_refused(step: Any, illegal: int) -> None:
    """From Active only Active/Accepted and the closed states follow; the status of the refusal is switched."""
    async with sandbox() as box:
        await box.switch(illegal_transition=illegal)
        own = await box.create(deal())
        answer = await box.patch(own["id"], step)

    assert answer.status_code == illegal
    assert answer.json()["error"]["code"]


@pytest.mark.parametrize(
    ("status", "substatus", "date"),
    [("Active", "Accepted", "acceptedDateTime"), ("Closed", "Declined", "closedDateTime"), ("New", "Received", None)],
)
async def test_an_inbound_referral_is_answered(status: str, substatus: str, date: str | None) -> None:
    """Accepting, declining and receiving are allowed from New, and the step's date is noted."""
    async with sandbox() as box:
        inbound = await box.inbound()
        answer = await box.patch(inbound["id"], replace(status=status, substatus=substatus))
        read = await box.get(inbound["id"])

    assert answer.status_code == 204
    assert (read["status"], read["substatus"]) == (status, substatus)
    assert date is None or read[date] == "2026-11-02T12:00:00.0000000Z"


@pytest.mark.parametrize("substatus", ["Won", "Lost", "Declined", "Expired", "Error"])
async def test_a_closed_referral_takes_no_edit(substatus: str) -> None:
    """Every closed state is terminal, for fields as for the status."""
    async with sandbox() as box:
        own = await box.create(deal())
        closing = await box.patch(own["id"], replace(status="Closed", substatus=substatus))
        edits = [replace(details__notes="late"), replace(status="Active", substatus="Accepted"), WON]
        answers = [(await box.patch(own["id"], edit)).status_code for edit in edits]

    assert closing.status_code == 204
    # Closing what is already so is no edit.
    assert answers == [400, 400, 204 if substatus == "Won" else 400]


async def test_only_a_shared_won_deal_is_registered() -> None:
    """A registration is taken on Closed/Won alone, and comes back under review with an id of its own."""
    add = [{"op": "add", "path": "/registrations/-", "value": {"type": "AzureIPCoSell", "contract": {"value": "9"}}}]
    async with sandbox() as box:
        private, own = await box.create(deal()), await box.create(shared())
        early = await box.patch(own["id"], add)
        await box.patch(private["id"], WON)
        await box.patch(own["id"], WON)
        never = await box.patch(private["id"], add)
        taken = await box.patch(own["id"], add)
        changed = await box.patch(own["id"], replace(registrations__0__contract__term="Finite"))
        read = await box.get(own["id"])

    assert [one.status_code for one in (early, never, taken, changed)] == [400, 400, 204, 204]
    assert read["registrations"][0]["status"] == read["registrationStatus"] == "ReviewPending"
    assert read["registrations"][0]["contract"] | {"value": 9, "term": "Finite"} == read["registrations"][0]["contract"]


async def test_microsoft_alone_goes_on_with_a_registration() -> None:
    """A review moves both statuses, stamps its step and is announced; nobody else may write them."""
    add = [{"op": "add", "path": "/registrations/-", "value": {"type": "AzureIPCoSell"}}]
    async with sandbox() as box:
        own = await box.create(shared())
        await box.patch(own["id"], WON)
        unregistered = await box.client.post(f"/control/referrals/{own['id']}/review", json={"status": "Approved"})
        await box.patch(own["id"], add)
        cheeky = await box.patch(own["id"], replace(registrations__0__status="Approved"))
        unknown = await box.client.post(f"/control/referrals/{own['id']}/review", json={"status": "Maybe"})
        said = {"status": "ActionRequired", "statusReason": "The contract is not signed"}
        reviewed = await box.client.post(f"/control/referrals/{own['id']}/review", json=said)
        read = await box.get(own["id"])
    registration = read["registrations"][0]

    assert [one.status_code for one in (unregistered, cheeky, unknown, reviewed)] == [400, 400, 400, 200]
    assert {name: registration[name] for name in said} == said
    assert read["registrationStatus"] == "ActionRequired"
    assert registration["statusHistory"]["actionRequiredDateTime"]


async def test_sharing_can_be_given_and_never_withdrawn() -> None:
    """Private becomes shared by one patch; afterwards the consent, the contact and help already given stay."""
    contact = [PERSON | {"email": "other@contoso.example.com"}]
    async with sandbox() as box:
        own = await box.create(deal())
        before = await box.patch(own["id"], replace(customerProfile__team=contact))
        share = await box.patch(own["id"], replace(consent__consentToShareReferralWithMicrosoftSellers=True))
        helped = await box.patch(own["id"], replace(inviteContext__assistanceRequestCode="GeneralOrOther"))
        refused = [
            await box.patch(own["id"], edit)
            for edit in (
                replace(consent__consentToShareReferralWithMicrosoftSellers=False),
                replace(customerProfile__team=[PERSON]),
                replace(inviteContext__assistanceRequestCode="QuotesOrLicensing"),
            )
        ]
        same = await box.patch(own["id"], replace(customerProfile__team=contact))

    assert [one.status_code for one in (before, share, helped, same)] == [204] * 4
    assert [one.status_code for one in refused] == [400] * 3
    assert "customerProfile.team" in refused[1].json()["error"]["message"]


async def test_microsofts_referral_is_not_ours_to_edit() -> None:
    """A partner may read Microsoft's referral of its engagement and may not write it."""
    async with sandbox() as box:
        own = await box.create(shared())
        theirs = await box.create(invitation(own["engagementId"]))
        answer = await box.patch(theirs["id"], replace(details__notes="x"))

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "accessDenied")
