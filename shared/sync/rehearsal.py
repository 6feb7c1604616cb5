"""A gateway whose reads are real and whose writes only say what they would do.

A look at a deal through two of these decides everything as a real one does, since it is the same code; nothing is
written anywhere. What a write would be answered is what was asked for, as the side will hold it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.record import Mark, Snapshot
from shared.domain.values import NOTHING, Ref, Side, Value, Values, frozen
from shared.ports import Change, Clock, Draft, Gateway, Page, Recovered, World

NEW = "(new)"  # the id of a record that does not exist yet
NOT_SHOWN = {
    Side.PARTNER: frozenset({deal.HELP, deal.ACTUAL, deal.MICROSOFT_STAGE}),
    Side.CRM: frozenset({deal.MICROSOFT_STAGE}),
}


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write to one side: the record created or changed, its kind, and with what.

    `share` switches the record's synchronisation on.
    `counterpart` is the other record's id where it is written too; `line` and `mark` are what the seller is told by it.
    `first` says what is found or made before it (an account, a contact).
    """

    side: Side
    kind: str
    purpose: Purpose
    id: str
    values: Values = field(default_factory=lambda: NOTHING)
    counterpart: str = ""
    share: bool = False
    line: str = ""
    mark: Mark | None = None
    first: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of_change(cls, gateway: Gateway, change: Change) -> Write:
        return cls(
            side=gateway.side,
            kind=gateway.kind,
            purpose=Purpose.WRITE,
            id=change.record.ref.id,
            values=change.values,
            counterpart=change.counterpart,
            share=change.share,
            line=change.note.line,
            mark=change.note.mark,
        )

    @classmethod
    def of_draft(cls, gateway: Gateway, draft: Draft) -> Write:
        own = draft.parent.ref.id if draft.parent else ""
        return cls(
            side=gateway.side,
            kind=gateway.kind,
            purpose=draft.purpose,
            id=draft.id or NEW,
            values=draft.values,
            counterpart=own or draft.source.id,
            line=draft.note.line,
            mark=draft.note.mark,
        )


Foresee = Callable[[Draft], Awaitable[tuple[str, ...]]]


async def nothing_first(_: Draft) -> tuple[str, ...]:
    """What a side finds or makes before a record, where that is nothing."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """`ports.Gateway` over a real one. `writes` collects what would be written, `seen` what was read.

    `early`: its records are no deals yet.
    """

    gateway: Gateway
    clock: Clock
    writes: list[Write]
    foresee: Foresee = nothing_first
    early: bool = False
    seen: dict[str, Snapshot] = field(default_factory=dict)
    after: dict[str, Snapshot] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        return self.gateway.side

    @property
    def title(self) -> str:
        return self.gateway.title

    @property
    def kind(self) -> str:
        return self.gateway.kind

    async def read(self, ident: str) -> Snapshot | None:
        if ident in self.after:
            return self.after[ident]
        found = await self.gateway.read(ident)
        if found is not None:
            self.seen[found.ref.id] = found
        return found

    async def widen(self, record: Snapshot) -> Snapshot:
        """A record that does not exist yet has nothing around it."""
        if record.ref.id == NEW:
            return self._with_microsoft(record, None)
        wide = await self.gateway.widen(record)
        self.seen.setdefault(record.ref.id, record)
        if record.ref.id not in self.after:
            self.seen[record.ref.id] = wide
        return wide

    async def find(self, counterpart: str) -> tuple[str, ...]:
        return await self.gateway.find(counterpart)

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        return await self.gateway.ours_in(parent)

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        return await self.gateway.showing(beside)

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        return await self.gateway.made_from(origin)

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        return await self.gateway.recover(draft, since)

    async def held(self, values: Values) -> Values:
        return await self.gateway.held(values)

    def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        return self.gateway.changes(cursor)

    async def ping(self) -> World:
        return await self.gateway.ping()

    async def create(self, draft: Draft) -> Snapshot:
        if draft.purpose is Purpose.INVITE and draft.parent is not None:
            self.writes.append(Write.of_draft(self, draft))
            return self._with_microsoft(draft.parent, draft.values.get(deal.HELP))
        if draft.id and (there := await self.read(draft.id)) is not None:
            return there
        first = await self.foresee(draft)
        self.writes.append(replace(Write.of_draft(self, draft), first=first))
        return self._kept(await self._born(draft))

    async def write(self, change: Change) -> Snapshot:
        self.writes.append(Write.of_change(self, change))
        held = await self.gateway.held(change.values)
        return self._kept(
            replace(
                change.record,
                values=frozen({**change.record.values, **held}),
                counterpart=change.counterpart or change.record.counterpart,
                shared=change.record.shared or change.share,
                marker=change.record.marker if change.record.marker is None else change.marker,
                modified=self.clock.now(),
            )
        )

    def _kept(self, record: Snapshot) -> Snapshot:
        self.after[record.ref.id] = record
        return record

    async def _born(self, draft: Draft) -> Snapshot:
        held = await self.gateway.held(draft.values)
        shown = {name: value for name, value in held.items() if name not in NOT_SHOWN[self.side]}
        now = self.clock.now()
        return Snapshot(
            side=self.side,
            ref=Ref(self.kind, draft.id or NEW),
            version=NEW,
            values=frozen({**shown, deal.STAGE: self._first_stage(held)}),
            created=now,
            modified=now,
            counterpart=draft.source.id,
            origin=draft.origin,
            marker=draft.marker,
            parent=NEW if self.side is Side.PARTNER else "",
        )

    def _first_stage(self, held: Mapping[str, Value]) -> Stage:
        """A referral of ours is born accepted; a row is a lead, or on hold, as long as its referral is not."""
        if self.side is Side.PARTNER:
            return Stage.ACTIVE
        if self.early:
            return Stage.LEAD
        return Stage.HOLD if held.get(deal.STAGE) in (Stage.PENDING, Stage.HOLD) else Stage.OPEN

    def _with_microsoft(self, record: Snapshot, help_wanted: Value) -> Snapshot:
        """The own referral with Microsoft's beside it, asked for just now, or with none."""
        asked: Mapping[str, Value] = {deal.HELP: help_wanted}
        if help_wanted is None:
            return replace(record, values=frozen({**record.values, **asked}))
        values = {**record.values, **asked, deal.MICROSOFT_STAGE: Stage.PENDING}
        return replace(record, values=frozen(values), invited=NEW)
