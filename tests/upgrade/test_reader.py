"""The other way round: what this release stores, an older one that still runs beside it can read."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from shared.errors import BadMessage, TooNew
from shared.messages import Signal
from shared.platform.link_rows import SCHEMA, link_of
from tests.upgrade.folders import current, kept, versions
from tests.upgrade.freeze import everything
from tests.upgrade.readers import Reader, things

each_version = pytest.mark.parametrize("version", versions())


def refusals(reader: Reader, samples: Any) -> dict[str, list[str]]:
    """Every sample that the reader would not read, and why."""
    found = {f"{kind}/{name}": reader.complaints(kind, reader.opened(kind, row)) for kind, name, row in things(samples)}
    for name, row in samples["cursors"].items():
        text = reader.opened("cursors", row)["text"]
        plain = json.loads(text) if text.startswith("{") else text
        found[f"cursors/{name}"] += reader.complaints(f"cursor texts: {row['RowKey']}", plain)
    return {name: complaints for name, complaints in found.items() if complaints}


@each_version
async def test_what_is_written_today_every_version_reads(version: str) -> None:
    """Today's rows and messages satisfy each older reader, but for those that read.json declares as left to us."""
    today = json.loads(json.dumps(await everything()))
    declared = kept(current(), "read").get("refused", {}).get(version, [])
    found = refusals(Reader.of(version), today)
    assert sorted(found) == sorted(declared), found


@each_version
def test_a_reader_reads_what_its_own_version_wrote(version: str) -> None:
    """The description is no stricter than the version it describes."""
    names = ("signals", "links", "cursors", "pauses", "parked", "vault", "scenes")
    assert refusals(Reader.of(version), {name: kept(version, name) for name in names}) == {}


# What an older release must never meet unprepared: each is refused by the description, and by the code as well.
LINK_CHANGES: dict[str, Any] = {
    "a newer schema": ("schema", SCHEMA + 1),
    "an unknown purpose": ("intents", [{"id": "i", "purpose": "x", "started": "2026-03-02T09:00:00Z"}]),
    "an intent without an end": ("intents", [{"id": "i", "purpose": "write", "started": "2026-03-02T09:00:00Z"}]),
    "a third side": ("base", {"marketplace": {"version": "1"}}),
    "a base of another shape": ("base", {"crm": {"version": "1", "shown": ["a"]}}),
    "a third side that is gone": ("gone", "marketplace"),
    "an outcome that is a word": ("outcome", "done"),
    "records as words": ("waiting", ["account:a-1"]),
    "a flip of a third side": ("flips", [{"field": "a", "side": "x", "digest": "d", "at": "2026-03-02T09:00:00Z"}]),
    "one sentence": ("unsaid", "said"),
    "a referral with parts": ("partner", {"id": "r-1"}),
}


@pytest.mark.parametrize("change", LINK_CHANGES)
def test_the_description_of_links_refuses_what_the_reader_refuses(change: str) -> None:
    """So a format that this version cannot read does not slip through its description later."""
    reader, (column, value) = Reader.of(current()), LINK_CHANGES[change]
    (row, *_) = kept(current(), "links")["in step"]
    folded = column in reader.about["folded"]["links"]["json"]
    row[column] = json.dumps(value) if folded else value
    assert reader.complaints("links", reader.opened("links", row)) != []
    with pytest.raises(TooNew):
        link_of(row, "1")


@pytest.mark.parametrize("column", ["PartitionKey", "RowKey", "link"])
def test_a_row_without_its_names_is_refused(column: str) -> None:
    """What says whose row it is cannot be left out."""
    reader = Reader.of(current())
    (row, *_) = kept(current(), "links")["in step"]
    del row[column]
    assert reader.complaints("links", reader.opened("links", row)) != []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"look": "x"},
        {"side": "x"},
        {"why": "x"},
        {"kind": "A"},
        {"id": ""},
        {"pair": "A"},
        {"tries": -1},
    ],
    ids=str,
)
def test_the_description_of_signals_refuses_what_the_reader_refuses(change: dict[str, Any]) -> None:
    """Also for what travels on queues."""
    reader, sample = Reader.of(current()), copy.deepcopy(kept(current(), "signals")["full"])
    assert reader.complaints("signals", sample) == []
    sample["body"] |= change
    assert reader.complaints("signals", sample) != []
    with pytest.raises(BadMessage):
        Signal.decoded(json.dumps(sample["body"]))
