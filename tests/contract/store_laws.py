"""What the laws of the stores are proved on: the fakes in memory, and Table and Queue Storage in Azurite."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.domain.link import Base, Carried, Flip, Intent, Link, Purpose, Recorded
from shared.domain.values import Group, Person, Ref, Side, Solution, Value, digests
from shared.platform.cursors import TableCursors
from shared.platform.links import TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.platform.storage import Account, Storage
from shared.ports import Cursors, Links, Parked, Pauses, Shelf
from tests.fakes.store import FakeCursors, FakeLinks, FakeParked, FakePauses

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Stores:
    """One empty pair's stores. `again` gives the links as another worker sees them."""

    pair: str
    links: Shelf
    cursors: Cursors
    pauses: Pauses
    parked: Parked
    again: Callable[[], Links]


@asynccontextmanager
async def in_memory() -> AsyncIterator[Stores]:
    links = FakeLinks()
    yield Stores(
        pair=links.pair,
        links=links,
        cursors=FakeCursors(),
        pauses=FakePauses(),
        parked=FakeParked(),
        again=lambda: links,
    )


@asynccontextmanager
async def in_tables(connection: str) -> AsyncIterator[Stores]:
    storage = Storage(Account(connection=connection))
    async with over(storage) as stores:
        yield stores


@asynccontextmanager
async def over(storage: Storage) -> AsyncIterator[Stores]:
    """The product's own stores over a storage account, or over the one in memory of the upgrade tests."""
    pair = f"p{uuid.uuid4().hex[:12]}"
    try:
        yield Stores(
            pair=pair,
            links=TableLinks(storage, pair),
            cursors=TableCursors(storage, pair),
            pauses=TablePauses(storage, pair),
            parked=TableParked(storage),
            again=lambda: TableLinks(storage, pair),
        )
    finally:
        await storage.close()


def largest_deal(pair: str, key: str) -> Link:
    """The largest legal deal: 50 solutions and 50 people on either side, four intents, a long history."""
    people = Group(Person(email=f"person{n}@example.com", first_name="P", phone="+1 425 555 0100") for n in range(50))
    values: dict[str, Value] = {
        "solutions": Group(Solution(id=f"solution-{n}", name=f"Solution {n}") for n in range(50)),
        "contacts": people,
        "team": people,
        **{f"field_{n}": f"text {n} {'n' * 9000}" for n in range(20)},
    }
    shown = digests(values, key)
    base = {side: Base(version='W/"4711"', shown=shown, marked=True) for side in Side}
    intents = tuple(
        Intent(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, str(number))),
            purpose=Purpose.WRITE,
            started=NOW,
            expires=NOW + timedelta(seconds=150),
            seen=base,
            will=dict.fromkeys(Side, shown),
        )
        for number in range(4)
    )
    return Link(
        pair=pair,
        key=key,
        partner="9d3b0c62-referral",
        base=base,
        intents=intents,
        invited="c2b0",
        wake_at=NOW,
        outcome=Recorded(kind="waiting", reason="Ungültig: no country code — fill it in", at=NOW, code="missing_data"),
        carried=Carried(at=NOW, ms=1_234, to=(Side.CRM, Side.PARTNER)),
        waiting=tuple(Ref("account", f"a-{n}") for n in range(60)),
        tries=7,
        owed=("stage", "amount"),
        owed_under="ab12",
        gone=Side.PARTNER,
        detached=True,
        engagement="e-1",
        origin=Ref("lead", "l-1"),
        flips=tuple(Flip(field="visible", side=Side.CRM, digest=("a=b", "c=d"), at=NOW) for _ in range(6)),
    )
