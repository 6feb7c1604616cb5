"""What every version stored means to this one what it meant to that one."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from shared.domain.link import Base, Carried, Flip, Intent, Link, Recorded
from shared.messages import Signal
from shared.platform.links import TABLE, TableLinks
from tests.upgrade.folders import kept, versions
from tests.upgrade.reading import READ, at
from tests.upgrade.tables import Row, Tables

SAMPLES = [(version, kind, name) for version in versions() for kind in READ for name in kept(version, kind)]
each_sample = pytest.mark.parametrize(("version", "kind", "name"), SAMPLES)
each_version = pytest.mark.parametrize("version", versions())


@each_sample
async def test_every_sample_is_understood(version: str, kind: str, name: str) -> None:
    """Each value that was written down by hand for it is what this release reads."""
    meant = kept(version, "read")[kind][name]
    read = await READ[kind](kept(version, kind)[name])
    assert meant
    assert {path: at(read, path) for path in meant} == meant


@each_version
def test_what_is_written_down_names_every_field(version: str) -> None:
    """A field that no expectation names could change its meaning unseen."""
    meant = kept(version, "read")
    named = {step for sample in meant["links"].values() for path in sample for step in path.split(".")}
    kinds: list[Any] = [Link, Base, Carried, Intent, Flip, Recorded]
    stored = set(json.dumps(kept(version, "links")).replace("\\", "").split('"'))
    assert {field.name for kind in kinds for field in fields(kind)} & stored <= named
    signals = {path.split(".")[0] for sample in meant["signals"].values() for path in sample}
    assert set(Signal.model_fields) & set(kept(version, "signals")["full"]["body"]) <= signals


@each_version
async def test_a_link_that_is_stored_again_says_the_same(version: str) -> None:
    """Taking over a row loses none of its columns, and the older release, which still runs, reads it as before."""
    for sample in kept(version, "links").values():
        tables = Tables()
        tables.put(TABLE, sample)
        store = TableLinks(tables.storage, sample[0]["PartitionKey"])
        await store.save(await store.get(sample[0]["link"]))
        again = {row["RowKey"]: row for row in tables.rows(TABLE)}
        for row in sample:
            now, before = _said(again[row["RowKey"]]), _said(row)
            assert [name for name in before if not _holds(now.get(name), before[name])] == []


def _said(row: Row) -> Row:
    """A row with its outcome opened: a newer release may have added to that."""
    return {**row, "outcome": json.loads(row["outcome"])} if row.get("outcome") else row


def _holds(now: Any, before: Any) -> bool:
    """Everything that was there, unchanged."""
    if isinstance(now, dict) and isinstance(before, dict):
        return all(name in now and _holds(now[name], before[name]) for name in before)
    return bool(now == before)


@each_version
def test_a_signal_that_is_sent_again_says_the_same(version: str) -> None:
    """Delayed by this release, it is still what the older one understands."""
    for sample in kept(version, "signals").values():
        again = json.loads(Signal.decoded(json.dumps(sample["body"])).encoded())
        assert {name: again[name] for name in sample["body"]} == sample["body"]
