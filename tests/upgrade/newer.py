"""An invented newer release: this code, which stores and sends what today's release does not know.

It adds a column to links and a field to their bases, raises the schema of some rows with work under way, adds a field
to signals and sends some under a higher version or with a word of its own. It reads all of that as its own.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.messages import Signal
from shared.platform.link_rows import SCHEMA
from shared.platform.links import TABLE
from tests.fakes.store import FakeClock, FakeSignals, Sent
from tests.upgrade.tables import Row, Table, Tables

ITS_SCHEMA, ITS_VERSION, ITS_WORD, TODAYS_WORD = SCHEMA + 1, 2, "asked", "event"


@dataclass
class NewerTable:
    """The links as the newer release stores them."""

    inner: Table
    rng: random.Random

    async def get_entity(self, partition_key: str, row_key: str) -> Any:
        return _understood(await self.inner.get_entity(partition_key, row_key))

    async def query_entities(self, query: str, *, parameters: Mapping[str, str]) -> AsyncIterator[Row]:
        async for row in self.inner.query_entities(query, parameters=parameters):
            yield _understood(row)

    async def delete_entity(self, *named: Any, **options: Any) -> None:
        await self.inner.delete_entity(*named, **options)

    async def submit_transaction(self, operations: Iterable[tuple[str, Row, Mapping[str, Any]]]) -> Any:
        told = [(name, self._novel(row) if "base" in row else row, options) for name, row, options in operations]
        return await self.inner.submit_transaction(told)

    def _novel(self, row: Row) -> Row:
        base = {side: held | {"novelty": held["version"]} for side, held in json.loads(row["base"]).items()}
        taken = row["intents"] != "[]" and self.rng.random() < 0.5
        schema = ITS_SCHEMA if taken else row["schema"]
        return row | {"base": json.dumps(base), "novelty": "a column", "schema": schema}


def _understood(row: Any) -> Any:
    if "schema" in row:
        row["schema"] = min(row["schema"], SCHEMA)
    return row


@dataclass
class NewerAccount(Tables):
    """The same storage account, as the newer release uses it."""

    rng: random.Random = random.Random(0)  # noqa: S311, RUF009 - repeatable on purpose, and always given

    async def table(self, name: str) -> Any:
        inner = await super().table(name)
        return NewerTable(inner, self.rng) if name == TABLE else inner


@dataclass
class NewerSignals:
    """ports.Signals: the same queues, with more in its messages."""

    queues: FakeSignals
    clock: FakeClock
    rng: random.Random
    numbers: Iterable[int]

    async def send(self, signal: Signal, *, delay: float = 0) -> None:
        body = json.loads(signal.encoded()) | {"hint": {"asked": [1]}}
        fate = self.rng.random()
        if fate < 0.25:
            body["version"] = ITS_VERSION
        elif fate < 0.5 and body["why"] == TODAYS_WORD:
            body["why"] = ITS_WORD
        visible = self.clock.now() + timedelta(seconds=max(0.0, delay))
        self.queues.put(Sent(visible, next(iter(self.numbers)), json.dumps(body).encode(), delay))

    async def ping(self) -> None:
        await self.queues.ping()

    async def lengths(self) -> Mapping[str, int]:
        return await self.queues.lengths()


def plain(body: bytes) -> bytes:
    """A message, whoever wrote it."""
    return json.dumps({"version": 1, "why": TODAYS_WORD} | json.loads(body)).encode()


def own(body: bytes) -> bytes:
    """A message as the newer release understands it."""
    read = json.loads(plain(body))
    word = TODAYS_WORD if read["why"] == ITS_WORD else read["why"]
    return json.dumps(read | {"version": min(read["version"], 1), "why": word}).encode()


def numbers() -> Iterable[int]:
    """For messages of the newer release: none that today's has."""
    return itertools.count(1_000_000)
