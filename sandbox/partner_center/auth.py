"""Who calls: fixed tokens, and tokens from a token endpoint of its own, each for the hosts it was issued for."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.faults import Clock
from sandbox.partner_center.errors import ApiError
from sandbox.partner_center.oauth import OAuthError
from sandbox.partner_center.settings import REFERRALS_AUDIENCE, TENANT, WEBHOOKS_AUDIENCE
from sandbox.partner_center.sign_in import DEVICE_GRANT, Person, SignIns

LIFETIME_SECONDS = 3600
AUDIENCES = (REFERRALS_AUDIENCE, WEBHOOKS_AUDIENCE)
CLIENT_SECRET = "sandbox-secret"
FIRST_REFRESH_TOKEN = "sandbox-refresh-token"
GRANTS = ("refresh_token", "client_credentials", "authorization_code", DEVICE_GRANT)


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


@dataclass
class Tokens:
    """`consented` are the audiences that the person, or an administrator, consented to."""

    clock: Clock
    grants: dict[str, Grant] = field(default_factory=lambda: dict(FIXED))
    refresh: set[str] = field(default_factory=lambda: {FIRST_REFRESH_TOKEN})
    consented: set[str] = field(default_factory=lambda: set(AUDIENCES))
    sign_ins: SignIns = field(init=False)

    def __post_init__(self) -> None:
        self.sign_ins = SignIns(clock=self.clock, person=Person(tenant=TENANT))

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

    def issue(self, form: str, issuer: str = "") -> dict[str, Any]:
        values = dict(parse_qsl(form))
        kind = values.get("grant_type", "")
        if kind != DEVICE_GRANT and values.get("client_secret") != CLIENT_SECRET:
            raise OAuthError("invalid_client", "AADSTS7000215: Invalid client secret provided.", 401)
        if kind not in GRANTS:
            raise OAuthError("unsupported_grant_type", f"AADSTS70003: The grant type '{kind}' is not supported.")
        if kind == "refresh_token" and values.get("refresh_token") not in self.refresh:
            raise OAuthError("invalid_grant", "AADSTS9002313: The refresh token is not valid or was revoked.")
        if kind in ("authorization_code", DEVICE_GRANT):
            return self._signed_in(kind, values, issuer)
        return self._answer(self._consented(values), values, delegated=kind == "refresh_token")

    def _signed_in(self, kind: str, values: Mapping[str, str], issuer: str) -> dict[str, Any]:
        """The answer to a person's first sign-in, with an id token as `openid` asks for one."""
        sign_ins = self.sign_ins
        request = sign_ins.device_redeemed(values) if kind == DEVICE_GRANT else sign_ins.redeemed(values)
        answer = self._answer(self._consented(request), request, delegated=True)
        if "offline_access" not in request.get("scope", "").split():
            del answer["refresh_token"]
        return answer | {"id_token": sign_ins.id_token(request, issuer)}

    def _consented(self, values: Mapping[str, str]) -> str:
        audience = _audience(values.get("scope", ""))
        if audience not in self.consented:
            text = "AADSTS65001: The user or administrator has not consented to use the application."
            raise OAuthError("invalid_grant", text)
        return audience

    def _answer(self, audience: str, values: Mapping[str, str], *, delegated: bool) -> dict[str, Any]:
        client = values.get("client_id", "")
        token = self.sign_ins.token(audience, client) if delegated else f"sandbox-{secrets.token_urlsafe(24)}"
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
