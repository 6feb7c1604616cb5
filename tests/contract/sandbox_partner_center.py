"""What the tests of the Partner Center simulator share: a client, a deal to post, a receiver of webhooks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from sandbox.faults import Clock, SandboxApp
from sandbox.partner_center import create_app

BASE = "http://127.0.0.1:7081"
REFERRALS = "/v1.0/engagements/referrals"
WEBHOOKS = "/webhooks/v1/registration"
RECEIVER = "http://127.0.0.1:7071/api/partner-center/events"
ALL_EVENTS = [
    "referral-created",
    "referral-updated",
    "related-referral-created",
    "related-referral-updated",
    "test-created",
]
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)

PERSON = {
    "firstName": "Dana",
    "lastName": "Rivera",
    "phoneNumber": "+1 425 555 0123",
    "email": "dana@fabrikam.example",
}
DEAL: dict[str, Any] = {
    "name": "Contoso renewal",
    "type": "Independent",
    "customerProfile": {
        "name": "Contoso",
        "address": {"addressLine1": "1 Example Way", "city": "Redmond", "postalCode": "98052", "country": "US"},
        "team": [PERSON | {"email": "jamie@contoso.example.com"}],
    },
    "consent": {
        "consentToToShareInfoWithOthers": True,
        "consentToContact": True,
        "consentToShareReferralWithMicrosoftSellers": False,
    },
    "details": {
        "dealValue": 50000,
        "currency": "USD",
        "closingDateTime": "2026-12-14T00:00:00Z",
        "requirements": {
            "solutions": [{"type": "Name", "id": "SOL-10001-FAB", "name": "Factory Insights"}],
            "additionalRequirements": {"attributes": [{"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}]},
        },
    },
    "team": [PERSON],
}


def deal(**changes: Any) -> dict[str, Any]:
    """The least deal that is accepted; `details__dealValue=1` changes a part, a value of ... removes it."""
    body = deepcopy(DEAL)
    for path, value in changes.items():
        *parents, last = path.split("__")
        inside = body
        for name in parents:
            inside = inside.setdefault(name, {})
        inside[last] = value
        if value is ...:
            del inside[last]
    return body


def shared(**changes: Any) -> dict[str, Any]:
    return deal(consent__consentToShareReferralWithMicrosoftSellers=True, **changes)


def invitation(engagement_id: str, **changes: Any) -> dict[str, Any]:
    """The second POST of a co-sell deal, which becomes Microsoft's referral."""
    target = [{"type": "BusinessProfileLocation", "id": "msft"}]
    context = {"assistanceRequestCode": "QuotesOrLicensing", "notes": "Please help with pricing."}
    return shared(engagementId=engagement_id, target=target, inviteContext=context, **changes)


def replace(**values: Any) -> list[dict[str, Any]]:
    """`replace(details__dealValue=1)` is the patch of that path."""
    return [{"op": "replace", "path": "/" + name.replace("__", "/"), "value": value} for name, value in values.items()]


@dataclass
class Receiver:
    """Stands where the product's webhook endpoint would: keeps what arrives, answers from a list, then 200."""

    statuses: list[int] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200)

    def events(self) -> list[tuple[str, str]]:
        """(event name, id of the referral it names), in order of arrival."""
        bodies = [json.loads(request.content) for request in self.requests]
        return [(body["EventName"], body["ResourceUri"].rsplit("/", 1)[1]) for body in bodies]


@dataclass
class Sandbox:
    """A simulator in this process, with a clock that stands until it is advanced."""

    app: SandboxApp
    client: httpx.AsyncClient
    receiver: Receiver

    async def create(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(REFERRALS, json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def get(self, referral_id: str) -> dict[str, Any]:
        answer = await self.client.get(f"{REFERRALS}/{referral_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def list(self, **options: str | int) -> dict[str, Any]:
        answer = await self.client.get(REFERRALS, params={f"${name}": value for name, value in options.items()})
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        return page

    async def patch(self, referral_id: str, operations: Any, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.patch(f"{REFERRALS}/{referral_id}", json=operations, headers=sent)

    async def control(self, path: str, body: Any, method: str = "POST") -> dict[str, Any]:
        answer = await self.client.request(method, f"/control/{path}", json=body)
        assert answer.status_code < 300, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def inbound(self, **referral: Any) -> dict[str, Any]:
        return await self.control("referrals", {"kind": "inbound", "referral": referral})

    async def switch(self, **values: Any) -> None:
        await self.control("switches", values, "PATCH")

    async def subscribe(self, **changes: Any) -> None:
        body = {"WebhookUrl": RECEIVER, "WebhookEvents": ALL_EVENTS} | changes
        answer = await self.client.post(WEBHOOKS, json=body)
        assert answer.status_code == 200, answer.text

    async def delivered(self) -> None:
        await self.app.state.sender.idle()


@asynccontextmanager
async def sandbox(token: str = "sandbox-user", state_path: Path | None = None) -> AsyncIterator[Sandbox]:
    receiver = Receiver()
    client = httpx.AsyncClient(transport=httpx.MockTransport(receiver))
    app = create_app(base_url=BASE, clock=Clock(lambda: NOON), state_path=state_path, webhook_client=client)
    app.state.sender.configure({"intervals": [0.0] * 9})
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, headers=headers) as caller,
    ):
        yield Sandbox(app=app, client=caller, receiver=receiver)
