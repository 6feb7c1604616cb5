"""Writing to an opportunity: one conditional PATCH, or one change set where rows around it or its state change too.

read ─ W/"7" ──────────► PATCH If-Match W/"7" ──► the server's own answer, which is what gets settled
              a person saves: W/"8"  └──► 412: nothing is written, the core looks again
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.connectors.dynamics.batch import Operation
from shared.connectors.dynamics.calls import Calls, merged
from shared.connectors.dynamics.catalog import Catalog
from shared.connectors.dynamics.closing import Turn, action, closing_body, turn_of
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.customers import Customers
from shared.connectors.dynamics.directory import Directory
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.reading import Native, Reader
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import columns, query
from shared.connectors.dynamics.unread import unread
from shared.connectors.dynamics.verdicts import SYSTEM, AlreadyClosed, AlreadyThere, CurrencyFixed
from shared.connectors.dynamics.vocabulary import OPEN
from shared.connectors.dynamics.writing import Body, Trace, Writer
from shared.connectors.rest import took_effect
from shared.domain import deal
from shared.domain.values import Group, Money, Person, frozen
from shared.errors import AccessLost, Conflict, Refused, Remote, Unavailable
from shared.ports import Change, Snapshot

CURRENCY_REASON = "Dynamics 365 refused the change of currency, so deal value and currency stay as they are"
UNREAD = "the opportunity could not be read after the write"


@dataclass(frozen=True, kw_only=True)
class Update:
    """Writes to rows of one organisation at one time. `show` makes a snapshot of a whole read."""

    calls: Calls
    config: Config
    schema: Schema
    directory: Directory
    now: datetime
    reader: Reader
    show: Callable[[Row], Awaitable[Snapshot]]

    async def answer(self, change: Change) -> Snapshot:
        """The record after the write. A refused change of currency leaves that one field, locked with the reason."""
        try:
            return await self._answer(change)
        except CurrencyFixed:
            if deal.AMOUNT not in change.values:
                raise
        rest = {name: value for name, value in change.values.items() if name != deal.AMOUNT}
        line = f"{change.note.line}. {CURRENCY_REASON}" if change.note.line else CURRENCY_REASON
        again = replace(change, values=frozen(rest), note=replace(change.note, line=line))
        shown = await self._answer(again)
        return replace(shown, locked={**shown.locked, deal.AMOUNT: CURRENCY_REASON})

    async def _answer(self, change: Change) -> Snapshot:
        row = _native(change.record)
        turn = turn_of(change.values, row)
        body = await self._body(change, row)
        catalog = Catalog(calls=self.calls, config=self.config, names=self.schema.solutions)
        missing = catalog.missing(change.values, row)
        around = catalog.removals(change.values, row)
        if missing:
            around += catalog.additions(
                change.record.ref.id, missing, await catalog.details(missing), catalog.rows_of(row)
            )
        if turn or around:
            return await self._together(change, row, turn, body, around)
        return await self._alone(change, row, body)

    async def _body(self, change: Change, row: Row) -> Body:
        currency = await self.directory.currency(_code(change), as_text=bool(self.config.deal_currency_field))
        writer = Writer(config=self.config, schema=self.schema, now=self.now, currency=currency)
        link, note = change.counterpart_link, change.note
        trace = Trace(marker=change.marker, counterpart=change.counterpart, link=link, note=note, share=change.share)
        return writer.body(change.values, trace, row) | await self._contact(change, row)

    async def _contact(self, change: Change, row: Row) -> Body:
        """The form's Contact, where the core sets it back to the one that was shared; its own data stay."""
        people = change.values.get(deal.CONTACTS)
        wanted = sorted(people, key=lambda one: one.key) if isinstance(people, Group) else []
        account = row.lookup("parentaccountid")
        if not wanted or not account or not isinstance(wanted[0], Person):
            return {}
        customers = Customers(calls=self.calls, config=self.config, schema=self.schema)
        return {"parentcontactid@odata.bind": f"/contacts({await customers.contact(wanted[0], account)})"}

    async def _alone(self, change: Change, row: Row, body: Body) -> Snapshot:
        if not body:
            return self._as_they_are(change, change.record)
        path, version = _path(change), change.record.version
        try:
            shown = await self.calls.patch(path, body, match=version, select=self._columns)
        except Refused:
            # Audit and mark on a closed row are best effort: which code refuses them is documented nowhere.
            if row.whole("statecode") == OPEN or self._business(change, row):
                raise
            return change.record
        with took_effect(AccessLost):
            return self._as_they_are(change, await self._partly(shown)) if shown else await self._reread(change)

    def _as_they_are(self, change: Change, shown: Snapshot) -> Snapshot:
        """Solutions of which no row had to come or go: a detail is shared by all deals, and keeps its own words."""
        if deal.SOLUTIONS not in change.values or deal.SOLUTIONS not in change.record.values:
            return shown
        held = change.record.values[deal.SOLUTIONS]
        return replace(shown, values=frozen({**shown.values, deal.SOLUTIONS: held}))

    def _business(self, change: Change, row: Row) -> bool:
        """Does the change reach further than what is told to the seller?"""
        currency = self.directory.by_code.get(_code(change) or "")
        writer = Writer(config=self.config, schema=self.schema, now=self.now, currency=currency)
        return bool(writer.body(change.values, Trace(), row))

    async def _partly(self, row: Row) -> Snapshot:
        """The answer to a write: the row's own columns, as the server holds them now."""
        await self.directory.code_of(row)
        return self.reader.snapshot(row)

    async def _together(
        self, change: Change, row: Row, turn: Turn | None, body: Body, around: list[Operation]
    ) -> Snapshot:
        """One change set: reopen, fields with Audit and mark, rows around it, and the closing last."""
        operations = [*self._fields(change, row, turn, body), *around]
        if turn and turn.closes:
            operations.append(self.calls.posting(action(turn), self._closing(turn, change, row)))
        done = await self.calls.batch(operations, self.calls.reading(_path(change), query(self.config, self.schema)))
        shown = done.row()
        try:
            self.calls.check(done.changes)
        except AlreadyThere as error:
            raise Conflict(error.remote, advice="Somebody else added the same solution at the same time") from error
        except AlreadyClosed:
            if shown is None or not (turn and turn.closes):
                raise
            return await self.show(shown)
        with took_effect(AccessLost):
            if shown is None:
                raise unread(self.calls, done, UNREAD)
            # A state action follows the PATCH, whose answer is older than the read then.
            return await self.show(shown if turn else merged(done.changes, shown))

    def _fields(self, change: Change, row: Row, turn: Turn | None, body: Body) -> list[Operation]:
        """The conditional part. It is never empty: it is what a stale version is refused by."""
        path, match = _path(change), change.record.version
        operations = []
        if turn and turn.reopens:
            operations.append(self.calls.patching(path, turn.opening(self.schema), match=match))
            body, match = {n: v for n, v in body.items() if n != "statuscode"}, "*"
        if body or not operations:
            touched = body or {"name": row.text("name")}
            operations.append(self.calls.patching(path, touched, match=match, select=self._columns))
        return operations

    def _closing(self, turn: Turn, change: Change, row: Row) -> Body:
        written = change.values.get(deal.AMOUNT)
        amount = written if isinstance(written, Money) else self.reader.amount(row)
        ident = change.record.ref.id
        return dict(closing_body(turn, change.values, ident=ident, amount=amount, schema=self.schema, now=self.now))

    async def _reread(self, change: Change) -> Snapshot:
        """For a server that answers a write without the row."""
        row = await self.calls.get(_path(change), query(self.config, self.schema))
        if row is None:
            raise Unavailable(Remote(system=SYSTEM, message=UNREAD))
        return await self.show(row)

    @property
    def _columns(self) -> str:
        return columns(self.config, self.schema)


def _code(change: Change) -> str | None:
    money = change.values.get(deal.AMOUNT)
    return money.currency if isinstance(money, Money) else None


def _path(change: Change) -> str:
    return f"opportunities({change.record.ref.id})"


def _native(record: Snapshot) -> Row:
    if not isinstance(record.native, Native):
        raise TypeError("only a record that this gateway read can be written by it")
    return record.native.row
