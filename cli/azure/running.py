"""The running app, asked over HTTP with the key of the one function that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.azure.management import Management
from shared.connectors.foreign_json import decoded
from shared.errors import Transient

if TYPE_CHECKING:
    import httpx

HEALTH, SHOWN, REGISTER = "health", "webhook_registration", "webhook_register"
ROUTES = {HEALTH: ("GET", "/api/health"), SHOWN: ("GET", "/api/webhook-registration")}
ROUTES |= {REGISTER: ("POST", "/api/webhook-registration")}
AWAY = 0  # the status of an answer that never came


@dataclass(frozen=True, kw_only=True)
class Told:
    """An answer of the app; `body` is empty where it was no JSON object."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return str(self.body.get("reason", "") or f"the app answered {self.status}" if self.status else "no answer")


@dataclass(frozen=True, kw_only=True)
class Running:
    """The app at its platform's address: what stands in front of it may not let us through."""

    azure: Management
    address: str
    client: httpx.AsyncClient

    async def ask(self, function: str, body: Mapping[str, object] | None = None) -> Told:
        """An app that does not answer, or with no JSON, is away: it may be starting."""
        import httpx  # noqa: PLC0415 - most commands do without

        method, path = ROUTES[function]
        try:
            key = await self.azure.key(function)
        except Transient:  # Azure does not answer for an app that is starting
            return Told(status=AWAY)
        headers = {"x-functions-key": key.get_secret_value()}
        try:
            answer = await self.client.request(method, f"{self.address}{path}", headers=headers, json=body, timeout=60)
            found = decoded(answer.content)
        except (httpx.HTTPError, ValueError):
            return Told(status=AWAY)
        return Told(status=answer.status_code, body=found if isinstance(found, Mapping) else {})
