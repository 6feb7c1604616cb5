"""Who calls: fixed tokens, and tokens from a token endpoint of its own, each for the hosts it was issued for."""

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.faults import Clock
from sandbox.partner_center.errors import ApiError
from sandbox.partner_center.settings import REFERRALS_AUDIENCE, WEBHOOKS_AUDIENCE

LIFETIME_SECONDS = 3600
AUDIENCES = (REFERRALS_AUDIENCE, WEBHOOKS_AUDIENCE)
CLIENT_SECRET = "sandbox-secret"
FIRST_REFRESH_TOKEN = "sandbox-refresh-token"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a token allows; `expires` in epoch seconds, None for never."""

    audiences: tuple[str, ...]
    delegated: bool
    expires: float | None = None


FIXED = {
    "sandbox-user": Grant(audiences=AUDIENCES, delegated=True),
    "sandbox-app": Grant(audiences=AUDIENCES, delegated=False),
    "sandbox-expired": Grant(audiences=AUDIENCES, delegated=True, expires=0.0),
}


class OAuthError(Exception):
    """An answer of the token endpoint: `error` is the OAuth code."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


@dataclass
class Tokens:
    clock: Clock
    grants: dict[str, Grant] = field(default_factory=lambda: dict(FIXED))
    refresh: set[str] = field(default_factory=lambda: {FIRST_REFRESH_TOKEN})

    def require(self, request: Request, audience: str, *, delegated: bool = False) -> None:
        """Raises ApiError 401 for no, an unknown, an expired or another host's token, 403 for app-only."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self.grants.get(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise ApiError(401, "The access token is missing or not valid.", target="authorization")
        if grant.expires is not None and grant.expires <= self.clock.now().timestamp():
            raise ApiError(401, "The access token has expired.", target="authorization")
        if audience not in grant.audiences:
            raise ApiError(401, f"The access token was not issued for {audience}.", target="authorization")
        if delegated and not grant.delegated:
            raise ApiError(403, "Referrals need a signed-in user with a referrals role.", target="authorization")

    def issue(self, form: str) -> dict[str, Any]:
        values = dict(parse_qsl(form))
        if values.get("client_secret") != CLIENT_SECRET:
            raise OAuthError("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        kind = values.get("grant_type", "")
        if kind not in ("refresh_token", "client_credentials"):
            raise OAuthError("unsupported_grant_type", f"AADSTS70003: The grant type '{kind}' is not supported.")
        if kind == "refresh_token" and values.get("refresh_token") not in self.refresh:
            raise OAuthError("invalid_grant", "AADSTS9002313: The refresh token is not valid or was revoked.")
        return self._answer(_audience(values.get("scope", "")), delegated=kind == "refresh_token")

    def _answer(self, audience: str, *, delegated: bool) -> dict[str, Any]:
        token = f"sandbox-{secrets.token_urlsafe(24)}"
        expires = self.clock.now().timestamp() + LIFETIME_SECONDS
        self.grants[token] = Grant(audiences=(audience,), delegated=delegated, expires=expires)
        answer = {"token_type": "Bearer", "access_token": token, "expires_in": LIFETIME_SECONDS}
        if not delegated:
            return answer
        # Entra hands out a new refresh token with each use and lets the old ones live.
        again = f"sandbox-refresh-{secrets.token_urlsafe(24)}"
        self.refresh.add(again)
        return answer | {"refresh_token": again, "scope": f"{audience}/user_impersonation"}

    def forget(self) -> None:
        self.grants, self.refresh = dict(FIXED), {FIRST_REFRESH_TOKEN}


def _audience(scope: str) -> str:
    for audience in AUDIENCES:
        if any(one.startswith(f"{audience}/") for one in scope.split()):
            return audience
    raise OAuthError("invalid_scope", f"AADSTS70011: The scope '{scope}' is not valid.")


def token_routes(tokens: Tokens, base_url: str) -> list[Route]:
    async def issue(request: Request) -> Response:
        try:
            return JSONResponse(tokens.issue((await request.body()).decode()))
        except OAuthError as error:
            return JSONResponse({"error": error.error, "error_description": error.description}, error.status)

    async def discover(request: Request) -> Response:
        authority = f"{base_url}/oauth/{request.path_params['tenant']}"
        return JSONResponse(
            {
                "issuer": f"{authority}/v2.0",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
            }
        )

    return [
        Route("/oauth/{tenant}/oauth2/v2.0/token", issue, methods=["POST"]),
        Route("/oauth/{tenant}/v2.0/.well-known/openid-configuration", discover),
    ]
