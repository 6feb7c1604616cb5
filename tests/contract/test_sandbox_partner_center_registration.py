"""The webhook registration API: one address a tenant, its events, and the test event that proves the way."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.sandbox_partner_center import (
    ALL_EVENTS,
    RECEIVER,
    WEBHOOKS,
    sandbox,
)

LEAF = "pcnotifications-dispatch.microsoft.com"


async def test_registration_is_made_read_and_replaced() -> None:
    """POST registers, GET shows without the subscriber, PUT replaces under the same subscriber."""
    async with sandbox() as box:
        body = {"webhookurl": RECEIVER, "WEBHOOKEVENTS": ["referral-created"]}
        made = (await box.client.post(WEBHOOKS, json=body)).json()
        shown = (await box.client.get(WEBHOOKS)).json()
        put = (await box.client.put(WEBHOOKS, json={"WebhookUrl": RECEIVER, "WebhookEvents": ALL_EVENTS})).json()
        events = (await box.client.get(f"{WEBHOOKS}/events")).json()

    assert set(made) == {"SubscriberId", "WebhookUrl", "WebhookEvents"}
    assert shown == {"WebhookUrl": RECEIVER, "WebhookEvents": ["referral-created"]}
    assert put == {"SubscriberId": made["SubscriberId"], "WebhookUrl": RECEIVER, "WebhookEvents": ALL_EVENTS}
    assert set(ALL_EVENTS) <= set(events)


@pytest.mark.parametrize(
    "changes",
    [
        {"WebhookUrl": "http://receiver.example.com/"},
        {"WebhookUrl": "ftp://127.0.0.1/"},
        {"WebhookUrl": None},
        {"WebhookEvents": ["referral-deleted"]},
        {"WebhookEvents": []},
    ],
    ids=str,
)
async def test_an_impossible_registration_is_refused(changes: dict[str, Any]) -> None:
    """Plain http away from loopback and unknown events are 400 in the webhook API's envelope."""
    async with sandbox() as box:
        body = {"WebhookUrl": RECEIVER, "WebhookEvents": ALL_EVENTS} | changes
        answer = await box.client.post(WEBHOOKS, json=body)

    assert answer.status_code == 400
    assert answer.json()["source"]


@pytest.mark.parametrize(("missing", "statuses"), [("404", (404, 404)), ("empty", (200, 200))])
async def test_no_registration_is_played_either_way(missing: str, statuses: tuple[int, int]) -> None:
    """GET and PUT without a registration answer as switched, since no source says how."""
    async with sandbox() as box:
        await box.switch(registration_missing=missing)
        shown = await box.client.get(WEBHOOKS)
        put = await box.client.put(WEBHOOKS, json={"WebhookUrl": RECEIVER, "WebhookEvents": ALL_EVENTS})

    assert (shown.status_code, put.status_code) == statuses


@pytest.mark.parametrize(("exists", "status"), [("409", 409), ("overwrite", 200)])
async def test_a_second_registration_is_played_either_way(exists: str, status: int) -> None:
    """POST on an existing registration conflicts or overwrites as switched."""
    async with sandbox() as box:
        await box.switch(registration_exists=exists)
        await box.subscribe()

        body = {"WebhookUrl": RECEIVER, "WebhookEvents": ["referral-created"]}
        assert (await box.client.post(WEBHOOKS, json=body)).status_code == status


async def test_a_test_event_proves_the_way() -> None:
    """A validation delivers test-created, reports the receiver's answer, two a minute, for seven days."""
    async with sandbox() as box:
        await box.subscribe()
        tests = [await box.client.post(f"{WEBHOOKS}/validationEvents") for _ in range(3)]
        await box.delivered()
        url = f"{WEBHOOKS}/validationEvents/{tests[0].json()['correlationId']}"
        result = (await box.client.get(url)).json()
        await box.control("clock", {"advance": 60})
        later = await box.client.post(f"{WEBHOOKS}/validationEvents")
        await box.control("clock", {"advance": timedelta(days=8).total_seconds()})
        purged = await box.client.get(url)

    assert [one.status_code for one in (*tests, later)] == [200, 200, 429, 200]
    assert (result["status"], result["results"][0]["responseCode"]) == ("completed", "OK")
    assert result["callbackUrl"] == RECEIVER
    assert purged.status_code == 404


async def test_a_test_event_needs_its_subscription() -> None:
    """Without test-created among the events there is no test."""
    async with sandbox() as box:
        await box.subscribe(WebhookEvents=["referral-created"])

        assert (await box.client.post(f"{WEBHOOKS}/validationEvents")).status_code == 400
