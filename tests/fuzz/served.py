"""Our HTTP functions as the local host serves them, over fakes: no queue is listened to and nothing leaves."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
from starlette.requests import Request
from starlette.responses import Response

from sandbox.host import app_import, app_settings, catalog, hostjson
from sandbox.host.engine import Engine
from sandbox.host.functions import Function
from sandbox.host.keys import Keys
from sandbox.host.runtimes import choose
from sandbox.host.server import serving
from sandbox.host.tally import Tally
from sandbox.host.web import FunctionsApp, endpoints
from sandbox.partner_center import create_app as create_partner_center
from shared.bootstrap import App, use
from shared.connectors.partner_center.verifier import Signed
from shared.domain.values import Ref, Side
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside
from shared.ports import ParkedEntry
from shared.settings import read
from tests.fakes.store import FakeClock, FakeCursors, FakeLinks, FakeParked, FakePauses, FakeSignals, FakeTelemetry

ROOT = Path(__file__).parents[2]
KEY = "function-key"
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
    runtime = choose("direct")
    async with AsyncExitStack() as stack:
        stack.enter_context(app_settings.applied(SETTINGS))
        config = hostjson.read(ROOT, os.environ)
        stack.callback(app_import.forget, ROOT)
        stack.push_async_callback(runtime.stop)
        found = catalog.read(await runtime.index(ROOT), dict(os.environ))
        receiver = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200)))
        )
        vendors = Vendors(receiver)
        stack.push_async_callback(vendors.sender.close)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=vendors))
        use(await _app(client))
        stack.callback(use, None)
        engine = Engine(
            runtime=runtime,
            tally=Tally(function.name for function in found.functions),
            write_outputs=_nothing,
            timeout=timedelta(minutes=1),
        )
        web = FunctionsApp(
            endpoints=endpoints(found.functions, config.route_prefix),
            keys=Keys(function=KEY, master="master-key"),
            run=engine.run,
            admin=_no_admin,
        )
        yield await stack.enter_async_context(serving(web, 0))


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


async def _nothing(_: Function, __: Mapping[str, tuple[bytes, ...]]) -> None:
    """Our functions have no outputs."""


async def _no_admin(_: Request) -> Response:
    return Response(status_code=404)
