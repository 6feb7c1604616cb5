"""The few calls of Azure Resource Manager that the tool makes: app settings and keys of one function app.

https://learn.microsoft.com/rest/api/appservice/web-apps/list-application-settings
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from cli.azure.azd import Place
from shared.connectors.answers import Said, verdict
from shared.connectors.rest import Missing, Rest, Verdicts
from shared.errors import AccessLost, Refused, Remote
from shared.platform.credentials import default_credential
from shared.platform.identity import CredentialTokens
from shared.ports import Tokens

AZURE = "https://management.azure.com"
SCOPE = "https://management.azure.com/.default"
VERSION = "2024-11-01"
SIGN_IN = "Sign in with `az login`, as somebody with the role Website Contributor on the function app"
NOT_THERE = "Check the names of app, resource group and subscription, and that you are signed in to its tenant"


@dataclass(frozen=True)
class AppSettings:
    """All app settings of a function app. They are never printed: among them may be secrets."""

    values: Mapping[str, str] = field(repr=False)

    def mode(self) -> str:
        """The platform takes names in any case."""
        return next((text for name, text in self.values.items() if name.upper() == "MODE"), "") or "test"

    def with_mode(self, mode: str) -> AppSettings:
        """The same but for MODE."""
        others = {name: text for name, text in self.values.items() if name.upper() != "MODE"}
        return AppSettings({**others, "MODE": mode})


@dataclass(frozen=True, kw_only=True)
class Management:
    """One function app, as Azure Resource Manager has it."""

    place: Place
    rest: Rest

    async def address(self) -> str:
        """Where the app answers by the platform's own name."""
        site = await self._call("GET", "")
        host = site.get("properties", {}).get("defaultHostName")
        if not isinstance(host, str) or not host:
            raise Refused(Remote(system="Azure", message=f"{self.place.app} has no host name"))
        return f"https://{host}"

    async def settings(self) -> AppSettings:
        return _settings(await self._call("POST", "/config/appsettings/list"))

    async def replace(self, settings: AppSettings) -> AppSettings:
        """All settings at once, as the call has it: what is not among them goes. Gives what Azure has then."""
        return _settings(await self._call("PUT", "/config/appsettings", {"properties": dict(settings.values)}))

    async def key(self, function: str) -> SecretStr:
        """The key that opens this one function."""
        found = await self._call("POST", f"/functions/{function}/listkeys")
        keys = found.get("properties") or found  # documented as the first, and seen as the second
        key = keys.get("default") if isinstance(keys, dict) else None
        if not isinstance(key, str):
            raise Refused(Remote(system="Azure", message=f"the function {function} has no key named default"))
        return SecretStr(key)

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.rest.call(method, f"{self.place.id}{path}", params={"api-version": VERSION}, json=body)
        found = answer.json()
        return found if isinstance(found, dict) else {}


def _settings(found: Mapping[str, Any]) -> AppSettings:
    values = found.get("properties")
    if not isinstance(values, dict):
        raise Refused(Remote(system="Azure", message="the answer holds no app settings"))
    return AppSettings({str(name): str(text) for name, text in values.items()})


def _said(body: Any) -> Said:
    error = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(error, dict):
        return Said()
    return Said(codes=(str(error.get("code", "")),), message=str(error.get("message", "")))


VERDICTS = Verdicts(
    read=_said,
    statuses={
        401: verdict(AccessLost, SIGN_IN),
        403: verdict(AccessLost, SIGN_IN),
        404: verdict(Missing, NOT_THERE),
    },
)


def tokens() -> Tokens:
    """Whoever is signed in here; in a hook or a workflow, whom azd or azure/login signed in."""
    return CredentialTokens(system="Azure", make=lambda: default_credential(""), advice=SIGN_IN)


@asynccontextmanager
async def management(place: Place, *, base: str = AZURE, signed_in: Tokens | None = None) -> AsyncIterator[Management]:
    import httpx  # noqa: PLC0415 - most commands do without

    own = signed_in or tokens()
    async with httpx.AsyncClient(follow_redirects=False, timeout=30.0) as client:
        try:
            rest = Rest(
                system="Azure", base_url=base, scope=SCOPE, tokens=own, client=client, verdicts=VERDICTS, longest=90.0
            )
            yield Management(place=place, rest=rest)
        finally:
            if isinstance(own, CredentialTokens):
                await own.close()
