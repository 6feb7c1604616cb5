"""Rows of a newer release, met by this one: what it does not know stays, what it cannot read it leaves alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain import deal
from shared.domain.link import Base, Flip, Intent, Link, Purpose, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Ref, Side
from shared.errors import TooNew
from shared.messages import Look
from shared.platform.cursors import TableCursors
from shared.platform.link_rows import SCHEMA
from shared.platform.links import TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from shared.ports import ParkedEntry
from tests.fakes.world import World
from tests.upgrade.tables import Tables

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CRM = Base(version="4", shown={"name": "a1", "team": ("b=c",)}, marked=True)
INTENT = Intent(id="i-1", purpose=Purpose.WRITE, started=NOW, expires=NOW, seen={Side.CRM: CRM}, will={Side.CRM: {}})
LINK = Link(
    pair="cosell",
    key="o-1",
    partner="r-1",
    base={Side.CRM: CRM},
    intents=(INTENT, replace(INTENT, id="i-2")),
    outcome=Recorded(kind="done", reason="both sides agree", at=NOW),
    waiting=(Ref("account", "a-1"),),
    flips=(Flip(field="name", side=Side.CRM, digest="a1", at=NOW),),
)
# What a newer release could not be read without: an unknown word where a closed list stands, another shape.
UNREADABLE: list[tuple[str, object]] = [
    ("schema", "two"),
    ("schema", SCHEMA + 1),
    ("partner", 7),
    ("intents", json.dumps([{"id": "i", "purpose": "withdraw", "started": "2026-03-02", "expires": "2026-03-02"}])),
    ("base", json.dumps({"marketplace": {"version": "1"}})),
    ("gone", "marketplace"),
    ("flips", json.dumps([{"field": "name", "side": "marketplace", "digest": "a", "at": "2026-03-02T09:00:00Z"}])),
    ("outcome", "{"),
    ("owed", "[" * 100_000),
    ("waiting", json.dumps({"account": ["a-1"]})),
]


async def stored(link: Link = LINK) -> tuple[Tables, TableLinks]:
    tables = Tables()
    links = TableLinks(tables.storage, "cosell")
    await links.save(link)
    return tables, links


def row(tables: Tables, key: str = "crm:o-1") -> dict[str, object]:
    return tables.tables["links"].rows["cosell", key]


def edited(tables: Tables, column: str, change: object) -> None:
    """A newer release adds a field inside a column."""
    row(tables)[column] = json.dumps(change)


async def test_fields_inside_a_column_survive_a_save() -> None:
    """A base, an intent, an outcome and a flip keep what a newer release added to them, wherever they stand."""
    tables, links = await stored()
    for column in ("base", "intents", "outcome", "flips"):
        found = json.loads(str(row(tables)[column]))
        for element in found if isinstance(found, list) else [found.get("crm", found)]:
            element["novelty"] = {"deep": 1}
        edited(tables, column, found)
    read = await links.get("o-1")
    assert replace(read, tag=None) == LINK
    moved = replace(
        read,
        base={Side.PARTNER: Base(version="9", shown={}), Side.CRM: replace(CRM, version="5")},
        intents=(replace(INTENT, id="i-2", passed=True), replace(INTENT, id="i-3")),
        flips=(*LINK.flips, Flip(field="notes", side=Side.CRM, digest="d", at=NOW)),
    )
    for _ in range(2):  # the tag of a save carries them too
        moved = await links.save(moved)
    kept = {name: json.loads(str(row(tables)[name])) for name in ("base", "intents", "outcome", "flips")}
    assert (kept["base"]["crm"]["novelty"], kept["base"]["crm"]["version"]) == ({"deep": 1}, "5")
    assert "novelty" not in kept["base"]["partner"]
    assert [("novelty" in one, one["id"]) for one in kept["intents"]] == [(True, "i-2"), (False, "i-3")]
    assert kept["outcome"]["novelty"] == {"deep": 1}
    assert ["novelty" in one for one in kept["flips"]] == [True, False]


async def test_what_is_gone_takes_its_unknown_fields_along() -> None:
    """A field of an intent that is settled, or of an outcome that is another one, is nobody's any more."""
    tables, links = await stored()
    edited(tables, "intents", [json.loads(str(row(tables)["intents"]))[0] | {"novelty": 1}])
    edited(tables, "outcome", json.loads(str(row(tables)["outcome"])) | {"novelty": 1})
    read = await links.get("o-1")
    await links.save(replace(read, intents=(), outcome=None))
    assert (row(tables)["intents"], row(tables)["outcome"]) == ("[]", "null")


async def test_a_column_of_a_newer_release_survives_and_so_do_its_pointers() -> None:
    """A save merges: columns and rows that it does not know stay as they are."""
    tables, links = await stored()
    row(tables)["novelty"] = "kept"
    tables.put("links", [{"PartitionKey": "cosell", "RowKey": "engagement:e-1", "link": "o-1"}])
    read = await links.get("o-1")
    await links.save(replace(read, partner="r-2", waiting=()))
    assert row(tables)["novelty"] == "kept"
    keys = [place[1] for place in sorted(tables.tables["links"].rows)]
    assert keys == ["crm:o-1", "engagement:e-1", "partner:r-2"]


@pytest.mark.parametrize(("column", "value"), UNREADABLE)
async def test_a_row_that_only_a_newer_release_can_read_is_left_to_it(column: str, value: object) -> None:
    """Reading it is no bug of ours and no fault of the deal's, and nothing of it is touched."""
    tables, links = await stored()
    row(tables)[column] = value
    before = dict(row(tables))
    for reading in (links.get("o-1"), links.by_partner("r-1")):
        with pytest.raises(TooNew, match="o-1"):
            await reading
    assert row(tables) == before


async def test_one_unreadable_row_does_not_stop_heal() -> None:
    """The others are listed, and the one that is left out is named in the log."""
    tables, links = await stored()
    await links.save(Link(pair="cosell", key="o-2"))
    row(tables)["schema"] = SCHEMA + 1
    assert [link.key async for link in links.every()] == ["o-2"]


async def test_the_log_says_which_rows_were_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is passed over in silence."""
    tables, links = await stored()
    row(tables)["schema"] = SCHEMA + 1
    assert [link async for link in links.every()] == []
    assert [record.getMessage() for record in caplog.records if "o-1" in record.getMessage()] != []


async def newer_world() -> tuple[World, Tables]:
    """A linked pair whose row a newer release has taken over, and an edit of the referral on the queue."""
    tables, w = Tables(), World()
    w.links = TableLinks(tables.storage, "cosell")  # type: ignore[assignment]  # the real store instead of the fake
    w.configure(w.policy)
    await w.heal()
    w.clock.advance(60)
    w.partner.make()
    await w.settle()
    (found,) = [one for one in tables.tables["links"].rows.values() if str(one["RowKey"]).startswith("crm:")]
    found["schema"] = SCHEMA + 1
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    return w, tables


async def test_a_signal_waits_while_a_newer_release_has_its_link() -> None:
    """Neither written nor parked nor raised: delayed, and done once the row can be read."""
    w, tables = await newer_world()
    (ours,) = [one for one in tables.tables["links"].rows.values() if str(one["RowKey"]).startswith("crm:")]
    before = dict(ours)
    outcomes = await w.settle(within=timedelta(hours=1))
    assert {outcome.kind for outcome in outcomes} == {Kind.DELAYED}
    assert (w.row.values[deal.NOTES], w.parked.entries, dict(ours)) == ("first call held", {}, before)
    await w.heal()
    ours["schema"] = SCHEMA
    assert w.signals.next_at is not None
    await w.settle()
    assert w.row.values[deal.NOTES] == "from the portal"


async def test_a_link_that_no_release_comes_for_is_parked_after_a_day() -> None:
    """After a roll-back a person hears of it, and knows why, instead of after a week."""
    w, _ = await newer_world()
    began = w.clock.now()
    await w.settle(within=timedelta(days=3))
    (entry,) = w.parked.entries.values()
    assert "a newer release" in entry.reason
    assert timedelta(hours=23) < entry.at - began < timedelta(hours=26)


async def test_a_replay_meets_the_newer_row_too() -> None:
    """An administrator's replay waits as well: nobody writes what he cannot read."""
    w, _ = await newer_world()
    await w.signals.send(w.announced.pop())
    await w.replay(Side.PARTNER, w.referral.id)
    assert w.row.values[deal.NOTES] == "first call held"
    assert {outcome.kind for outcome in w.outcomes[-2:]} <= {Kind.DELAYED, Kind.PARKED}
    assert Look.REFERRAL in {sent.look for sent in w.signals.log}


async def test_state_rows_keep_their_unknown_columns() -> None:
    """Cursors, pauses and parked entries are merged too, and a shorter text leaves nothing of a longer one."""
    tables = Tables()
    cursors, pauses = TableCursors(tables.storage, "cosell"), TablePauses(tables.storage, "cosell")
    parked = TableParked(tables.storage)
    entry = ParkedEntry(
        pair="cosell", ref=Ref("referral", "r-1"), side=Side.PARTNER, reason="x" * 40_000, advice="", body="{}", at=NOW
    )
    await cursors.put("world", "x" * 40_000)
    await cursors.put("poll-crm", "before")
    await pauses.pause(Side.CRM, NOW, "429")
    await parked.put(entry)
    for name in ("cosellstate", "cosellparked"):
        for one in tables.tables[name].rows.values():
            one["novelty"] = "kept"
    await cursors.put("world", "y")
    assert await cursors.swap("poll-crm", "before", "after")
    await pauses.pause(Side.CRM, NOW + timedelta(hours=1), "again")
    await parked.put(replace(entry, reason="short"))
    rows = [*tables.rows("cosellstate"), *tables.rows("cosellparked")]
    assert [one["novelty"] for one in rows] == ["kept"] * 4
    assert (await cursors.get("world"), await cursors.get("poll-crm")) == ("y", "after")
    assert await parked.get("cosell", entry.ref) == replace(entry, reason="short")


async def test_a_parked_entry_of_an_unknown_side_is_listed() -> None:
    """One entry of a newer release does not hide the others, nor itself."""
    tables = Tables()
    parked = TableParked(tables.storage)
    entry = ParkedEntry(
        pair="cosell", ref=Ref("referral", "r-1"), side=Side.PARTNER, reason="two", advice="", body="{}", at=NOW
    )
    await parked.put(entry)
    await parked.put(replace(entry, ref=Ref("referral", "r-2")))
    tables.tables["cosellparked"].rows["cosell", "referral:r-1"]["side"] = "marketplace"
    assert [one.ref.id async for one in parked.every()] == ["r-1", "r-2"]
