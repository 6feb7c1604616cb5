"""A system in memory that obeys the same laws as the real gateways, with people who edit it and faults to inject."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from shared.connectors.dynamics.reading import CLOSED_REASON
from shared.connectors.partner_center.vocabulary import CONTACT_REASON, PENDING_REASON, TERMINAL_REASON
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.link import Purpose
from shared.domain.values import Address, Customer, Group, Money, Person, Ref, Side, Solution, Value, Values, frozen
from shared.errors import Conflict, NeedsDecision, Refused, Remote
from shared.ports import Change, Draft, Listed, Page, Recovered, Search, Seen, Snapshot, World
from tests.fakes.store import FakeClock, Hook, nothing

DANA = Person(email="dana@fabrikam.example", first_name="Dana", last_name="Rivera", phone="+1 555 0100")
KIM = Person(email="kim@contoso.example", first_name="Kim", last_name="Abel", phone="+1 555 0199")
PLATFORM = Solution(id="SOL-1", name="Data platform")
LEAD_FIELDS = frozenset({deal.NAME, deal.AMOUNT, deal.CLOSING_DATE, deal.NOTES, deal.CONTACTS, deal.STAGE})
AROUND = frozenset({deal.SOLUTIONS, deal.CONTACTS, deal.TEAM, deal.CUSTOMER})
CONTOSO = Customer(
    name="Contoso",
    address=Address(line1="1 Main Street", city="Redmond", state="WA", postal_code="98052", country="US"),
)


def whole_deal(**changes: Value) -> dict[str, Value]:
    """Everything a new deal needs, on either side."""
    return {
        deal.NAME: "Contoso migration",
        deal.AMOUNT: Money(Decimal(50000), "USD"),
        deal.CLOSING_DATE: date(2026, 11, 30),
        deal.NOTES: "first call held",
        deal.VISIBLE: False,
        deal.HELP: None,
        deal.INTENT: "HaveNotDecided",
        deal.SOLUTIONS: Group([PLATFORM]),
        deal.CONTACTS: Group([KIM]),
        deal.TEAM: Group([DANA]),
        deal.PROGRAM: None,
        deal.MICROSOFT_ID: None,
        deal.CUSTOMER: CONTOSO,
        deal.CLOSE_REASON: None,
        deal.ACTUAL: None,
        **changes,
    }


MOST_SOLUTIONS = 50


def _group(values: Values) -> Group:
    held = values[deal.SOLUTIONS]
    return held if isinstance(held, Group) else Group()


@dataclass
class Row:
    """A record as its server keeps it."""

    id: str
    values: dict[str, Value]
    created: datetime
    modified: datetime
    version: int
    counterpart: str = ""
    marker: str | None = None
    shared: bool = True
    ours: bool = True
    parent: str = ""
    audit: list[str] = field(default_factory=list)
    mark: str = ""
    locked: dict[str, str] = field(default_factory=dict)
    origin: Ref | None = None
    lead: bool = False


@dataclass
class FakeGateway:
    """One side. `carries_marker` false plays a server that drops the marker; `rounds` one that cannot hold cents.

    `strict` plays one that takes nothing at all on closed records, and only the answer on pending ones; `shut` a CRM
    whose closed records take nothing but words. `lag` is for how many seconds a new record can neither be read nor
    searched. `early` keeps leads, and is polled by the gateway that it lies `beside`.
    """

    side: Side
    clock: FakeClock
    hook: Hook = nothing
    carries_marker: bool = True
    rounds: bool = False
    strict: bool = False
    shut: bool = False
    lag: float = 0
    title: str = ""
    kind: str = ""
    rows: dict[str, Row] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    shown_by: dict[Ref, tuple[str, ...]] = field(default_factory=dict)
    history: list[tuple[str, str, Value, str]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    on_change: Callable[[str, str], None] = lambda _ident, _who: None
    cursor_expired: bool = False
    early: bool = False
    beside: FakeGateway | None = None

    def __post_init__(self) -> None:
        self.title = self.title or ("Partner Center" if self.side is Side.PARTNER else "Dynamics 365")
        self.kind = self.kind or ("referral" if self.side is Side.PARTNER else "opportunity")
        self._versions: Iterator[int] = self.beside._versions if self.beside else itertools.count(1)
        self._deleted: list[tuple[int, str]] = []
        self._leads: FakeGateway | None = None
        if self.beside:
            self.beside._leads = self

    # --- people ---------------------------------------------------------------------------------------------------

    def make(self, **values: Value) -> str:
        """A person makes a record: open and accepted unless `stage` says otherwise."""
        stage = Stage.ACTIVE if self.side is Side.PARTNER else Stage.OPEN
        row = self._new_row(str(uuid.UUID(int=next(self._versions) << 64)), whole_deal(**{deal.STAGE: stage, **values}))
        self.on_change(row.id, "person")
        return row.id

    def edit(self, ident: str, **values: Value) -> None:
        """A person edits a record."""
        row = self.rows[ident]
        for name, value in values.items():
            self.history.append((ident, name, value, "person"))
        self._touch(row, values)
        self.on_change(ident, "person")

    def qualify(self, ident: str, deals: FakeGateway) -> str:
        """A person qualifies a lead: the CRM makes its opportunity, with what its attribute maps carry over."""
        row = self.rows[ident]
        self.edit(ident, **{deal.STAGE: Stage.QUALIFIED})
        carried = {name: row.values[name] for name in LEAD_FIELDS if name != deal.STAGE}
        made = deals.make(**{deal.INTENT: None, deal.SOLUTIONS: Group(), **carried})
        deals.rows[made].origin = Ref(self.kind, ident)
        deals.rows[made].shared = False
        return made

    def delete(self, ident: str) -> None:
        del self.rows[ident]
        self._deleted.append((next(self._versions), ident))
        self.on_change(ident, "person")

    def _new_row(self, ident: str, values: Mapping[str, Value]) -> Row:
        now = self.clock.now()
        parent = f"engagement-{ident}" if self.side is Side.PARTNER else ""
        row = Row(ident, dict(values), now, now, next(self._versions), parent=parent)
        if self.side is Side.PARTNER and row.values.pop(deal.HELP, None):
            self._invite(row, "Unknown")
        self.rows[ident] = row
        return row

    def _touch(self, row: Row, values: Mapping[str, Value]) -> None:
        row.values.update({name: self._held(value) for name, value in values.items()})
        row.version, row.modified = next(self._versions), self.clock.now()

    def _held(self, value: Value) -> Value:
        if self.rounds and isinstance(value, Money) and value.amount is not None:
            return Money(value.amount.quantize(Decimal(1)), value.currency)
        return value

    # --- the port -------------------------------------------------------------------------------------------------

    async def read(self, ident: str) -> Snapshot | None:
        await self._begin("read")
        row = self.rows.get(ident)
        snapshot = self._snapshot(row) if row and not self._late(row) else None
        await self.hook(f"{self.side}.read done")
        return snapshot

    async def widen(self, record: Snapshot) -> Snapshot:
        await self._begin("widen")
        other = self._invited(self.rows[record.ref.id])
        if other is None or self._late(other):
            return replace(record, values=frozen({**record.values, deal.HELP: None}))
        wide = {
            **record.values,
            deal.HELP: other.values[deal.HELP],
            deal.MICROSOFT_STAGE: other.values[deal.STAGE],
            deal.MICROSOFT_ID: other.values[deal.MICROSOFT_ID],
        }
        return replace(record, values=frozen(wide), invited=other.id)

    async def find(self, counterpart: str) -> tuple[str, ...]:
        await self._begin("find")
        if self.side is Side.PARTNER:
            return ()
        return tuple(row.id for row in self.rows.values() if row.counterpart == counterpart and not self._late(row))

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        await self._begin("showing")
        return self.shown_by.get(beside, ())

    async def ours_in(self, parent: str) -> tuple[str, ...]:
        await self._begin("ours_in")
        return tuple(row.id for row in self.rows.values() if row.ours and row.parent == parent and parent)

    async def made_from(self, origin: Ref) -> tuple[str, ...]:
        await self._begin("made_from")
        return tuple(row.id for row in self.rows.values() if row.origin == origin and not self._late(row))

    async def create(self, draft: Draft) -> Snapshot:
        await self._begin("create")
        if draft.purpose is Purpose.INVITE:
            snapshot = self._create_invitation(draft)
            await self.hook(f"{self.side}.create done")
            return snapshot
        if draft.id in self.rows:
            return self._snapshot(self.rows[draft.id])
        values = {name: self._held(value) for name, value in draft.values.items()}
        pending = values.get(deal.STAGE) in (Stage.PENDING, Stage.HOLD)
        values[deal.STAGE] = Stage.ACTIVE if self.side is Side.PARTNER else Stage.HOLD if pending else Stage.OPEN
        if self.early:
            values = {name: value for name, value in values.items() if name in LEAD_FIELDS} | {deal.STAGE: Stage.LEAD}
        later = (deal.HELP, *deal.AFTER_WON) if self.side is Side.PARTNER else ()
        for name in (deal.MICROSOFT_STAGE, *later):
            values.pop(name, None)
        row = self._new_row(draft.id or str(uuid.UUID(int=next(self._versions) << 64)), values)
        if self.side is Side.CRM and not self.early:
            row.values = {**whole_deal(), **row.values}
        row.origin = draft.origin
        row.counterpart = draft.source.id
        self._note(row, draft.marker, draft.note.line, draft.note.mark)
        self.on_change(row.id, "sync")
        snapshot = self._snapshot(row)
        await self.hook(f"{self.side}.create done")
        return snapshot

    async def recover(self, draft: Draft, since: datetime) -> Recovered:
        await self._begin("recover")
        for row in self.rows.values():
            if row.ours and row.counterpart == draft.source.id and row.created >= since and not self._late(row):
                return Recovered(search=Search.FOUND, record=self._snapshot(row))
        return Recovered(search=Search.ABSENT)

    async def write(self, change: Change) -> Snapshot:
        await self._begin("write")
        row = self.rows.get(change.record.ref.id)
        if row is None or str(row.version) != change.record.version:
            raise Conflict(Remote(system=self.title, status=412, code="preconditionFailed", message="newer version"))
        self._check(row, change.values)
        if self.strict and not change.values and row.values[deal.STAGE] in (*CLOSED, Stage.PENDING):
            raise Refused(Remote(system=self.title, status=400, code="invalidRequest", message="nothing is taken now"))
        for name, value in change.values.items():
            self.history.append((row.id, name, value, "sync"))
        self._touch(row, change.values)
        if self.side is Side.PARTNER and deal.CONTRACT in change.values:
            row.values.setdefault(deal.REGISTRATION, "ReviewPending")
        row.counterpart = change.counterpart or row.counterpart
        row.shared = row.shared or change.share
        self._note(row, change.marker, change.note.line, change.note.mark)
        self.on_change(row.id, "sync")
        snapshot = self._answer(row, change)
        await self.hook(f"{self.side}.write done")
        return snapshot

    async def held(self, values: Values) -> Values:
        return frozen({n: self._held(value) for n, value in values.items() if not self.early or n in LEAD_FIELDS})

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        await self._begin("changes")
        now = str(next(self._versions))
        if cursor is None:
            yield Page(cursor=now)
            return
        since = 0 if self.cursor_expired else int(cursor)
        tables = [each for each in (self, self._leads) if each]
        full = frozenset(each.kind for each in tables) if self.cursor_expired else frozenset[str]()
        self.cursor_expired = False
        seen = [one for each in tables for one in each._news(since)]
        gone = [one for each in tables for one in each._gone(since)]
        yield Page(seen=tuple(seen), full=full)
        yield Page(seen=() if full or self.side is Side.PARTNER else tuple(gone), cursor=now, full=full)

    def _news(self, since: int) -> list[Seen]:
        news = [row for row in self.rows.values() if row.version > since]
        return [Seen(ref=Ref(self.kind if r.ours else "related", r.id), version=str(r.version)) for r in news]

    def _gone(self, since: int) -> list[Seen]:
        return [Seen(ref=Ref(self.kind, ident), version="", gone=True) for at, ident in self._deleted if at > since]

    async def every(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        """Two to a page, as they are when that page is asked for."""
        wanted = [r for r in self.rows.values() if r.ours and r.shared and (before is None or r.created <= before)]
        found = sorted((r for r in wanted if since is None or r.modified >= since), key=lambda r: r.created)[::-1]
        for number in range(0, len(found), 2):
            await self._begin("every")
            yield tuple(
                Listed(ref=Ref(self.kind, r.id), created=r.created, changed=r.modified, counterpart=r.counterpart)
                for r in found[number : number + 2]
            )

    async def ping(self) -> World:
        await self._begin("ping")
        return World(organisation=f"{self.side}-organisation")

    # --- the server -----------------------------------------------------------------------------------------------

    async def _begin(self, call: str) -> None:
        self.calls.append(call)
        await self.hook(f"{self.side}.{call}")

    def _late(self, row: Row) -> bool:
        return (self.clock.now() - row.created).total_seconds() < self.lag

    def _check(self, row: Row, values: Values) -> None:
        """What a real server enforces, whoever asks: the life cycle, and that closed records are closed."""
        stage = row.values[deal.STAGE]
        wanted = values.get(deal.STAGE)
        if self.early and stage is not Stage.LEAD and values:
            self._refuse(row, f"a lead that is {stage} takes no {sorted(values)}")
        if stage in CLOSED and set(values) - {deal.MICROSOFT_ID} - self._begun(row):
            self._refuse(row, f"{stage} is final, and {sorted(values)} was written")
        if self.side is Side.PARTNER and stage is Stage.PENDING and set(values) - {deal.STAGE, deal.CLOSE_REASON}:
            self._refuse(row, f"pending takes no {sorted(values)}")
        if self.side is Side.PARTNER and values.get(deal.VISIBLE) is False and row.values[deal.VISIBLE]:
            self._refuse(row, "visibility never goes back")
        if self.side is Side.PARTNER and CONTACT_REASON in self._locks(row).values() and deal.CONTACTS in values:
            self._refuse(row, "a shared contact is written once")
        if self.side is Side.PARTNER and deal.SOLUTIONS in values and not 1 <= len(_group(values)) <= MOST_SOLUTIONS:
            self._refuse(row, f"{len(_group(values))} solutions")
        if wanted is Stage.PENDING:
            self._refuse(row, "nothing becomes pending again")

    def _begun(self, row: Row) -> frozenset[str]:
        """What only a won deal takes: on the partner side its registration, and what comes of it in the CRM."""
        if self.side is Side.CRM:
            return frozenset() if self.shut else deal.AFTER_WON
        registrable = row.values[deal.STAGE] is Stage.WON and bool(row.values[deal.VISIBLE])
        return frozenset({deal.CONTRACT}) if registrable else frozenset()

    def _refuse(self, row: Row, why: str) -> None:
        self.violations.append(f"{row.id}: {why}")
        raise Refused(Remote(system=self.title, status=400, code="invalidRequest", message=why))

    def _note(self, row: Row, marker: str, line: str, mark: str | None) -> None:
        if marker and self.carries_marker:
            row.marker = marker
        if line:
            row.audit.insert(0, line)
        row.mark = mark or row.mark

    def _invited(self, row: Row) -> Row | None:
        return next((r for r in self.rows.values() if r.parent == row.parent and not r.ours), None)

    def _create_invitation(self, draft: Draft) -> Snapshot:
        assert draft.parent is not None
        own = self.rows[draft.parent.ref.id]
        if not own.values[deal.VISIBLE]:
            self._refuse(own, "a deal that Microsoft cannot see has no invitation")
        if self._invited(own) is not None:
            self.violations.append(f"{own.id}: a second invitation")
        other = self._invite(own, str(draft.values[deal.HELP]))
        wide = {**self._snapshot(own).values, deal.HELP: draft.values[deal.HELP], deal.MICROSOFT_STAGE: Stage.PENDING}
        return replace(self._snapshot(own), values=frozen(wide), invited=other.id)

    def _invite(self, own: Row, help_code: str) -> Row:
        values = whole_deal(**{deal.STAGE: Stage.PENDING, deal.HELP: help_code})
        now = self.clock.now()
        other = Row(f"ms-{own.id}", values, now, now, next(self._versions), ours=False, parent=own.parent)
        self.rows[other.id] = other
        return other

    def _snapshot(self, row: Row) -> Snapshot:
        values = dict(row.values)
        if self.side is Side.PARTNER:
            values.pop(deal.HELP, None)
            values.pop(deal.ACTUAL, None)
            values |= {name: row.values.get(name) for name in deal.AFTER_WON} if self._begun(row) else {}
        return Snapshot(
            side=self.side,
            ref=Ref(self.kind, row.id),
            version=str(row.version),
            values=frozen(values),
            modified=row.modified,
            created=row.created,
            counterpart=row.counterpart,
            marker="" if row.marker is None and self.carries_marker and self.side is Side.CRM else row.marker,
            locked={**self._locks(row), **row.locked},
            related=(Ref("account", f"account-{row.id}"),) if self.side is Side.CRM else (),
            shared=row.shared,
            ours=row.ours,
            parent=row.parent,
            origin=row.origin,
            lead=row.lead,
            link=f"https://example.com/{row.id}",
        )

    def _answer(self, row: Row, change: Change) -> Snapshot:
        """As the real CRM answers: the record's own columns, and the rows around it only where those changed."""
        snapshot = self._snapshot(row)
        if self.side is Side.PARTNER or self.early or {*AROUND, deal.STAGE} & set(change.values):
            return snapshot
        return replace(snapshot, values=frozen({n: v for n, v in snapshot.values.items() if n not in AROUND}))

    def _locks(self, row: Row) -> dict[str, str]:
        stage = row.values[deal.STAGE]
        names = [*deal.TITLES, *filter(deal.is_extra, row.values)]
        if stage in CLOSED or stage is Stage.QUALIFIED:
            open_ones = self._begun(row) if self.side is Side.PARTNER else deal.AFTER_WON
            reason = TERMINAL_REASON if self.side is Side.PARTNER else CLOSED_REASON
            return {name: reason for name in names if name not in open_ones}
        if stage is Stage.PENDING:
            return {name: PENDING_REASON for name in names if name != deal.STAGE}
        shared = self.side is Side.PARTNER and row.values[deal.VISIBLE] and row.values[deal.CONTACTS]
        return {deal.CONTACTS: CONTACT_REASON} if shared else {}


def undecided() -> NeedsDecision:
    """What a gateway raises when two accounts match."""
    return NeedsDecision("Two accounts are called Contoso", advice="Merge them, then replay")
