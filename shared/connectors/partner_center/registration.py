"""The tenant's one webhook registration: read first, so that no other integration loses its events unasked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

from pydantic import Field

from shared.connectors.partner_center.wire import SYSTEM, Items, Wire
from shared.connectors.rest import Missing, Rest
from shared.domain.registering import Step
from shared.domain.subscription import Subscription, merged, same
from shared.errors import Refused, Remote

PATH = "webhooks/v1/registration"
EVENTS = ("referral-created", "referral-updated", "related-referral-created", "related-referral-updated")
TEST_EVENT = "test-created"  # what proves the way: a validation needs its subscription (partner-center-webhooks)
OTHER_WAY: Mapping[str, str] = MappingProxyType({"POST": "PUT", "PUT": "POST"})


class Registered(Wire):
    """What is registered; PascalCase in the docs, and compared without case."""

    webhook_url: str | None = Field(default=None, alias="WebhookUrl")
    webhook_events: Items[str] | None = Field(default=None, alias="WebhookEvents")


@dataclass(frozen=True, kw_only=True)
class Ensured:
    """What `ensure` found and did: `displaced` is what no longer receives events, or would not."""

    step: Step
    wanted: Subscription
    displaced: Subscription | None = None

    @property
    def changed(self) -> bool:
        return self.step is Step.REGISTERED


@dataclass(frozen=True, kw_only=True)
class Registration:
    """GET, POST and PUT of `webhooks/v1/registration` (partner-center-webhooks)."""

    rest: Rest

    async def current(self) -> Subscription | None:
        """What is registered. The answer where nothing is, is documented nowhere: 404 and an empty one both count."""
        try:
            answer = await self.rest.call("GET", PATH)
        except Missing:
            return None
        found = Registered.read(answer.json() or {}) if answer.body.strip() else None
        if found is None or not found.webhook_url:
            return None
        return Subscription(url=found.webhook_url, events=tuple(found.webhook_events or ()))

    async def ensure(
        self,
        url: str,
        events: Iterable[str] = EVENTS,
        *,
        overwrite: bool = False,
        dry_run: bool = False,
        signature_in_own_header: bool = True,
    ) -> Ensured:
        """Register `url` for `events` besides those that are registered already.

        Another address is displaced only with `overwrite`. The signature moves to `x-ms-signature`, since a host in
        front of a function may use Authorization itself.
        """
        events = tuple(events)
        held = await self.current()
        ensured = _decided(held, url, events, overwrite=overwrite, dry_run=dry_run)
        if not ensured.changed:
            return ensured
        method = "PUT" if held else "POST"
        if await self._written(method, ensured.wanted, own_header=signature_in_own_header):
            return ensured
        # Somebody registered, or took it away, since the look: what is there now is decided on anew, once.
        ensured = _decided(await self.current(), url, events, overwrite=overwrite, dry_run=dry_run)
        method = OTHER_WAY[method]
        if ensured.changed and not await self._written(method, ensured.wanted, own_header=signature_in_own_header):
            raise Refused(Remote(system=SYSTEM, message="the webhook registration is changed by somebody else as well"))
        return ensured

    async def _written(self, method: str, wanted: Subscription, *, own_header: bool) -> bool:
        """False where a POST met a registration, or a PUT met none: what they answer then is documented nowhere."""
        body = {
            "WebhookUrl": wanted.url,
            "WebhookEvents": list(wanted.events),
            "SignatureTokenToMsSignatureHeader": own_header,
        }
        try:
            await self.rest.call(method, PATH, json=body)
        except Refused as error:
            if isinstance(error, Missing) or error.remote.status == HTTPStatus.CONFLICT:
                return False
            raise
        return True


def _decided(held: Subscription | None, url: str, events: Iterable[str], *, overwrite: bool, dry_run: bool) -> Ensured:
    """What has to be done, before anything is."""
    before = held.events if held else ()
    wanted = Subscription(url=url, events=merged(before, events))
    if held and same(held.url, url):
        wanted = Subscription(url=held.url, events=wanted.events)
        if len(wanted.events) == len(merged(before, ())):
            return Ensured(step=Step.UNCHANGED, wanted=wanted)
        held = None
    if held and not overwrite:
        return Ensured(step=Step.TAKEN, wanted=wanted, displaced=held)
    return Ensured(step=Step.PLANNED if dry_run else Step.REGISTERED, wanted=wanted, displaced=held)
