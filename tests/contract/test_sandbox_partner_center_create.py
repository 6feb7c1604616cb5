"""The Referrals API's POST: what it demands, what it overrides, and how Microsoft is invited."""

from typing import Any

import pytest

from sandbox.partner_center.settings import OWN_ORGANIZATION
from tests.contract.sandbox_partner_center import REFERRALS, deal, invitation, sandbox, shared

HELP = {"assistanceRequestCode": "QuotesOrLicensing"}


async def test_a_new_deal_is_active_at_once() -> None:
    """A deal posted as New/Pending comes back Active/Accepted, outgoing, owned by the caller's organisation."""
    async with sandbox() as box:
        created = await box.create(deal(status="New", substatus="Pending"))
        read = await box.get(created["id"])

    assert (created["status"], created["substatus"], created["direction"]) == ("Active", "Accepted", "Outgoing")
    assert created["organizationId"] == OWN_ORGANIZATION
    assert created["acceptedDateTime"] == created["createdDateTime"] == "2026-11-02T12:00:00.0000000Z"
    assert read == created
    assert read["@odata.context"].endswith("#Referrals/$entity")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "Required field Deal name missing"),
        ({"customerProfile__name": ...}, "Required field Customer name missing"),
        ({"customerProfile__address__addressLine1": None}, "Required field Address line 1 missing"),
        ({"customerProfile__address__city": " "}, "Required field City missing"),
        ({"customerProfile__address__country": ...}, "Required field Country missing"),
        ({"details__dealValue": ...}, "Required field Deal value missing"),
        ({"details__currency": ...}, "Required field Currency missing"),
        ({"details__closingDateTime": ...}, "Required field Closing date missing"),
        ({"details__requirements__solutions": []}, "Required field Solution 1 missing"),
        ({"team": []}, "Required field Team member 1 missing"),
        ({"team": [{"firstName": "Dana", "lastName": "Rivera", "email": "d@example.com"}]}, "member 1 phone missing"),
        ({"details__requirements__additionalRequirements": {}}, "Required field Customer purchase intent missing"),
        ({"inviteContext": HELP, "customerProfile__team": []}, "Required field Customer contact 1 missing"),
        ({"name": "", "details__currency": ...}, "Deal name missing;Required field Currency missing"),
        ({"consent": ...}, "Required field consent missing"),
        ({"consent__consentToContact": False}, "The consent consentToContact must be given"),
        ({"details__requirements__solutions": [{"id": "SOL-1"}] * 51}, "At most 50 entries"),
        ({"customerProfile__address__country": "XX"}, "customerProfile.address.country is not valid"),
        ({"details__currency": "XXX"}, "details.currency is not valid"),
        ({"details__dealValue": -1}, "cannot be negative"),
        ({"details__dealValue": "much"}, "details.dealValue is not valid"),
        ({"details__closingDateTime": "soon"}, "details.closingDateTime is not valid"),
    ],
    ids=str,
)
async def test_an_incomplete_deal_is_refused(changes: dict[str, Any], message: str) -> None:
    """A deal without what Microsoft requires is answered 400 with the fields' names, and nothing is created."""
    async with sandbox() as box:
        answer = await box.client.post(REFERRALS, json=deal(**changes))
        rows = await box.list()

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalidRequest"
    assert message in answer.json()["error"]["message"]
    assert rows["value"] == []


async def test_keys_are_read_without_regard_to_case() -> None:
    """Mixed-case keys, as in Microsoft's own sample, mean the same as camel case."""
    body = deal()
    body["Name"] = body.pop("name")
    body["consent"] = {name.upper(): value for name, value in body["consent"].items()}
    async with sandbox() as box:
        created = await box.create(body)

    assert created["name"] == "Contoso renewal"
    assert created["consent"]["consentToContact"] is True


@pytest.mark.parametrize(("body", "kind"), [(deal(type="Shared"), "Independent"), (shared(), "Shared")])
async def test_the_consent_decides_the_type(body: dict[str, Any], kind: str) -> None:
    """The sent type is only indicative; the consent to share with Microsoft decides it."""
    async with sandbox() as box:
        assert (await box.create(body))["type"] == kind


@pytest.mark.parametrize("status", [200, 201])
async def test_create_answers_either_documented_status(status: int) -> None:
    """POST answers 200 or 201 as switched, since both are documented."""
    async with sandbox() as box:
        await box.switch(post_status=status)

        assert (await box.client.post(REFERRALS, json=deal())).status_code == status


@pytest.mark.parametrize("organization", ["msft", "72f988bf-0000-4000-8000-000000000000"])
async def test_inviting_microsoft_makes_its_own_referral(organization: str) -> None:
    """A second POST into the engagement becomes Microsoft's referral: own id, New/Pending, no sellers yet."""
    async with sandbox() as box:
        await box.switch(microsoft_organization=organization)
        own = await box.create(shared())
        theirs = await box.create(invitation(own["engagementId"]))
        both = await box.list(filter=f"engagementId eq '{own['engagementId']}'")

    assert theirs["id"] != own["id"]
    assert theirs["engagementId"] == own["engagementId"]
    assert theirs["organizationId"] == organization
    assert (theirs["status"], theirs["substatus"]) == ("New", "Pending")
    assert theirs["inviteContext"]["invitedBy"]["organizationId"] == OWN_ORGANIZATION
    assert theirs["expirationDateTime"] == "2026-11-16T12:00:00.0000000Z"
    assert theirs["team"] == []
    assert [one["id"] for one in both["value"]] == [own["id"], theirs["id"]]


async def test_microsoft_cannot_be_invited_without_help_consent_or_engagement() -> None:
    """An invitation names an engagement of a shared deal and the help that is wanted."""
    async with sandbox() as box:
        private, own = await box.create(deal()), await box.create(shared())
        answers = [
            await box.client.post(REFERRALS, json=body)
            for body in (
                invitation(private["engagementId"]),
                invitation("0b8c1c2e-0000-4000-8000-00000000000a"),
                invitation(own["engagementId"]) | {"inviteContext": {"assistanceRequestCode": "Unknown"}},
                shared(engagementId=own["engagementId"]),
            )
        ]

    assert [answer.status_code for answer in answers] == [400, 404, 400, 400]


@pytest.mark.parametrize(("mode", "kept"), [("kept", "run-1"), ("dropped", None)])
async def test_a_caller_may_leave_its_mark_or_not(mode: str, kept: str | None) -> None:
    """Whether lastRunId sticks is played either way; what created the referral always does."""
    async with sandbox() as box:
        await box.switch(last_run_id=mode)
        created = await box.create(deal(lastRunId="run-1", createdVia="Cosell"))
        await box.patch(created["id"], [{"op": "replace", "path": "/lastRunId", "value": "run-2"}])
        patched = await box.get(created["id"])

    assert created["lastRunId"] == kept
    assert created["createdVia"] == "Cosell"
    assert patched["lastRunId"] == ("run-2" if kept else None)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"{}", "text/plain", 415),
    ],
    ids=str,
)
async def test_a_body_that_is_no_referral_is_refused(content: bytes, kind: str, status: int) -> None:
    """Broken JSON, a list, null and a foreign content type are the caller's fault."""
    async with sandbox() as box:
        answer = await box.client.post(REFERRALS, content=content, headers={"Content-Type": kind})

    assert answer.status_code == status
