"""The webhook registration over real sockets: the host's keys, its address, its timer, and a signed test event."""

from __future__ import annotations

from sandbox.people import Json, People
from sandbox.stack import MASTER_KEY, Stack, ground, hosted
from tests.e2e.support import invocations

ROUTE = "webhook-registration"
BILLING = {"WebhookUrl": "https://billing.example.com/hook", "WebhookEvents": ["invoice-ready"]}


async def displaced(stack: Stack) -> None:
    """Another integration of the tenant registers itself."""
    answer = await stack.client.put(
        f"{stack.partner_center}/webhooks/v1/registration",
        headers={"Authorization": "Bearer sandbox-user"},
        json=BILLING,
    )
    answer.raise_for_status()


async def watched(stack: Stack, people: People) -> str:
    """What the host's log holds once the daily look has run."""
    headers = {"x-functions-key": MASTER_KEY}
    answer = await stack.client.post(f"{stack.host}/admin/functions/webhook_watch", headers=headers, json={})
    answer.raise_for_status()

    async def ran() -> bool:
        count: Json = (await invocations(stack))["functions"]["webhook_watch"]
        assert count["failed"] == 0
        return bool(count["succeeded"])

    await people.see("the daily look", ran)
    return stack.log.read_text(encoding="utf-8", errors="replace")


async def test_a_lost_registration_is_seen_and_taken_back() -> None:
    """The app knows its own address; without a key nobody is answered; what was lost is logged, refused, taken back."""
    async with ground() as on, hosted(on) as stack:
        people = People(stack)
        ours = (await people.function("GET", ROUTE)).json()
        keyless = [await stack.client.request(method, f"{stack.host}/api/{ROUTE}") for method in ("GET", "POST")]
        await displaced(stack)
        log = await watched(stack, people)
        refused = await people.function("POST", ROUTE)
        taken = await people.function("POST", ROUTE, {"overwrite": True})
        health = await people.function("GET", "health")

    assert (ours["status"], ours["own_url"]) == ("ours", f"{stack.host}/api/partner-center/events")
    assert [answer.status_code for answer in keyless] == [401, 401]
    assert "webhook_registration_lost" in log
    assert (refused.status_code, "billing.example.com" in refused.json()["reason"]) == (409, True)
    assert (taken.status_code, taken.json()["test"]["status"]) == (200, "delivered")
    assert health.json()["checks"]["webhook_registration"]["ok"], health.text
