"""Who may enter: at one door the platform has asked for a key, at the other it has signed somebody in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.platform.office import KEY
from shared.platform.status.asked import Asked, Door, Visitor
from shared.platform.status.principal import HEADER, person

SIGN_IN = f"/.auth/login/aad?post_login_redirect_uri={Door.PERSON}"
SIGN_OUT = f"/.auth/logout?post_logout_redirect_uri={Door.PERSON}"


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why somebody stays outside, and whether signing in would change it."""

    status: int
    title: str
    reason: str
    sign_in: bool = False


@dataclass(frozen=True, kw_only=True)
class Admission:
    """`signs_in` is whether the platform says that its authentication is on: only then is its header its own.

    `role` is the app role that a person needs; `address` is where this app answers, "" where nobody said.
    """

    signs_in: bool
    role: str
    address: str = ""

    def __call__(self, asked: Asked) -> Visitor | Refusal:
        return self._person(asked) if asked.door is Door.PERSON else _by_key(asked)

    def _person(self, asked: Asked) -> Visitor | Refusal:
        if not self.signs_in:
            return NOT_SWITCHED_ON
        found = person(asked.headers.get(HEADER, ""))
        if found is None:
            return NOT_SIGNED_IN
        if self.role not in found.roles:
            return Refusal(status=403, title="Not allowed", reason=_no_role(self.role), sign_in=True)
        return Visitor(id=found.id, door=asked.door, bound=found.id)

    def from_here(self, headers: Mapping[str, str]) -> bool:
        """Whether a page of ours sent this form, as the browser says.

        Under our own `Referrer-Policy` browsers send `Origin: null` with a form, so `Sec-Fetch-Site` decides where the
        browser sends it, and every current one does; an older one has to name this app as the origin.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        origin = urlsplit(headers.get("origin", ""))
        hosts = {headers.get("host", "").lower(), urlsplit(self.address).netloc.lower()} - {""}
        return origin.scheme in ("https", "http") and origin.netloc.lower() in hosts


NOT_SWITCHED_ON = Refusal(
    status=403,
    title="Sign-in is not switched on",
    reason="This function app has no App Service authentication, so nobody can sign in here. An administrator can "
    "switch it on (docs/status.md says how), or open the page with a function key instead.",
)
NOT_SIGNED_IN = Refusal(
    status=401,
    title="Please sign in",
    reason="This page is for people who look after the synchronisation of co-sell deals.",
    sign_in=True,
)


def _no_role(role: str) -> str:
    return (
        f"You are signed in, but your account does not have the app role {role}. "
        "Ask an administrator of your Entra tenant to assign it to you, then sign in again."
    )


def _by_key(asked: Asked) -> Visitor:
    """The platform has compared the key before it called us: here it only has to be carried on."""
    code = asked.query.get("code", "")
    return Visitor(id=KEY, door=asked.door, code=code, bound=asked.headers.get("x-functions-key") or code)
