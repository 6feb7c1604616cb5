"""The Dynamics side of a deal: reads opportunities, writes exactly what it is told, creates once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.checking import Checking
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.creating import Creation
from shared.connectors.dynamics.defaults import Body, Defaults
from shared.connectors.dynamics.delta import LEAD, Delta
from shared.connectors.dynamics.directory import Directory
from shared.connectors.dynamics.discovery import find_solutions
from shared.connectors.dynamics.foresight import foreseen
from shared.connectors.dynamics.holding import Holding
from shared.connectors.dynamics.knowing import known, unknown
from shared.connectors.dynamics.library import Library
from shared.connectors.dynamics.metadata import TEXT, read_table
from shared.connectors.dynamics.microsoft import flows_active
from shared.connectors.dynamics.odata import Row, equals, is_guid, row_of
from shared.connectors.dynamics.reading import Reader
from shared.connectors.dynamics.registering import find_registration
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import query
from shared.connectors.dynamics.showing import Showing
from shared.connectors.dynamics.tailoring import tailored
from shared.connectors.dynamics.updating import Update
from shared.connectors.dynamics.verdicts import UnknownName
from shared.connectors.dynamics.walking import Walk
from shared.connectors.dynamics.writing import Writer
from shared.domain import deal
from shared.domain.values import Money, Ref, Side, Values
from shared.errors import Misconfigured
from shared.ports import Change, Clock, Draft, Listed, Page, Recovered, Search, Snapshot, World

T = TypeVar("T")
MISTAKEN = timedelta(minutes=1)  # a column that is not there is looked for again: two dozen requests each time

NO_SOLUTIONS = (
    "Dynamics 365 has no tables of Microsoft solutions, or more than one pair of them: a table labelled Microsoft "
    "Solution that belongs to opportunity, with a lookup to Microsoft Solution Detail"
)


@dataclass(kw_only=True)
class Memory:
    """What one worker has read of the metadata, None until first use, or why it does not fit the settings."""

    schema: Schema | None = None
    wrong: Misconfigured | None = None
    again: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Dynamics:
    """A `ports.Gateway` for one Dataverse environment; `shared.connectors.dynamics.connect` makes it."""

    config: Config
    calls: Calls
    clock: Clock
    directory: Directory
    memory: Memory
    lock: asyncio.Lock
    side: Side = Side.CRM
    title: str = "Dynamics 365"
    kind: str = "opportunity"

    async def read(self, ident: str) -> Snapshot | None:
        """The opportunity with everything around it, in one GET (one more where it has an access team)."""
        return await self._known(lambda schema: self._read(schema, ident)) if is_guid(ident) else None

    async def widen(self, record: Snapshot) -> Snapshot:
        """A read shows everything there is already."""
        return record

    async def find(self, counterpart: str) -> tuple[str, ...]:
        """Ids of the opportunities, open or closed, that carry this referral identifier."""
        asked = {"$select": "opportunityid", "$filter": equals(self.config.names.referral, counterpart)}
        found = await self._known(lambda _: self.calls.list("opportunities", asked))
        return tuple(sorted(row.text("opportunityid").lower() for row in found))

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        """Nothing: an opportunity has no parent that another party's record could share."""
        del parent
        return ()

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        """Ids of the opportunities that were made when this lead was qualified, oldest first."""
        if origin.kind != LEAD or not is_guid(origin.id):
            return ()
        asked = {
            "$select": "opportunityid",
            "$filter": f"_originatingleadid_value eq {origin.id}",
            "$orderby": "createdon asc",
        }
        found = await self._known(lambda _: self.calls.list("opportunities", asked))
        return tuple(row.text("opportunityid").lower() for row in found)

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        """Ids of the opportunities that show this solution row, or this solution's detail."""
        return await self._known(lambda schema: self._shown_by(schema, beside))

    async def create(self, draft: Draft) -> Snapshot:
        """The opportunity under the draft's id, with account and contact; the existing one, if it is there already."""
        return await self._known(lambda schema: self._create(schema, draft))

    async def foresee(self, draft: Draft) -> tuple[str, ...]:
        """What `create` would find and make before the opportunity; nothing is written. Raises what it would raise."""
        return await self._known(lambda schema: foreseen(self._creation(schema), draft))

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        """Whether the draft's row is there: its id was chosen, so a read tells for certain (`since` plays no part)."""
        del since
        record = await self.read(draft.id)
        return Recovered(search=Search.FOUND if record else Search.ABSENT, record=record)

    async def write(self, change: Change) -> Snapshot:
        """The record as the server answered; see `updating` for what goes into one request."""
        return await self._known(lambda schema: self._write(schema, change))

    async def held(self, values: Values) -> Values:
        """The values as the opportunity's columns will hold them; no request that writing them would not make too."""
        return await self._known(lambda schema: self._held(schema, values))

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """What changed since the cursor; see `delta`."""
        schema = await self._schema()
        delta = Delta(rest=self.calls.rest, solutions=schema.solutions, showing=self._showing(schema))
        try:
            async for page in delta.pages(cursor):
                yield page
        except UnknownName as error:
            self.memory.schema = None
            raise unknown(error) from error

    def every(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        """Those whose sync column is yes; see `walking`."""
        return Walk(rest=self.calls.rest, names=self.config.names).pages(before=before, since=since)

    async def ping(self) -> World:
        """An authenticated call that names the organisation and the application user."""
        row = row_of((await self.calls.rest.call("GET", "WhoAmI")).json())
        return World(organisation=row.text("OrganizationId").lower(), user=row.text("UserId").lower())

    async def microsoft_flows_active(self) -> tuple[str, ...]:
        """Names of flows of Microsoft's own connector that are switched on: while there are any, nothing may write."""
        return await flows_active(self.calls)

    async def wished(self, name: str, draft: Draft) -> Body:
        """What `customize.yaml` gives a new row of another table than the opportunity; no call where it gives nothing.

        Raises Misconfigured for what this organisation contradicts, NotMet for what somebody has to mend.
        """
        wishes = self.config.custom.wishes
        if not wishes.made(name):
            return {}
        schema = await self._schema()
        table = schema.tables.get(name)
        defaults = Defaults(calls=self.calls, wishes=wishes, schema=schema)
        return await defaults.of(name, table, draft.source_record) if table else {}

    async def inspect(self) -> Schema:
        """The organisation's metadata, read anew and checked against the settings: raises Misconfigured.

        The deals go on meanwhile under what is known.
        """
        return await self._looked_up()

    async def library(self) -> Library:
        """The solution details of this organisation, all together; raises Misconfigured where it has no such tables."""
        schema = await self._schema()
        if schema.solutions is None:
            raise Misconfigured((NO_SOLUTIONS,))
        table = await read_table(self.calls.rest, schema.solutions.detail, TEXT)
        return Library(calls=self.calls, config=self.config, names=schema.solutions, table=table)

    def reader(self, schema: Schema) -> Reader:
        return Reader(config=self.config, schema=schema, currencies=self.directory.codes)

    async def _read(self, schema: Schema, ident: str) -> Snapshot | None:
        row = await self.calls.get(f"opportunities({ident})", query(self.config, schema))
        return await self._shown(schema, row) if row else None

    async def _shown(self, schema: Schema, row: Row) -> Snapshot:
        """A whole read as a snapshot."""
        self.directory.learn(row)
        teams = [team.text("teamid") for team in row.children("opportunity_Teams")]
        return self.reader(schema).snapshot(row, await self.directory.members(teams))

    async def _shown_by(self, schema: Schema, beside: Ref) -> tuple[str, ...]:
        showing = self._showing(schema)
        return await showing.deals(beside) if showing else ()

    def _showing(self, schema: Schema) -> Showing | None:
        names = schema.solutions
        return Showing(calls=self.calls, config=self.config, names=names) if names else None

    async def _create(self, schema: Schema, draft: Draft) -> Snapshot:
        return await self._shown(schema, await self._creation(schema).row(draft))

    def _creation(self, schema: Schema) -> Creation:
        return Creation(
            calls=self.calls,
            config=self.config,
            schema=schema,
            directory=self.directory,
            now=self.clock.now(),
        )

    async def _write(self, schema: Schema, change: Change) -> Snapshot:
        update = Update(
            calls=self.calls,
            config=self.config,
            schema=schema,
            directory=self.directory,
            now=self.clock.now(),
            reader=self.reader(schema),
            show=lambda row: self._shown(schema, row),
        )
        return await update.answer(change)

    async def _held(self, schema: Schema, values: Values) -> Values:
        money = values.get(deal.AMOUNT)
        code = money.currency if isinstance(money, Money) else None
        currency = await self.directory.currency(code, as_text=bool(self.config.deal_currency_field))
        writer = Writer(config=self.config, schema=schema, now=self.clock.now(), currency=currency)
        return Holding(config=self.config, schema=schema, writer=writer).of(values)

    async def _schema(self) -> Schema:
        """Read once per worker, by whoever comes first; where it does not fit, again after a minute at most."""
        memory = self.memory
        async with self.lock:
            if memory.schema is not None:
                return memory.schema
            if memory.wrong and memory.again and self.clock.now() < memory.again:
                raise memory.wrong.with_traceback(None)
            return await self._looked_up()

    async def _looked_up(self) -> Schema:
        custom, rest = self.config.custom, self.calls.rest
        names, more = ("opportunity", "account", "contact"), custom.wishes.names_columns_of
        tables = await asyncio.gather(*(read_table(rest, name, whole=more(name)) for name in names))
        solutions = await find_solutions(rest, self.config.prefix)
        opportunity, account, contact = tables
        registration = find_registration(opportunity, dict.fromkeys((self.config.own_prefix, self.config.prefix)))
        schema = Schema(
            opportunity=opportunity,
            account=account,
            contact=contact,
            solutions=solutions,
            registration=registration,
        )
        further: tuple[str, ...] = ()
        if not custom.empty:
            schema = await tailored(rest, custom.wishes, schema)
            further = Checking(config=self.config, schema=schema).problems()
        try:
            self.config.check(schema, further)
        except Misconfigured as error:
            self.memory.schema, self.memory.wrong, self.memory.again = None, error, self.clock.now() + MISTAKEN
            raise
        self.memory.schema, self.memory.wrong = schema, None
        return schema

    async def _known(self, call: Callable[[Schema], Awaitable[T]]) -> T:
        return await known(call, schema=self._schema, forget=self._forget)

    def _forget(self) -> None:
        self.memory.schema = None
