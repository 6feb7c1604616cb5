"""What this release understands of a version's samples, in words that hold for every version."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from shared.connectors.dynamics.delta import _links
from shared.connectors.partner_center.polling import Cursor
from shared.domain.values import Ref, Side
from shared.errors import BadMessage
from shared.messages import Signal
from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.refresh_token import KeyVault
from shared.platform.world import Organisation, Pinned
from shared.ports import Gateway, World
from shared.sync.baseline import baseline
from tests.fakes.store import FakeClock
from tests.upgrade.tables import Row, Tables

Read = Callable[[Any], Awaitable[Any]]


def plain(value: Any) -> Any:
    """A value of ours as JSON has it: names of enums, ISO times, `kind:id` for records."""
    if isinstance(value, Ref):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in (*type(value).model_fields, "model_extra")}
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, tuple | list) else value


def at(value: Any, path: str) -> Any:
    """What a path of names and numbers leads to; `length` is how long the longest text there is."""
    for step in path.split(".") if path not in value else [path]:
        if step == "length":
            return len(value[0] if isinstance(value, list) else value)
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


async def signal(sample: Any) -> Any:
    return plain(Signal.decoded(json.dumps(sample["body"])))


async def link(sample: Sequence[Row]) -> Any:
    """A link with how it is found: by its referral, by the records that it waits for."""
    tables = Tables()
    tables.put(TABLE, sample)
    (pair,) = {row["PartitionKey"] for row in sample}
    (key,) = {row["link"] for row in sample}
    store = TableLinks(tables.storage, pair)
    read = await store.get(key)
    found = await store.by_partner(read.partner) == read if read.partner else False
    waited = [str(ref) for ref in read.waiting if await store.waiting_on(ref) == (key,)]
    return plain(read) | {"found": found, "waited for": waited}


def _state(sample: Row) -> Tables:
    tables = Tables()
    tables.put("cosellstate", [sample])
    return tables


async def cursor(sample: Row) -> Any:
    store = TableCursors(_state(sample).storage, sample["PartitionKey"].removeprefix("cursor:"))
    return await CURSORS[sample["RowKey"]](store)


async def _baseline(store: TableCursors) -> Any:
    return {"at": (await baseline(store, FakeClock())).isoformat()}


async def _slow_round(store: TableCursors) -> Any:
    return {"at": datetime.fromisoformat(str(await store.get("slow-round"))).isoformat()}


async def _world(store: TableCursors) -> Any:
    """Whether the same world is accepted, and another one refused."""

    def gateway(name: str) -> Gateway:
        async def ping() -> World:
            return World(organisation=name)

        return cast("Gateway", SimpleNamespace(ping=ping))

    same = Pinned(partner=gateway("partner-organisation"), crm=gateway("CRM-organisation"), cursors=store)
    other = Pinned(partner=gateway("x"), crm=gateway("y"), cursors=store)
    return {
        "organisation": await Organisation(store)(),
        "problems": list(await same.problems()),
        "problems elsewhere": len(await other.problems()),
    }


async def _poll_crm(store: TableCursors) -> Any:
    links = dict(_links(await store.get("poll-crm")) or {})
    return {"followed": sorted(links), **links}


async def _poll_partner(store: TableCursors) -> Any:
    read = Cursor.decoded(str(await store.get("poll-partner")))
    return plain(read) | {"number kept": len(read.kept)}


CURSORS: Mapping[str, Callable[[TableCursors], Awaitable[Any]]] = {
    "baseline": _baseline,
    "slow-round": _slow_round,
    "world": _world,
    "poll-crm": _poll_crm,
    "poll-partner": _poll_partner,
}


async def pause(sample: Row) -> Any:
    store = TablePauses(_state(sample).storage, sample["PartitionKey"].removeprefix("pause:"))
    return {"until": plain(await store.until(Side(sample["RowKey"])))}


async def parked(sample: Row) -> Any:
    """An entry as it is listed and as it is asked for, with its signal where it holds one."""
    tables = Tables()
    tables.put("cosellparked", [sample])
    store = TableParked(tables.storage)
    (entry,) = [each async for each in store.every()]
    assert await store.get(entry.pair, entry.ref) == entry
    try:
        held = plain(Signal.decoded(entry.body))
    except BadMessage:
        held = None
    return plain(entry) | {"signal": held}


async def secret(sample: Any) -> Any:
    async def get_secret(_: str) -> object:
        return SimpleNamespace(value=sample["value"])

    vault = KeyVault(url="https://vault.example.com", name="partner-center", credential=lambda: cast("Any", None))
    vault._client = cast("Any", SimpleNamespace(get_secret=get_secret))
    return {"token": await vault.read()}


READ: Mapping[str, Read] = {
    "signals": signal,
    "links": link,
    "cursors": cursor,
    "pauses": pause,
    "parked": parked,
    "vault": secret,
}
