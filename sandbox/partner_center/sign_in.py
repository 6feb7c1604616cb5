"""A person's sign-in at Entra: authorization code with PKCE, and device code.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and v2-oauth2-device-code
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.faults import Clock
from sandbox.partner_center.oauth import OAuthError

CODE_SECONDS, DEVICE_SECONDS = 600, 900
SIGNED_IN = "dana@fabrikam.example.com"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class PageError(Exception):
    """What Entra shows in the browser and tells nobody else: its address of return is not to be believed."""


@dataclass
class Person:
    """Who signs in, and how: a test changes it. `consents` False answers Cancel to the question for consent."""

    tenant: str
    name: str = SIGNED_IN
    methods: tuple[str, ...] = ("pwd", "mfa")
    consents: bool = True


@dataclass
class Pending:
    """A code that waits to be redeemed; `approved` None until the person has answered on the device."""

    request: Mapping[str, str]
    expires: float
    redeemed: bool = False
    approved: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Return:
    """The way back to the application: a redirect with a query, or a page whose form posts itself."""

    address: str
    values: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"{self.address}?{urlencode(self.values)}"

    @property
    def page(self) -> str:
        fields = (f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in self.values.items())
        form = f'<form name="hiddenform" action="{escape(self.address)}" method="POST">{"".join(fields)}</form>'
        return f"<body>{form}<script>document.forms[0].submit()</script></body>"


@dataclass
class SignIns:
    """`redirects` are what the application has registered; a port makes no difference on localhost.

    `public` is "Allow public client flows": such an application sends no secret when it redeems a device code.
    """

    clock: Clock
    person: Person
    redirects: set[str] = field(default_factory=lambda: {"http://localhost/"})
    public: bool = False
    codes: dict[str, Pending] = field(default_factory=dict)
    devices: dict[str, Pending] = field(default_factory=dict)

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def authorized(self, asked: Mapping[str, str]) -> Return:
        """Where the browser is sent back to, and with what."""
        target = asked.get("redirect_uri", "")
        if _without_port(target) not in self.redirects:
            raise PageError(f"AADSTS50011: The redirect URI '{target}' specified in the request does not match.")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise PageError("AADSTS900144: The request body must contain a code challenge of method S256.")
        state = {"state": asked.get("state", "")}
        back = target if urlsplit(target).path else f"{target}/"
        if not self.person.consents:
            text = "AADSTS65004: User declined to consent to access the app."
            return Return(address=back, values={"error": "access_denied", "error_description": text, **state})
        code = secrets.token_urlsafe(48)
        self.codes[code] = Pending(request=dict(asked), expires=self._now() + CODE_SECONDS)
        return Return(address=back, values={"code": code, **state, "session_state": secrets.token_hex(8)})

    def redeemed(self, form: Mapping[str, str]) -> Mapping[str, str]:
        """The request that an authorization code was given for."""
        pending = self.codes.get(form.get("code", ""))
        if pending is None or pending.expires <= self._now():
            raise OAuthError("invalid_grant", "AADSTS70008: The provided authorization code is expired or invalid.")
        if pending.redeemed:
            raise OAuthError("invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed.")
        if form.get("redirect_uri") != pending.request.get("redirect_uri"):
            raise OAuthError("invalid_grant", "AADSTS500112: The reply address does not match that of the code.")
        if _challenge(form.get("code_verifier", "")) != pending.request.get("code_challenge"):
            raise OAuthError("invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge.")
        pending.redeemed = True
        return pending.request

    def device(self, form: Mapping[str, str], base: str) -> dict[str, Any]:
        device, user = secrets.token_urlsafe(48), secrets.token_hex(4).upper()
        self.devices[device] = Pending(request={**form, "user_code": user}, expires=self._now() + DEVICE_SECONDS)
        address = f"{base}/devicelogin"
        message = f"To sign in, use a web browser to open the page {address} and enter the code {user} to authenticate."
        answer: dict[str, Any] = {"device_code": device, "user_code": user, "verification_uri": address}
        return answer | {"expires_in": DEVICE_SECONDS, "interval": 5, "message": message}

    def entered(self, user_code: str) -> bool:
        """The person entered a code in the browser and signed in, or declined."""
        for pending in self.devices.values():
            if pending.request["user_code"] == user_code:
                pending.approved = self.person.consents
                return True
        return False

    def device_redeemed(self, form: Mapping[str, str]) -> Mapping[str, str]:
        pending = self.devices.get(form.get("device_code", ""))
        if pending is None or pending.redeemed:
            raise OAuthError("bad_verification_code", "AADSTS70019: The device code is not known.")
        if self.public and form.get("client_secret"):
            raise OAuthError(
                "invalid_client", "AADSTS700025: Client is public so no 'client_secret' should be presented.", 401
            )
        if not self.public and not form.get("client_secret"):
            text = "AADSTS7000218: The request body must contain the following parameter: 'client_secret'."
            raise OAuthError("invalid_client", text, 401)
        if pending.expires <= self._now():
            raise OAuthError("expired_token", "AADSTS70020: The provided value for the device code has expired.")
        if pending.approved is None:
            raise OAuthError("authorization_pending", "AADSTS70016: Authorization is pending.")
        if not pending.approved:
            raise OAuthError("authorization_declined", "AADSTS70018: The end user denied the authorization request.")
        pending.redeemed = True
        return pending.request

    def token(self, audience: str, client: str) -> str:
        """An access token that says whose it is; nobody but its audience is to look, and everybody can."""
        claims: dict[str, Any] = {
            "aud": audience,
            "tid": self.person.tenant,
            "upn": self.person.name,
            "scp": "user_impersonation",
        }
        claims |= {"appid": client, "exp": int(self._now()) + 3600}
        return _unsigned(claims | ({"amr": list(self.person.methods)} if self.person.methods else {}))

    def id_token(self, request: Mapping[str, str], issuer: str) -> str:
        claims = {
            "iss": issuer,
            "aud": request.get("client_id"),
            "nonce": request.get("nonce"),
            "iat": int(self._now()),
        }
        claims |= {"exp": int(self._now()) + 3600, "tid": self.person.tenant, "preferred_username": self.person.name}
        return _unsigned(claims | {"sub": "s", "oid": "o", "ver": "2.0"})


def _without_port(uri: str) -> str:
    """Entra compares redirect addresses on localhost without their port."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path or '/'}"


def _challenge(verifier: str) -> str:
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unsigned(claims: Mapping[str, Any]) -> str:
    """In the form of a JSON Web Token, with noise for a signature: the sandbox looks tokens up."""
    head = {"alg": "RS256", "typ": "JWT"}
    return ".".join(
        [*(_encoded(json.dumps(part).encode()) for part in (head, dict(claims))), secrets.token_urlsafe(24)]
    )
