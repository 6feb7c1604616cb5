"""The simulator's control API: people in the portal, Microsoft's seller, time, races, and what is kept."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.partner_center.settings import OWN_ORGANIZATION
from tests.contract.sandbox_partner_center import REFERRALS, deal, invitation, replace, sandbox, shared

DAY = 86400
SCOPE = "https://api.partner.microsoft.com/.default"
TOKEN = "/oauth/fabrikam.example.com/oauth2/v2.0/token"
SECRET = {"client_id": "app", "client_secret": "sandbox-secret"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("inbound", ("New", "Pending", "Incoming", "Shared", "SalesQualified", 2)),
        ("portal", ("Active", "Accepted", "Outgoing", "Shared", "SalesQualified", 1)),
        ("lead", ("New", "Pending", "Incoming", "Independent", "Direct", 1)),
    ],
)
async def test_referrals_that_people_make(kind: str, expected: tuple[Any, ...]) -> None:
    """An inbound referral, a portal deal and a lead have the marks by which they are told apart."""
    async with sandbox() as box:
        made = await box.control("referrals", {"kind": kind, "referral": {"name": "given", "details": {"notes": "n"}}})
        engagement = await box.list(filter=f"engagementId eq '{made['engagementId']}'")

    parts = ("status", "substatus", "direction", "type", "qualification")
    assert (*(made[part] for part in parts), len(engagement["value"])) == expected
    assert (made["name"], made["details"]["notes"], made["details"]["currency"]) == ("given", "n", "USD")
    assert made["organizationId"] == OWN_ORGANIZATION


async def test_a_made_referral_may_be_incomplete() -> None:
    """What the API would refuse can exist all the same, and null empties a default."""
    async with sandbox() as box:
        made = await box.inbound(customerProfile={"address": {"country": None}}, team=[])
        edited = await box.patch(made["id"], replace(details__notes="still editable"))

    assert made["customerProfile"]["address"]["country"] is None
    assert edited.status_code == 204


async def test_a_colleague_edits_in_the_portal() -> None:
    """A merge patch changes the referral under a new eTag; a closed deal yields only to force."""
    async with sandbox() as box:
        own = await box.create(deal())
        edited = await box.control(f"referrals/{own['id']}", {"details": {"dealValue": 75000}}, "PATCH")
        await box.patch(own["id"], replace(status="Closed", substatus="Lost"))
        refused = await box.client.patch(f"/control/referrals/{own['id']}", json={"status": "Active"})
        forced = await box.control(f"referrals/{own['id']}?force=true", {"details": {"notes": "late"}}, "PATCH")

    assert (edited["details"]["dealValue"], edited["details"]["currency"]) == (75000, "USD")
    assert edited["eTag"] != own["eTag"]
    assert refused.status_code == 409
    assert forced["details"]["notes"] == "late"


@pytest.mark.parametrize(
    ("mode", "shown"), [("microsoft", (None, "7-EX")), ("own", ("7-EX", None)), ("both", ("7-EX", "7-EX"))]
)
async def test_microsofts_seller_answers(mode: str, shown: tuple[str | None, str | None]) -> None:
    """An accepted invitation shows sellers, and Microsoft's number on the referral that is switched."""
    async with sandbox() as box:
        await box.switch(msx_id_on=mode)
        own = await box.create(shared())
        theirs = await box.create(invitation(own["engagementId"]))
        body = {"status": "Active", "substatus": "Accepted", "msxId": "7-EX"}
        await box.control(f"engagements/{own['engagementId']}/microsoft", body)
        own, theirs = await box.get(own["id"]), await box.get(theirs["id"])

    assert tuple(one["trackingInfo"]["microsoftMsxId"] for one in (own, theirs)) == shown
    assert theirs["status"] == "Active"
    assert theirs["team"]


async def test_nobody_answers_where_nobody_was_invited() -> None:
    """Microsoft has no say in an engagement without its referral."""
    async with sandbox() as box:
        own = await box.create(deal())

        url = f"/control/engagements/{own['engagementId']}/microsoft"
        assert (await box.client.post(url, json={"status": "Active"})).status_code == 404


async def test_unanswered_referrals_expire_after_fourteen_days() -> None:
    """What is still New after 14 days is Closed/Expired when next looked at; an answered one is not."""
    async with sandbox() as box:
        waiting, accepted = await box.inbound(), await box.inbound()
        await box.patch(accepted["id"], replace(status="Active", substatus="Accepted"))
        await box.control("clock", {"advance": 14 * DAY - 1})
        before = (await box.get(waiting["id"]))["status"]
        await box.control("clock", {"advance": 2})
        expired = await box.control("expire", {})
        after = await box.get(waiting["id"])

    assert before == "New"
    assert expired == {"expired": [waiting["id"]]}
    assert (after["status"], after["substatus"]) == ("Closed", "Expired")
    assert after["eTag"] != waiting["eTag"]


async def test_someone_else_edits_between_get_and_put() -> None:
    """An ambush lands right after the next GET, so that the eTag just read is already stale."""
    async with sandbox() as box:
        own = await box.create(deal())
        await box.control(f"referrals/{own['id']}/ambush", {"details": {"notes": "theirs"}})
        read = await box.get(own["id"])
        stale = await box.patch(own["id"], replace(details__notes="ours"), If_Match=read["eTag"])
        again = await box.get(own["id"])
        fresh = await box.patch(own["id"], replace(details__notes="ours"), If_Match=again["eTag"])

    assert (stale.status_code, again["details"]["notes"], fresh.status_code) == (412, "theirs", 204)


async def test_a_deleted_referral_is_gone() -> None:
    """After its deletion a referral is in no list and under no address."""
    async with sandbox() as box:
        own = await box.create(deal())
        await box.client.delete(f"/control/referrals/{own['id']}")

        assert (await box.client.get(f"{REFERRALS}/{own['id']}")).status_code == 404
        assert (await box.list())["value"] == []


@pytest.mark.parametrize(
    "body", [{"kind": "mystery"}, {"referral": []}, {"referral": {"details": {"dealValue": "much"}}}], ids=str
)
async def test_an_impossible_control_call_is_refused(body: dict[str, Any]) -> None:
    """A kind that does not exist and a value that no referral can hold are 400."""
    async with sandbox() as box:
        assert (await box.client.post("/control/referrals", json=body)).status_code == 400


async def test_state_outlives_the_process(tmp_path: Path) -> None:
    """Referrals, the registration and refresh tokens are there again after a restart, and new ids are new."""
    path = tmp_path / "partner_center.json"
    async with sandbox(state_path=path) as box:
        await box.subscribe()
        own = await box.create(deal())
        form = {"grant_type": "refresh_token", "refresh_token": "sandbox-refresh-token", "scope": SCOPE}
        rotated = (await box.client.post(TOKEN, data=form | SECRET)).json()["refresh_token"]
    async with sandbox(state_path=path) as box:
        again = await box.client.post(TOKEN, data=form | SECRET | {"refresh_token": rotated})
        read = await box.get(own["id"])
        other = await box.create(deal())
        await box.delivered()

    assert read == own
    assert again.status_code == 200
    assert other["id"] != own["id"]
    assert box.receiver.events() == [("referral-created", other["id"])]


async def test_reset_forgets_every_referral() -> None:
    """After a reset the simulator is empty and ids of before never come back."""
    async with sandbox() as box:
        own = await box.create(deal())
        await box.control("reset", {})
        rows = await box.list()
        other = await box.create(deal())

    assert rows["value"] == []
    assert other["id"] != own["id"]
