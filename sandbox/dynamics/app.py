"""Puts the parts together: the Web API under its root, the token endpoint, the control routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.dynamics import errors
from sandbox.dynamics.auth import Tokens
from sandbox.dynamics.controls import Controls
from sandbox.dynamics.front import Front
from sandbox.dynamics.limits import Limits, Protection
from sandbox.dynamics.notifier import POLICY, Notifier
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.seed import seed as sow
from sandbox.dynamics.service import Service
from sandbox.dynamics.snapshot import dump, load
from sandbox.dynamics.switches import SWITCHES
from sandbox.dynamics.tables_connector import SolutionTables
from sandbox.faults import Clock, Control, Faults, SandboxApp, StateFile, Switches, WebhookSender, control_routes

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]


def vendor_error(status: int, retry_after: float | None) -> Response:
    """What Dataverse itself says with an injected status."""
    code = {429: errors.BURST, 404: errors.NOT_FOUND, 403: errors.PRIVILEGE, 412: errors.STALE}.get(status)
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    error = errors.DataverseError(code or errors.UNEXPECTED, f"Injected answer with status {status}.")
    return JSONResponse(error.body(), status, headers)


@dataclass(kw_only=True)
class Parts:
    """All that lives as long as the server."""

    organization: Organization
    sender: WebhookSender
    state: StateFile
    protection: Protection = field(default_factory=Protection)
    faults: Faults = field(default_factory=lambda: Faults(error_answer=vendor_error))
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = Tokens(organization=self.organization)

    def start(self) -> None:
        """With the kept state, or the base rows."""
        kept = self.state.load()
        if kept is None:
            sow(self.organization)
        else:
            load(self.organization, kept)

    def forget(self) -> None:
        self.organization.clear()
        sow(self.organization)
        self.protection.limits = Limits()
        self.protection.users.clear()
        self.tokens.issued.clear()
        self.state.touch()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        yield
        await self.sender.close()
        self.state.save()

    def front(self) -> Front:
        notifier = Notifier(organization=self.organization, sender=self.sender, changed=self.state.touch)
        return Front(
            organization=self.organization,
            service=Service(organization=self.organization, publish=notifier.publish),
            tokens=self.tokens,
            protection=self.protection,
            state=self.state,
        )

    def routes(self) -> list[BaseRoute]:
        front = self.front()
        control = Control(
            faults=self.faults,
            clock=self.organization.clock,
            sender=self.sender,
            switches=self.organization.switches,
            forget=self.forget,
        )
        own = Controls(organization=self.organization, protection=self.protection, changed=self.state.touch)
        return [
            Route("/api/data/v9.2/{rest:path}", front.api, methods=METHODS),
            Route("/oauth/{tenant}/oauth2/v2.0/token", front.token, methods=["POST"]),
            *control_routes(control),
            *own.routes(),
        ]


def create_app(
    *,
    base_url: str,
    clock: Clock | None = None,
    state_path: Path | None = None,
    seed: int = 0,
    solution_tables: SolutionTables | None = None,
    connector: bool = True,
    webhook_client: httpx.AsyncClient | None = None,
) -> SandboxApp:
    """One organisation at `base_url`; `seed` makes ids repeatable, `state_path` keeps it over restarts.

    Without `connector` neither Microsoft's columns and tables are there nor ours, and nothing listens to anything.
    `app.state` has organization, sender, faults and switches; `webhook_client` stands in for the network.
    """
    time = clock or Clock()
    organization = Organization(
        base_url=base_url,
        clock=time,
        switches=Switches(SWITCHES),
        names=solution_tables or SolutionTables(),
        connector=connector,
        seed=seed,
    )
    parts = Parts(
        organization=organization,
        sender=WebhookSender(clock=time, policy=POLICY, client=webhook_client),
        state=StateFile(state_path, lambda: dump(organization)),
    )
    parts.start()
    app = SandboxApp(routes=parts.routes(), lifespan=parts.lifespan)
    app.faults = parts.faults
    app.state.organization = organization
    app.state.sender, app.state.faults, app.state.switches = parts.sender, parts.faults, organization.switches
    return app
