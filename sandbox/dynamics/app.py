"""The HTTP side: authentication, limits, the Web API under its root, the token endpoint, control routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dynamics import errors
from sandbox.dynamics.auth import LIFETIME, NotAuthenticatedError, Tokens
from sandbox.dynamics.batch import Batch, operations
from sandbox.dynamics.call import Answer, Call
from sandbox.dynamics.controls import Controls
from sandbox.dynamics.limits import Limits, Protection
from sandbox.dynamics.notifier import POLICY, Notifier
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.seed import seed
from sandbox.dynamics.service import Service, refusal
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


@dataclass(frozen=True, kw_only=True)
class Front:
    """What a request meets before the Web API: who is it, may it, and how long does it take."""

    organization: Organization
    service: Service
    tokens: Tokens
    protection: Protection
    state: StateFile

    async def api(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            caller = self.tokens.caller(headers)
            call = Call(
                method=request.method,
                path=_raw_path(request),
                query=request.url.query,
                headers=headers,
                body=await request.body(),
                caller=caller,
            )
            return await self._protected(call)
        except NotAuthenticatedError:
            return self._unauthenticated()
        except errors.DataverseError as error:
            return _response(refusal(error))

    async def _protected(self, call: Call) -> Response:
        batched = operations(call) if call.path == "$batch" else []
        each = self.organization.switches.text("batch_counts") == "each"
        user, started = call.caller.user, perf_counter()
        self.protection.enter(user, self._seconds(), max(1, len(batched)) if each else 1)
        try:
            await asyncio.sleep(self.organization.switches.number("latency_ms") / 1000)
            if call.path == "$batch":
                status, boundary, text = Batch(service=self.service, outer=call).run(batched)
                response = Response(text, status, {"OData-Version": "4.0"}, f"multipart/mixed; boundary={boundary}")
            else:
                response = _response(self.service.handle(call))
            response.headers["x-ms-service-request-id"] = self.organization.store.new_id()
            left = self.protection.remaining(user)
            response.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] = str(left)
        finally:
            self.protection.leave(user, self._seconds(), (perf_counter() - started) * 1000)
        if call.method != "GET":
            self.state.touch()
        return response

    def _seconds(self) -> float:
        return self.organization.now().timestamp()

    def _unauthenticated(self) -> Response:
        root = self.organization.base_url.rstrip("/")
        challenge = f"Bearer authorization_uri={root}/oauth/common/oauth2/authorize, resource_id={root}/"
        return Response("", 401, {"WWW-Authenticate": challenge})

    async def token(self, request: Request) -> Response:
        """Client credentials, with the scope of this environment."""
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        if form.get("grant_type") != "client_credentials" or not form.get("client_id"):
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if not form.get("client_secret") and not form.get("client_assertion"):
            return JSONResponse({"error": "invalid_client"}, 401)
        scope = form.get("scope", "")
        if not scope.endswith("/.default") or not urlsplit(scope).netloc:
            return JSONResponse({"error": "invalid_scope"}, 400)
        expires = self.organization.now() + timedelta(seconds=LIFETIME)
        token = self.tokens.issue(form["client_id"], scope.removesuffix("/.default"), expires)
        return JSONResponse({"token_type": "Bearer", "expires_in": LIFETIME, "access_token": token})


def _raw_path(request: Request) -> str:
    """Still encoded: a key's encoded slash must not look like a path."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return str(raw.decode("ascii").split("?")[0].split("/", 4)[-1])


def _response(answer: Answer) -> Response:
    return Response(answer.content(), answer.status, _shown(answer.all_headers()))


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Header values are Latin-1 on the wire."""
    return {name: value.encode("latin-1", "replace").decode("latin-1") for name, value in headers.items()}


def create_app(
    *,
    base_url: str,
    clock: Clock | None = None,
    state_path: Path | None = None,
    seed: int = 0,
    solution_tables: SolutionTables | None = None,
    webhook_client: httpx.AsyncClient | None = None,
) -> SandboxApp:
    """One organisation at `base_url`; `seed` makes ids repeatable, `state_path` keeps it over restarts.

    `app.state` has organization, sender, faults and switches; `webhook_client` stands in for the network.
    """
    time, switches = clock or Clock(), Switches(SWITCHES)
    names = solution_tables or SolutionTables()
    organization = Organization(base_url=base_url, clock=time, switches=switches, names=names, seed=seed)
    sender = WebhookSender(clock=time, policy=POLICY, client=webhook_client)
    state = StateFile(state_path, lambda: dump(organization))
    return _assembled(organization, sender, state)


def _assembled(organization: Organization, sender: WebhookSender, state: StateFile) -> SandboxApp:
    protection, faults = Protection(), Faults(error_answer=vendor_error)
    notifier = Notifier(organization=organization, sender=sender, changed=state.touch)
    service = Service(organization=organization, publish=notifier.publish)
    tokens = Tokens(organization=organization)
    front = Front(organization=organization, service=service, tokens=tokens, protection=protection, state=state)

    def forget() -> None:
        organization.clear()
        seed(organization)
        protection.limits = Limits()
        protection.users.clear()
        tokens.issued.clear()
        state.touch()

    control = Control(
        faults=faults, clock=organization.clock, sender=sender, switches=organization.switches, forget=forget
    )
    controls = Controls(organization=organization, protection=protection, changed=state.touch)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await sender.close()
        state.save()

    kept = state.load()
    if kept is None:
        seed(organization)
    else:
        load(organization, kept)
    routes = [
        Route("/api/data/v9.2/{rest:path}", front.api, methods=METHODS),
        Route("/oauth/{tenant}/oauth2/v2.0/token", front.token, methods=["POST"]),
        *control_routes(control),
        *controls.routes(),
    ]
    app = SandboxApp(routes=routes, lifespan=lifespan)
    app.faults = faults
    app.state.organization = organization
    app.state.sender, app.state.faults, app.state.switches = sender, faults, organization.switches
    return app
