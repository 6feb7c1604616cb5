"""Partner Center as one application: Referrals API, webhook API, token endpoint, certificates and control."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Clock, Control, DeliveryPolicy, Faults, SandboxApp, StateFile, WebhookSender, control_routes
from sandbox.partner_center.auth import Tokens
from sandbox.partner_center.certificate_store import Certificates
from sandbox.partner_center.controls import PartnerCenterControls
from sandbox.partner_center.errors import (
    ApiError,
    answer_api_error,
    answer_throttled,
    error_body,
    injected_answer,
)
from sandbox.partner_center.events import Notifier
from sandbox.partner_center.limits import ThrottledError
from sandbox.partner_center.referral_routes import ReferralRoutes
from sandbox.partner_center.registration import RegistrationRoutes
from sandbox.partner_center.settings import switches
from sandbox.partner_center.token_routes import token_routes
from sandbox.partner_center.world import World

# Ten attempts are documented, the waits between them are not; these fit a test and a demo.
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 2.0, 5.0, 5.0, 10.0, 10.0)


def create_app(
    *,
    base_url: str,
    clock: Clock | None = None,
    state_path: Path | None = None,
    seed: int = 0,
    webhook_client: httpx.AsyncClient | None = None,
) -> SandboxApp:
    """`base_url` is the address it is reached at; `app.state` has world, certificates, sender, faults and switches."""
    base = base_url.rstrip("/")
    world = World(clock=clock or Clock(), switches=switches(), base_url=base, seed=seed)
    certificates = Certificates(base_url=base, now=world.now(), switches=world.switches)
    sender = WebhookSender(clock=world.clock, policy=DeliveryPolicy(intervals=RETRY_SECONDS), client=webhook_client)
    notifier = Notifier(world=world, certificates=certificates, sender=sender)
    tokens = Tokens(world.clock)
    state_file = StateFile(state_path, lambda: world.dump() | {"refresh": sorted(tokens.refresh)})
    kept = state_file.load()
    if kept:
        world.load(kept)
        tokens.refresh = set(kept["refresh"])
    world.listener, world.changed = notifier.referral_changed, state_file.touch
    return _assemble(notifier, tokens, state_file)


def _vendor_routes(notifier: Notifier, tokens: Tokens) -> list[Route]:
    """What Microsoft's hosts answer, under one roof."""
    world = notifier.world
    return [
        *ReferralRoutes(world, tokens).routes(),
        *RegistrationRoutes(world=world, tokens=tokens, notifier=notifier).routes(),
        *token_routes(tokens, world.base_url),
        *notifier.certificates.routes(),
    ]


def _assemble(notifier: Notifier, tokens: Tokens, state_file: StateFile) -> SandboxApp:
    world, faults = notifier.world, Faults(error_answer=injected_answer)

    def forget() -> None:
        world.forget()
        tokens.forget()

    control = Control(faults=faults, clock=world.clock, sender=notifier.sender, switches=world.switches, forget=forget)

    own_controls = PartnerCenterControls(world=world, notifier=notifier)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await notifier.sender.close()
        state_file.save()

    app = SandboxApp(
        routes=[*_vendor_routes(notifier, tokens), *control_routes(control), *own_controls.routes()],
        exception_handlers={ApiError: answer_api_error, ThrottledError: answer_throttled, HTTPException: _answer_http},
        lifespan=lifespan,
    )
    app.faults = faults
    app.state.world, app.state.tokens, app.state.certificates = world, tokens, notifier.certificates
    app.state.sender, app.state.faults, app.state.switches = notifier.sender, faults, world.switches
    return app


async def _answer_http(_: Request, error: Exception) -> Response:
    """Starlette's own 404 and 405 in the API's envelope."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type alone; narrows it for the type checker
    return JSONResponse(error_body(error.status_code, error.detail), error.status_code)
