"""Everything durable, as today's code writes it: the product's own classes over a storage account in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from shared.connectors.dynamics.delta import Delta
from shared.connectors.partner_center.polling import Cursor
from shared.connectors.rest import Rest
from shared.domain.identity import chosen_id
from shared.domain.link import Link
from shared.domain.values import Side, digest
from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.queues import Queues
from shared.platform.refresh_token import KeyVault
from shared.platform.world import Pinned
from shared.ports import Gateway
from shared.sync.baseline import baseline
from tests.fakes.store import FakeClock
from tests.fakes.world import World
from tests.upgrade.tables import Row, Tables
from tests.upgrade.values import DEAL, KEY, LINKS, NOW, OVER, PAIR, PARKED, SIGNALS

Named = dict[str, Any]
DELTA_LINK = "https://contoso.crm.dynamics.com/api/data/v9.2/{set}?$select={key}&$deltatoken=919042%2108%2f22%2f2026"


async def written() -> dict[str, Named]:
    """One set of named samples for each kind of thing that outlives a deployment."""
    return {
        "signals": await signals(),
        "links": await links(),
        "cursors": await cursors(),
        "pauses": await pauses(),
        "parked": await parked(),
        "vault": await vault(),
        "ids": ids(),
        "digests": {name: digest(value, KEY) for name, value in DEAL.items()},
    }


async def signals() -> Named:
    """Each message with its queue."""
    found: Named = {}
    for name, signal in SIGNALS.items():
        tables = Tables()
        await Queues(tables.storage, now=lambda: NOW).send(signal, delay=2)
        ((queue, sent),) = tables.queues.items()
        (message,) = sent.sent
        found[name] = {"queue": queue, **message, "body": json.loads(message["body"])}
    return found


async def links() -> Named:
    """Each link's rows: its own and those that point to it."""
    stored: Mapping[str, tuple[Link, ...]] = {**{name: (link,) for name, link in LINKS.items()}, **OVER}
    return {name: await _saved(*saves) for name, saves in stored.items()}


async def _saved(*saves: Link) -> list[Row]:
    tables, tag = Tables(), None
    for link in saves:
        tag = (await TableLinks(tables.storage, PAIR).save(replace(link, tag=tag))).tag
    return tables.rows(TABLE)


async def cursors() -> Named:
    """Each named text's row, by whoever writes it."""
    tables, w = Tables(), World()
    store = TableCursors(tables.storage, PAIR)
    w.cursors = store  # type: ignore[assignment]  # the real store instead of the fake
    w.configure(w.policy)
    await w.watch.run()
    await baseline(store, FakeClock())
    await Pinned(partner=cast("Gateway", w.partner), crm=cast("Gateway", w.crm), cursors=store).problems()
    await store.put("poll-partner", _polled().encoded())
    await store.put("poll-crm", await delta_cursor())
    found = {str(row["RowKey"]): row for row in tables.rows("cosellstate")}
    await store.put("poll-partner", replace(_polled(), kept={f"r-{n}": f'"{n:080}"' for n in range(200)}).encoded())
    long = {str(row["RowKey"]): row for row in tables.rows("cosellstate")}
    await store.put("poll-partner", _polled().encoded())
    again = {str(row["RowKey"]): row for row in tables.rows("cosellstate")}
    return {**found, "poll-partner, long": long["poll-partner"], "poll-partner, again": again["poll-partner"]}


def _polled() -> Cursor:
    return Cursor(at=NOW + timedelta(microseconds=7), kept={"r-1": '"1f00-0000"', "r-2": '"1f00-0001"'})


async def delta_cursor() -> str:
    """Where the poll of Dynamics says that it is, after a first look at an organisation."""

    async def call(_method: str, url: str, **_: object) -> object:
        body = {"value": [], "@odata.deltaLink": DELTA_LINK.format(set=url, key="id")}
        return SimpleNamespace(json=lambda: body)

    delta = Delta(rest=cast("Rest", SimpleNamespace(call=call)), solutions=None)
    (cursor,) = [page.cursor async for page in delta.pages(None) if page.cursor]
    return str(cursor)


async def pauses() -> Named:
    tables = Tables()
    store = TablePauses(tables.storage, PAIR)
    for side in Side:
        await store.pause(side, NOW + timedelta(minutes=5), f"429 of the {side} side")
    return {str(row["RowKey"]): row for row in tables.rows("cosellstate")}


async def parked() -> Named:
    found: Named = {}
    for name, entry in PARKED.items():
        tables = Tables()
        await TableParked(tables.storage).put(entry)
        (found[name],) = tables.rows("cosellparked")
    return found


async def vault() -> Named:
    """The renewed refresh token, as it is kept in Key Vault."""
    kept: Named = {}

    async def set_secret(name: str, value: str, *, content_type: str) -> None:
        kept[name] = {"value": value, "content_type": content_type}

    held = KeyVault(url="https://vault.example.com", name="partner-center", credential=lambda: cast("Any", None))
    held._client = cast("Any", SimpleNamespace(set_secret=set_secret))
    await held.write("an invented refresh token")
    return kept


def ids() -> Named:
    """Ids that are computed again by every release: another one would make a second row."""
    return {
        "lead of a referral": chosen_id(PAIR, "lead", "r-1"),
        "row of a referral": chosen_id(PAIR, "opportunity", "r-1"),
        "solution": chosen_id(PAIR, "solution", "o-1", "sol-1"),
        "solution detail": chosen_id(PAIR, "solution-detail", "sol-1"),
        "account": chosen_id(PAIR, "account", "contoso", "98052"),
        "contact": chosen_id(PAIR, "contact", "a-1", "kim@contoso.example"),
    }
