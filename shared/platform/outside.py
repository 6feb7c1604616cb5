"""Everything beyond this process, as one value: the real world as the settings describe it, or a test's."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from shared.platform.clock import SystemClock
from shared.platform.credentials import account, dataverse_tokens, partner_tokens
from shared.platform.cursors import TableCursors
from shared.platform.links import TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.queues import Queues
from shared.platform.storage import Storage
from shared.platform.telemetry import LogTelemetry
from shared.ports import Clock, Cursors, Parked, Pauses, Shelf, Telemetry, Tokens, WatchedSignals
from shared.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Outside:
    """Everything beyond this process; a test replaces any of it. `tick` is for how long, `clock` for when."""

    client: httpx.AsyncClient
    links: Shelf
    signals: WatchedSignals
    cursors: Cursors
    pauses: Pauses
    parked: Parked
    clock: Clock
    telemetry: Telemetry
    partner_tokens: Tokens
    dataverse_tokens: Tokens
    close: Callable[[], Awaitable[None]]
    tick: Callable[[], float] = time.monotonic


def outside(settings: Settings) -> Outside:
    """The real world as the settings describe it; nothing is opened before it is used."""
    storage = Storage(account(settings))
    client = httpx.AsyncClient(follow_redirects=False, timeout=30.0)
    partner, crm = partner_tokens(settings), dataverse_tokens(settings)

    async def close() -> None:
        for held in (storage, partner, crm):
            await held.close()
        await client.aclose()

    return Outside(
        client=client,
        links=TableLinks(storage, settings.pair),
        signals=Queues(storage),
        cursors=TableCursors(storage, settings.pair),
        pauses=TablePauses(storage, settings.pair),
        parked=TableParked(storage),
        clock=SystemClock(),
        telemetry=LogTelemetry(),
        partner_tokens=partner,
        dataverse_tokens=crm,
        close=close,
    )
