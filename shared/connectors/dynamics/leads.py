"""The leads of Dynamics 365 as a gateway: what a referral is until somebody accepts it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from shared.connectors.dynamics.batch import Operation
from shared.connectors.dynamics.calls import Batched, Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.defaults import Body
from shared.connectors.dynamics.directory import Directory
from shared.connectors.dynamics.knowing import known
from shared.connectors.dynamics.lead_reading import LeadReader, columns, query
from shared.connectors.dynamics.lead_schema import (
    DISQUALIFIED,
    KEY,
    KIND,
    OPEN,
    QUALIFIED,
    SET,
    LeadSchema,
    lead_schema,
)
from shared.connectors.dynamics.lead_writing import LeadWriter
from shared.connectors.dynamics.metadata import read_table
from shared.connectors.dynamics.odata import Row, equals, is_guid
from shared.connectors.dynamics.reading import Native
from shared.connectors.dynamics.unread import unread
from shared.connectors.dynamics.verdicts import AlreadyClosed, AlreadyThere
from shared.connectors.dynamics.writing import Trace
from shared.connectors.rest import took_effect
from shared.domain import deal
from shared.domain.lifecycle import NOT_WON, Stage
from shared.domain.values import Group, Money, Ref, Side, Values
from shared.errors import AccessLost, Conflict
from shared.ports import Change, Clock, Draft, Page, Recovered, Search, Snapshot, World

T = TypeVar("T")
DEFAULT_REASON = -1  # "the default status of the state"


@dataclass(kw_only=True)
class LeadMemory:
    """What one worker has read of the lead table; None until the first lead."""

    schema: LeadSchema | None = None


@dataclass(frozen=True, kw_only=True)
class Leads:
    """A `ports.Gateway` for leads; `shared.connectors.dynamics.leads_of` makes it. Polled with the opportunities."""

    config: Config
    calls: Calls
    clock: Clock
    directory: Directory
    ping_world: Callable[[], Awaitable[World]]
    wished: Callable[[str, Draft], Awaitable[Body]]
    memory: LeadMemory = field(default_factory=LeadMemory)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    side: Side = Side.CRM
    title: str = "Dynamics 365"
    kind: str = KIND

    async def read(self, ident: str) -> Snapshot | None:
        return await self._known(lambda schema: self._read(schema, ident)) if is_guid(ident) else None

    async def widen(self, record: Snapshot) -> Snapshot:
        return record

    async def find(self, counterpart: str) -> tuple[str, ...]:
        """Ids of the leads, open or closed, that carry this referral identifier."""

        async def found(schema: LeadSchema) -> tuple[Row, ...]:
            return await self.calls.list(
                SET,
                {"$select": KEY, "$filter": equals(schema.names.referral, counterpart), "$orderby": "createdon asc"},
            )

        return tuple(row.text(KEY).lower() for row in await self._known(found))

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        del parent
        return ()

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        """Nothing: a lead has no solutions."""
        del beside
        return ()

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        del origin
        return ()

    async def create(self, draft: Draft) -> Snapshot:
        """The lead under the draft's id; the existing one, unchanged, where the id is taken."""
        return await self._known(lambda schema: self._create(schema, draft))

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        """Whether the draft's row is there: its id was chosen, so a read tells for certain."""
        del since
        record = await self.read(draft.id)
        return Recovered(search=Search.FOUND if record else Search.ABSENT, record=record)

    async def write(self, change: Change) -> Snapshot:
        """The record as the server answered. Qualifying makes no account, contact or opportunity (rules.md §4)."""
        return await self._known(lambda schema: self._write(schema, change))

    async def held(self, values: Values) -> Values:
        async def of(schema: LeadSchema) -> Values:
            return (await self._writer(schema, values)).held(values)

        return await self._known(of)

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Nothing: leads are followed beside the opportunities, under one cursor (`delta`)."""
        yield Page(cursor=cursor or "")

    async def ping(self) -> World:
        return await self.ping_world()

    # --- calls ------------------------------------------------------------------------------------------------------

    async def _read(self, schema: LeadSchema, ident: str) -> Snapshot | None:
        row = await self.calls.get(f"{SET}({ident})", query(schema))
        return self._shown(schema, row) if row else None

    def _shown(self, schema: LeadSchema, row: Row) -> Snapshot:
        self.directory.learn(row)
        return LeadReader(config=self.config, schema=schema, currencies=self.directory.codes).snapshot(row)

    async def _writer(self, schema: LeadSchema, values: Values) -> LeadWriter:
        money = values.get(deal.AMOUNT)
        currency = await self.directory.currency(money.currency if isinstance(money, Money) else None)
        return LeadWriter(schema=schema, now=self.clock.now(), currency=currency, countries=self.config.countries)

    async def _create(self, schema: LeadSchema, draft: Draft) -> Snapshot:
        writer = await self._writer(schema, draft.values)
        trace = Trace(marker=draft.marker, counterpart=draft.source.id, link=draft.source_link, note=draft.note)
        team = draft.values.get(deal.TEAM)
        owner = await self.directory.owner(team if isinstance(team, Group) else Group(), self.config.default_owner)
        body = writer.body(draft.values, trace) | writer.customer(draft.values)
        body |= {"ownerid@odata.bind": owner} if owner else {}
        body |= {schema.names.sync: True} if schema.names.sync else {}
        body |= {name: value for name, value in (await self.wished(KIND, draft)).items() if body.get(name) is None}
        path = f"{SET}({draft.id})"
        return await self._sent(schema, path, [self.calls.patching(path, body, select=columns(schema))])

    async def _write(self, schema: LeadSchema, change: Change) -> Snapshot:
        row = _native(change.record)
        writer = await self._writer(schema, change.values)
        trace = Trace(
            marker=change.marker, counterpart=change.counterpart, link=change.counterpart_link, note=change.note
        )
        body, path = writer.body(change.values, trace, row), f"{SET}({change.record.ref.id})"
        turn = self._turn(schema, change, path)
        if not body and not turn:
            return change.record
        fields = body or {"subject": row.text("subject")}  # what a stale version is refused by
        first = self.calls.patching(path, fields, match=change.record.version, select=columns(schema))
        return await self._sent(schema, path, [first, *turn], turned=bool(turn))

    def _turn(self, schema: LeadSchema, change: Change, path: str) -> list[Operation]:
        """What follows the fields in the same change set: qualifying by its action, disqualifying by the state."""
        stage = change.values.get(deal.STAGE)
        if stage is Stage.QUALIFIED:
            return [self.calls.posting(f"{path}/Microsoft.Dynamics.CRM.QualifyLead", _qualifying(schema))]
        if stage in NOT_WON:
            reason = str(change.values.get(deal.CLOSE_REASON) or "")
            state = {"statecode": DISQUALIFIED, "statuscode": schema.status(DISQUALIFIED, reason)}
            return [self.calls.patching(path, state, match="*")]
        return []

    async def _sent(
        self, schema: LeadSchema, path: str, operations: list[Operation], *, turned: bool = False
    ) -> Snapshot:
        """One change set and a read after it, which shows what there is also after a refusal."""
        done = await self.calls.batch(operations, self.calls.reading(path, query(schema)))
        shown = done.row()
        try:
            self.calls.check(done.changes)
        except AlreadyThere:
            if shown is None:
                raise
            return self._shown(schema, shown)
        except AlreadyClosed:
            if shown is None or not turned or shown.whole("statecode") == OPEN:  # refused for another reason
                raise
            return self._shown(schema, shown)
        except Conflict:
            if shown is None or not _creates(operations):
                raise
            return self._shown(schema, shown)
        return self._after(schema, shown, done)

    def _after(self, schema: LeadSchema, shown: Row | None, done: Batched) -> Snapshot:
        with took_effect(AccessLost):
            if shown is None:
                raise unread(self.calls, done, "the lead could not be read after the write")
            return self._shown(schema, shown)

    # --- metadata ---------------------------------------------------------------------------------------------------

    async def schema(self) -> LeadSchema:
        """Read at the first lead; raises Misconfigured where leads cannot carry what they have to."""
        async with self.lock:
            if self.memory.schema is None:
                self.memory.schema = lead_schema(self.config, await read_table(self.calls.rest, KIND))
            return self.memory.schema

    async def _known(self, call: Callable[[LeadSchema], Awaitable[T]]) -> T:
        return await known(call, schema=self.schema, forget=self._forget)

    def _forget(self) -> None:
        self.memory.schema = None


def _qualifying(schema: LeadSchema) -> dict[str, object]:
    never = dict.fromkeys(("CreateAccount", "CreateContact", "CreateOpportunity"), False)
    status = schema.status(QUALIFIED)
    return {**never, "Status": DEFAULT_REASON if status is None else status}


def _creates(operations: list[Operation]) -> bool:
    return operations[0].headers.get("If-None-Match") == "*"


def _native(record: Snapshot) -> Row:
    if not isinstance(record.native, Native):
        raise TypeError("only a record that this gateway read can be written by it")
    return record.native.row
