"""The tenant's one webhook registration: read first, so that another integration's events stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from shared.connectors.partner_center.wire import SYSTEM, Items, Wire
from shared.connectors.rest import Missing, Rest
from shared.errors import Refused, Remote

PATH = "webhooks/v1/registration"
EVENTS = ("referral-created", "referral-updated", "related-referral-created", "related-referral-updated")


class Registered(Wire):
    """What is registered; PascalCase in the docs, and compared without case."""

    webhook_url: str | None = Field(default=None, alias="WebhookUrl")
    webhook_events: Items[str] | None = Field(default=None, alias="WebhookEvents")


@dataclass(frozen=True, kw_only=True)
class Ensured:
    """What `ensure` found and did: `displaced` is the address that no longer receives events ("" if none)."""

    url: str
    events: tuple[str, ...]
    changed: bool
    displaced: str = ""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """GET, POST and PUT of `webhooks/v1/registration` (partner-center-webhooks)."""

    rest: Rest

    async def current(self) -> Registered | None:
        """What is registered. The answer where nothing is, is documented nowhere: 404 and an empty one both count."""
        try:
            answer = await self.rest.call("GET", PATH)
        except Missing:
            return None
        found = _read(answer.json()) if answer.body.strip() else None
        return found if found and found.webhook_url else None

    async def ensure(
        self, url: str, events: Iterable[str] = EVENTS, *, signature_in_own_header: bool = True
    ) -> Ensured:
        """Register `url` for `events` besides those that are registered already.

        The signature moves to `x-ms-signature`, since a host in front of a function may use Authorization itself.
        """
        held = await self.current()
        address, before = (held.webhook_url or "", tuple(held.webhook_events or ())) if held else ("", ())
        wanted = tuple(dict.fromkeys([*before, *events]))
        if address == url and set(before) == set(wanted):
            return Ensured(url=url, events=wanted, changed=False)
        body = {
            "WebhookUrl": url,
            "WebhookEvents": list(wanted),
            "SignatureTokenToMsSignatureHeader": signature_in_own_header,
        }
        await self.rest.call("PUT" if held else "POST", PATH, json=body)
        return Ensured(url=url, events=wanted, changed=True, displaced=address if address != url else "")


def _read(data: Any) -> Registered | None:
    if not data:
        return None
    try:
        return Registered.model_validate(data)
    except ValidationError as error:
        raise Refused(Remote(system=SYSTEM, message="the webhook registration has a shape we cannot read")) from error
