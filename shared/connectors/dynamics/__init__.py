"""The Dynamics 365 side of a deal, over the Dataverse Web API."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable

import httpx

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.config import API, Config
from shared.connectors.dynamics.directory import Directory
from shared.connectors.dynamics.gateway import Dynamics, Memory
from shared.connectors.dynamics.leads import Leads
from shared.connectors.dynamics.verdicts import SYSTEM, VERDICTS
from shared.connectors.rest import Rest
from shared.connectors.turnstile import Tick, Turnstile
from shared.ports import Clock, Tokens

__all__ = ["Config", "Dynamics", "Leads", "connect", "leads_of"]

# `If-None-Match: null` overrides caches on the way (compose-http-requests-handle-errors).
HEADERS = {"OData-Version": "4.0", "OData-MaxVersion": "4.0", "If-None-Match": "null"}


def connect(
    config: Config,
    *,
    client: httpx.AsyncClient,
    tokens: Tokens,
    clock: Clock,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    tick: Tick = time.monotonic,
) -> Dynamics:
    """A gateway to one environment; nothing is called before it is used."""
    rest = Rest(
        system=SYSTEM,
        base_url=f"{config.host}{API}",
        scope=f"{config.host}/.default",
        tokens=tokens,
        client=client,
        verdicts=VERDICTS,
        sleep=sleep,
        turnstile=Turnstile(config.concurrency, tick=tick),
        headers=HEADERS,
    )
    calls = Calls(rest=rest, tag=config.tag, new_id=lambda: str(uuid.uuid4()))
    return Dynamics(
        config=config,
        calls=calls,
        clock=clock,
        directory=Directory(calls=calls),
        memory=Memory(),
        lock=asyncio.Lock(),
    )


def leads_of(deals: Dynamics) -> Leads:
    """The gateway to the same environment's leads: one client, one turnstile, one memory of currencies and users."""
    return Leads(
        config=deals.config,
        calls=deals.calls,
        clock=deals.clock,
        directory=deals.directory,
        ping_world=deals.ping,
        wished=deals.wished,
    )
