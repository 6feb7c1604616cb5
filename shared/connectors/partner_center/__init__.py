"""Microsoft Partner Center: referrals, their webhook's events, and the registration of that webhook."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

import httpx

from shared.connectors.partner_center.extras import Extras
from shared.connectors.partner_center.gateway import PartnerCenter
from shared.connectors.partner_center.polling import Poll
from shared.connectors.partner_center.registration import Registration
from shared.connectors.partner_center.validation import Validation
from shared.connectors.partner_center.verdicts import VERDICTS, WEBHOOK_VERDICTS
from shared.connectors.partner_center.webhook import Webhook
from shared.connectors.partner_center.wire import SYSTEM
from shared.connectors.rest import Rest, Sleep
from shared.connectors.turnstile import Tick, Turnstile
from shared.customize.model import Pair
from shared.ports import Clock, Tokens

__all__ = [
    "API_URL",
    "SCOPE",
    "WEBHOOK_API_URL",
    "WEBHOOK_SCOPE",
    "Config",
    "PartnerCenter",
    "Registration",
    "Webhook",
    "connect",
    "connect_registration",
    "connect_webhook",
]

# Two hosts and two token audiences (rest-urls, partner-center-webhooks).
API_URL = "https://api.partner.microsoft.com"
WEBHOOK_API_URL = "https://api.partnercenter.microsoft.com"
SCOPE = "https://api.partner.microsoft.com/.default"
WEBHOOK_SCOPE = "https://api.partnercenter.microsoft.com/.default"
PORTAL_LINK = "https://partner.microsoft.com/referrals/v2/inbox?id={id}"
LONGEST_CALL = 60.0
AT_ONCE = 10  # calls of one worker: the tenant's limit is not public, and what is under way when it is met is refused


@dataclass(frozen=True, kw_only=True)
class Config:
    """Where Partner Center is; `organization` is the partner's account id, "" to take all but Microsoft's as ours.

    `pairs` are the installation's own fields (`customize.yaml`).
    """

    api_url: str = API_URL
    webhook_api_url: str = WEBHOOK_API_URL
    organization: str = ""
    portal_link: str = PORTAL_LINK
    range_filters: bool = False
    longest_call: float = LONGEST_CALL
    pairs: tuple[Pair, ...] = ()


def connect(
    config: Config,
    *,
    client: httpx.AsyncClient,
    tokens: Tokens,
    clock: Clock,
    sleep: Sleep = asyncio.sleep,
    tick: Tick = time.monotonic,
) -> PartnerCenter:
    """The gateway to the Referrals API; it needs tokens of a user who is Referrals admin."""
    rest = Rest(
        system=SYSTEM,
        base_url=_host(config.api_url),
        scope=SCOPE,
        tokens=tokens,
        client=client,
        verdicts=VERDICTS,
        sleep=sleep,
        turnstile=Turnstile(AT_ONCE, tick=tick),
        longest=config.longest_call,
        stamp="client-request-id",  # a new GUID for every call (request headers)
    )
    poll = Poll(rest=rest, clock=clock, organization=config.organization, range_filters=config.range_filters)
    return PartnerCenter(
        rest=rest,
        poll=poll,
        portal_link=config.portal_link,
        organization=config.organization,
        extras=Extras(config.pairs),
    )


def connect_registration(
    config: Config, *, client: httpx.AsyncClient, tokens: Tokens, sleep: Sleep = asyncio.sleep
) -> Registration:
    """The webhook registration of the tenant."""
    return Registration(rest=_webhook_rest(config, client, tokens, sleep))


def connect_webhook(
    config: Config,
    *,
    address: str,
    live: bool,
    dry_run: bool,
    client: httpx.AsyncClient,
    tokens: Tokens,
    sleep: Sleep = asyncio.sleep,
    tick: Tick = time.monotonic,
) -> Webhook:
    """This installation's webhook; `address` is where the app answers."""
    rest = _webhook_rest(config, client, tokens, sleep)
    return Webhook(
        registration=Registration(rest=replace(rest, turnstile=Turnstile(tick=tick))),
        validation=Validation(rest=replace(rest, turnstile=Turnstile(tick=tick)), sleep=sleep),
        address=address,
        live=live,
        dry_run=dry_run,
    )


def _webhook_rest(config: Config, client: httpx.AsyncClient, tokens: Tokens, sleep: Sleep) -> Rest:
    return Rest(
        system=SYSTEM,
        base_url=_host(config.webhook_api_url),
        scope=WEBHOOK_SCOPE,
        tokens=tokens,
        client=client,
        verdicts=WEBHOOK_VERDICTS,
        sleep=sleep,
        longest=config.longest_call,
        stamp="MS-RequestId",
    )


def _host(url: str) -> str:
    """The setting with or without the version that belongs to the path."""
    return url.rstrip("/").removesuffix("/v1.0").removesuffix("/webhooks/v1").rstrip("/")
