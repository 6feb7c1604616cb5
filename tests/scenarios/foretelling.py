"""Explains a deal of a world, then takes the real look, and holds the one against the other."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.domain.link import Link, Purpose
from shared.domain.outcome import Kind
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side, Values
from shared.messages import Why
from shared.ports import Change, Draft, Page, Recovered
from shared.ports import World as Organisation
from shared.sync.desk import Desk, Ended
from shared.sync.explaining import Explainer
from shared.sync.explanation import Explanation
from shared.sync.reconcile import Reconcile
from shared.sync.rehearsal import NEW, Write
from tests.fakes.gateway import FakeGateway
from tests.fakes.world import World


@dataclass
class Recording:
    """A gateway as it is, with a note of every write that it is asked for; what was made is called NEW."""

    inner: FakeGateway
    writes: list[Write]
    made: dict[str, str] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        return self.inner.side

    @property
    def title(self) -> str:
        return self.inner.title

    @property
    def kind(self) -> str:
        return self.inner.kind

    async def read(self, ident: str) -> Snapshot | None:
        return await self.inner.read(ident)

    async def widen(self, record: Snapshot) -> Snapshot:
        return await self.inner.widen(record)

    async def find(self, counterpart: str) -> tuple[str, ...]:
        return await self.inner.find(counterpart)

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        return await self.inner.ours_in(parent)

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        return await self.inner.showing(beside)

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        return await self.inner.made_from(origin)

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        return await self.inner.recover(draft, since)

    async def held(self, values: Values) -> Values:
        return await self.inner.held(values)

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        return self.inner.changes(cursor)

    async def ping(self) -> Organisation:
        return await self.inner.ping()

    async def create(self, draft: Draft) -> Snapshot:
        there = draft.id in self.inner.rows
        if not there:
            self.writes.append(self._named(Write.of_draft(self, draft)))
        record = await self.inner.create(draft)
        if draft.purpose is Purpose.CREATE and not draft.id:
            self.made[record.ref.id] = NEW
        return record

    async def write(self, change: Change) -> Snapshot:
        self.writes.append(self._named(Write.of_change(self, change)))
        return await self.inner.write(change)

    def _named(self, write: Write) -> Write:
        names = self.made
        return replace(
            write, id=names.get(write.id, write.id), counterpart=names.get(write.counterpart, write.counterpart)
        )


def apart(world: World) -> None:
    world.crm._versions = world.leads._versions = itertools.count(1_000_000)


class Apart(World):
    """As in life, no id of one side is an id of the other."""

    def __post_init__(self) -> None:
        super().__post_init__()
        apart(self)


async def taken(**world: object) -> World:
    """A deal made in Partner Center, synchronised."""
    w = Apart(**world)  # type: ignore[arg-type]  # the fields of World by name
    await w.heal()
    w.clock.advance(60)
    w.partner.make()
    await w.settle()
    return w


async def shared(**values: object) -> World:
    """A deal made in the CRM, shared."""
    w = Apart()
    await w.heal()
    w.crm.make(**values)  # type: ignore[arg-type]  # fields of a deal by name
    await w.settle()
    return w


def explainer(world: World) -> Explainer:
    desk = Desk(
        partner=world.partner,
        deals=world.crm,
        leads=world.leads,
        links=world.links,
        clock=world.clock,
        policy=world.policy,
    )
    return Explainer(desk=desk, cursors=world.cursors, parked=world.parked)


def lying_there(world: World) -> Any:
    """Everything that is kept anywhere, to see that nothing of it has changed."""
    stores = (world.links.rows, world.cursors.texts, world.parked.entries, world.pauses.ends, world.signals.log)
    return deepcopy(
        (world.partner.rows, world.crm.rows, world.leads.rows, *stores, world.announced, world.telemetry.outcomes)
    )


async def explained(world: World, ident: str, why: Why = Why.AGAIN) -> Explanation:
    """The explanation, which has changed nothing and asked nobody to write."""
    gateways = (world.partner, world.crm, world.leads)
    before, calls = lying_there(world), [len(each.calls) for each in gateways]
    found = await explainer(world)(ident, why=why)
    assert found is not None
    assert lying_there(world) == before
    asked = {call for each, count in zip(gateways, calls, strict=True) for call in each.calls[count:]}
    assert asked <= {"read", "widen", "find", "ours_in", "made_from", "recover"}
    return found


async def looked(world: World, told: Explanation) -> tuple[Ended, list[Write]]:
    """The look that was explained, taken for real: how it ended and what it wrote."""
    writes: list[Write] = []
    made: dict[str, str] = {}
    reconcile = Reconcile(
        partner=Recording(world.partner, writes, made),
        crm=Recording(world.crm, writes, made),
        leads=Recording(world.leads, writes, made),
        links=world.links,
        cursors=world.cursors,
        clock=world.clock,
        policy=world.policy,
    )
    return await reconcile(told.signal), writes


def settled(link: Link) -> Any:
    """What a look leaves on a link, but for ids, times and versions that only the look itself can know."""
    return (link.partner, link.kind, link.moved, link.gone, link.detached, link.invited, link.owed, link.waiting), {
        side: dict(base.shown) for side, base in link.base.items()
    }


async def foretold(world: World, ident: str, why: Why = Why.AGAIN) -> Explanation:
    """What was explained is what the next look then does: the same outcome for the same reason, the same writes."""
    told = await explained(world, ident, why)
    ended, writes = await looked(world, told)
    assert (ended.outcome.kind, ended.outcome.reason) == (told.outcome.kind, told.outcome.reason)
    assert writes == list(told.writes)
    assert ended.outcome.look_again == told.outcome.look_again
    owed = told.outcome.kind is Kind.OWED  # then `after` is as the settings would have it
    if told.after is not None and not owed and all(write.purpose is Purpose.WRITE for write in writes):
        assert settled(world.links.rows[told.after.key]) == settled(told.after)
    return told
