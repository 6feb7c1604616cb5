"""A moment of an installation, as JSON and back: every row and message, both systems' records, the time."""

from __future__ import annotations

import itertools
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.platform.cursors import TableCursors
from shared.platform.links import TABLE, TableLinks
from shared.platform.parked import TableParked
from shared.platform.pauses import TablePauses
from tests.chaos.faults import Died
from tests.fakes.gateway import FakeGateway
from tests.fakes.store import FakeClock, Sent
from tests.fakes.world import World
from tests.upgrade.records import recall, records
from tests.upgrade.tables import Row, Tables

Scene = Mapping[str, Any]
RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
HIDDEN = timedelta(minutes=5)  # until a queue shows a message again whose worker died


@dataclass
class Play:
    """A world whose stores are the product's own, over tables that can be looked into."""

    w: World
    tables: Tables

    @classmethod
    def begin(cls, **world: Any) -> Play:
        return cls.over(World(**world), Tables())

    @classmethod
    def over(cls, w: World, tables: Tables) -> Play:
        storage = tables.storage
        w.links = TableLinks(storage, "cosell")  # type: ignore[assignment]  # the real stores instead of the fakes
        w.cursors = TableCursors(storage, "cosell")  # type: ignore[assignment]
        w.pauses = TablePauses(storage, "cosell", tick=lambda: w.clock.now().timestamp())  # type: ignore[assignment]
        w.parked = TableParked(storage)  # type: ignore[assignment]
        w.configure(w.policy)
        return cls(w=w, tables=tables)

    @property
    def links(self) -> list[Row]:
        """The deals' own rows."""
        return [row for row in self.tables.rows(TABLE) if row["RowKey"].startswith("crm:")]

    async def die(self, gateway: FakeGateway, at: str) -> None:
        """The worker of the next signals dies at a call of that side; its message comes again."""

        async def hook(name: str) -> None:
            if name == f"{gateway.side}.{at}":
                raise Died

        gateway.hook, before = hook, gateway.hook
        await self._until_death()
        gateway.hook = before

    async def _until_death(self) -> None:
        await self.w.deliver()
        while self.w.signals.next_at is not None:
            self.w.clock.jump(self.w.signals.next_at)
            taken = self.w.signals.take()
            assert taken is not None
            try:
                await self.w.job.run(taken.body)
            except Died:
                self.w.signals.put(Sent(self.w.clock.now() + HIDDEN, taken.number, taken.body))
                return
            await self.w.deliver()
        raise AssertionError("nobody died")

    async def kept(self, name: str) -> Scene:
        """This moment. Random ids become others that are the same each time."""
        await self.w.deliver()
        w = self.w
        queue = [{"visible": s.visible.isoformat(), "body": json.loads(s.body)} for s in sorted(w.signals.heap)]
        tables = {table: self.tables.rows(table) for table in sorted(self.tables.tables)}
        moment = {"at": w.clock.now().isoformat(), "tables": tables, "queue": queue}
        text = json.dumps(moment | {"partner": records(w.partner), "crm": records(w.crm)})
        numbers = itertools.count()
        names = {found: f"{name} {next(numbers)}" for found in dict.fromkeys(RANDOM.findall(text))}
        scene: Scene = json.loads(RANDOM.sub(lambda hit: str(uuid.uuid5(uuid.NAMESPACE_URL, names[hit[0]])), text))
        return scene


def resumed(scene: Scene) -> Play:
    """An installation of this release that takes over at that moment."""
    tables, w = Tables(), World(clock=FakeClock(datetime.fromisoformat(scene["at"])))
    for name, rows in scene["tables"].items():
        tables.put(name, rows)
    for number, message in enumerate(scene["queue"]):
        body = json.dumps(message["body"]).encode()
        w.signals.put(Sent(datetime.fromisoformat(message["visible"]), -1 - number, body))
    recall(w.partner, scene["partner"])
    recall(w.crm, scene["crm"])
    return Play.over(w, tables)
