"""What a request meets before the Web API: who is it, may it, and how long does it take; and the token endpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.dynamics import errors
from sandbox.dynamics.auth import LIFETIME, NotAuthenticatedError, Tokens
from sandbox.dynamics.batch import Batch, operations
from sandbox.dynamics.call import Answer, Call
from sandbox.dynamics.limits import Protection
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.service import Service, refusal
from sandbox.faults import StateFile


@dataclass(frozen=True, kw_only=True)
class Front:
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
