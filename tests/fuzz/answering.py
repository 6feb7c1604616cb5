"""A vendor that answers every request with the same bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

import httpx

from shared.connectors import dynamics, partner_center
from shared.connectors.dynamics import Dynamics
from shared.connectors.partner_center import PartnerCenter, Webhook
from shared.customize import NONE, Customization
from shared.platform.identity import StaticTokens
from tests.contract import dynamics_bench
from tests.fakes.store import FakeClock
from tests.fuzz import recorded

T = TypeVar("T")
TOKENS = StaticTokens("sandbox")
JSON = "application/json; odata.metadata=minimal"
NO_ANSWERS: Mapping[str, bytes] = MappingProxyType({})
Answering = Callable[[httpx.Request], bytes]


class Endless(AssertionError):
    """One call of ours led to more requests than any data can need."""


MOST = 300


def _client(answering: Answering, kind: str = JSON, status: int = 200) -> httpx.AsyncClient:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) > MOST:
            raise Endless(f"{MOST} requests, the last for {asked[-1]}")
        return httpx.Response(status, headers={"content-type": kind, "etag": '"1"'}, content=answering(request))

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


async def _no_sleep(_: float) -> None:
    """Retries come at once."""


def of_dynamics(
    data: bytes,
    act: Callable[[Dynamics], Awaitable[T]],
    *,
    kind: str = JSON,
    answers: Mapping[str, bytes] = NO_ANSWERS,
    knows: bool = True,
    custom: Customization = NONE,
) -> T:
    """What a gateway makes of the answer, or of other `answers` by path; `knows` the organisation's metadata."""
    schema = recorded.dynamics().schema if knows else None

    async def run() -> T:
        async with _client(lambda request: answers.get(request.url.path, data), kind) as client:
            config = dynamics.Config(url=dynamics_bench.BASE, custom=custom)
            gateway = dynamics.connect(config, client=client, tokens=TOKENS, clock=FakeClock(), sleep=_no_sleep)
            gateway.memory.schema = schema
            return await act(gateway)

    return asyncio.run(run())


def of_partner(data: bytes, act: Callable[[PartnerCenter], Awaitable[T]]) -> T:
    """What the gateway makes of the answer."""

    async def run() -> T:
        async with _client(lambda _: data) as client:
            config = partner_center.Config(api_url=recorded.PARTNER)
            return await act(
                partner_center.connect(config, client=client, tokens=TOKENS, clock=FakeClock(), sleep=_no_sleep)
            )

    return asyncio.run(run())


def of_webhook(data: bytes, act: Callable[[Webhook], Awaitable[T]]) -> T:
    """What a live installation's webhook makes of the answer."""

    async def run() -> T:
        async with _client(lambda _: data) as client:
            webhook = partner_center.connect_webhook(
                partner_center.Config(webhook_api_url=recorded.PARTNER),
                address="https://contoso.example.com",
                live=True,
                dry_run=False,
                client=client,
                tokens=TOKENS,
                sleep=_no_sleep,
            )
            return await act(webhook)

    return asyncio.run(run())
