"""Our HTTP functions as the local host serves them, over fakes: no queue is listened to and nothing leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from sandbox.partner_center import create_app as create_partner_center
from shared.bootstrap import App
from shared.connectors.partner_center.verifier import Signed
from shared.domain.values import Ref, Side
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.ports import ParkedEntry
from shared.settings import read
from tests.browser.serving import KEY, over
from tests.fakes.store import FakeClock, FakeCursors, FakeLinks, FakeParked, FakePauses, FakeSignals, FakeTelemetry

__all__ = ["KEY", "ROOT", "SETTINGS", "served"]

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "DATAVERSE_URL": "http://127.0.0.1:1",
    "DATAVERSE_AUTH": "static",
    "DATAVERSE_TOKEN": "sandbox",
    "PARTNER_CENTER_API_URL": "http://127.0.0.1:2",
    "PARTNER_CENTER_WEBHOOK_API_URL": "http://127.0.0.1:2",
    "PARTNER_CENTER_AUTH": "static",
    "PARTNER_CENTER_TOKEN": "sandbox-user",
    "PUBLIC_URL": "https://contoso.example.com",
    "MODE": "live",
}
BILLING = {"WebhookUrl": "https://billing.example.com/hook", "WebhookEvents": ["invoice-ready"]}


class Believing:
    """Believes whoever carries the headers of a signature, since a fuzzer cannot sign."""

    async def verify(self, headers: Mapping[str, str], _body: bytes) -> None:
        Signed.from_headers(headers)


class Vendors(httpx.AsyncBaseTransport):
    """Both answer 503 to everything but the webhook registration, which another integration has."""

    def __init__(self, receiver: httpx.AsyncClient) -> None:
        app = create_partner_center(base_url=SETTINGS["PARTNER_CENTER_API_URL"], webhook_client=receiver)
        app.state.world.registration = {"SubscriberId": "s", "SignatureTokenToMsSignatureHeader": True, **BILLING}
        self.sender, self._partner = app.state.sender, httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/webhooks/"):
            return await self._partner.handle_async_request(request)
        return httpx.Response(503)


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The address of our functions."""
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
        )
        vendors = Vendors(receiver)
        stack.push_async_callback(vendors.sender.close)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=vendors))
        yield await stack.enter_async_context(over(await _app(client), SETTINGS))


async def _app(client: httpx.AsyncClient) -> App:
    clock, parked = FakeClock(), FakeParked()
    for kind, ident, body in (("opportunity", "known", "not a signal"), ("unreadable", "0123456789abcdef", "")):
        entry = ParkedEntry(
            pair="cosell", ref=Ref(kind, ident), side=Side.CRM, reason="why", advice="what", body=body, at=clock.now()
        )
        await parked.put(entry)
    made = App(
        read(SETTINGS),
        Outside(
            client=client,
            links=FakeLinks(),
            signals=FakeSignals(clock),
            cursors=FakeCursors(),
            pauses=FakePauses(),
            parked=parked,
            clock=clock,
            telemetry=FakeTelemetry(),
            partner_tokens=StaticTokens("sandbox-user"),
            dataverse_tokens=StaticTokens("sandbox"),
            close=client.aclose,
        ),
    )
    made._verifier = Believing()  # type: ignore[assignment]  # the one part that a fuzzer cannot pass
    return made
