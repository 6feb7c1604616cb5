"""What the core asks of the world: gateways, a store, queues, a clock. Adapters implement it, tests fake it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from shared.domain.link import Link, Purpose
from shared.domain.outcome import Outcome
from shared.domain.record import NO_NOTE, Mark, Note, Snapshot
from shared.domain.values import NOTHING, Ref, Side, Values
from shared.messages import Signal

__all__ = ["NO_NOTE", "Mark", "Note", "Snapshot"]  # words of the core that every gateway speaks too


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A record to create.

    `id` is the id chosen for it where the side lets us choose (create-once by id), else "".
    `source` is the other side's record, whose id the new one carries; `source_link` its address; `source_record` the
    record itself, where more of it may be wanted than the deal's own fields (see `Told`).
    `origin` is the record of the same side that this one is made from, and is bound to.
    `parent` is the own referral's snapshot when Microsoft's is created beside it (purpose INVITE).
    """

    purpose: Purpose
    id: str
    source: Ref
    source_link: str = ""
    values: Values
    marker: str
    note: Note = NO_NOTE
    parent: Snapshot | None = None
    origin: Ref | None = None
    source_record: Snapshot | None = None


@runtime_checkable
class Told(Protocol):
    """A snapshot's native reading that can tell everything the other system said of it, in that system's own words."""

    def plain(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class Change:
    """A conditional write to `record`: exactly `values` change, under If-Match of the record's version.

    `counterpart` and `counterpart_link` are written where not empty; `note` on a side that keeps a journal.
    `share` switches the record's synchronisation on.
    """

    record: Snapshot
    values: Values = field(default_factory=lambda: NOTHING)
    marker: str = ""
    counterpart: str = ""
    counterpart_link: str = ""
    note: Note = NO_NOTE
    share: bool = False


class Search(StrEnum):
    """What looking for a record that we may have created came to."""

    FOUND = "found"
    ABSENT = "absent"  # the whole window was read and holds nothing
    UNSURE = "unsure"  # the window could not be read completely


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """The outcome of a search, and the record if there is one."""

    search: Search
    record: Snapshot | None = None


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A record that a poll showed: `look` and `ref` make the signal, `version` tells whether it is news."""

    ref: Ref
    version: str
    gone: bool = False


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of a poll. Only the last one carries `cursor`.

    `full` are the kinds of which the poll shows everything there is, so that the rest is gone.
    """

    seen: tuple[Seen, ...] = ()
    cursor: str | None = None
    full: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class World:
    """Which organisation a gateway talks to, and as whom: pinned at the first start."""

    organisation: str
    user: str = ""


class Gateway(Protocol):
    """One system's API in our words. Raises only what `errors` names; foreign exceptions stop here.

    Laws (one contract suite for every gateway and fake): a write returns what the server answered; a stale version
    raises Conflict and changes nothing; creating under a taken id returns that record unchanged; `read` of nothing is
    None; unknown fields survive every write.

    `held` says how the side will show values once they are written: rounded and cut as its columns want it.
    `showing` names our records that show another one beside them, whose change moves none of theirs.
    `find` searches by the counterpart that records carry (nothing where that cannot be searched for); `ours_in` names
    our own records in a parent; `made_from` names those made from another record of the same side; `widen` adds what
    the other party's record in the same parent shows.
    """

    @property
    def side(self) -> Side: ...
    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...

    async def read(self, ident: str) -> Snapshot | None: ...
    async def widen(self, record: Snapshot) -> Snapshot: ...
    async def find(self, counterpart: str) -> tuple[str, ...]: ...
    async def showing(self, beside: Ref) -> tuple[str, ...]: ...
    async def ours_in(self, parent: str) -> tuple[str, ...]: ...
    async def made_from(self, origin: Ref) -> tuple[str, ...]: ...
    async def create(self, draft: Draft) -> Snapshot: ...
    async def recover(self, draft: Draft, since: datetime) -> Recovered: ...
    async def write(self, change: Change) -> Snapshot: ...
    async def held(self, values: Values) -> Values: ...
    def changes(self, cursor: str | None) -> AsyncIterator[Page]: ...
    async def ping(self) -> World: ...


class LinkMoved(Exception):
    """Somebody stored this link since it was read: nothing was stored."""


class Links(Protocol):
    """The link store: every save is a compare-and-set on `link.tag` and returns the link with its new tag.

    `move` saves two links at once, or neither: a partner's record goes from the one to the other.
    """

    async def get(self, key: str) -> Link: ...
    async def by_partner(self, ident: str) -> Link | None: ...
    async def save(self, link: Link) -> Link: ...
    async def move(self, before: Link, after: Link) -> Link: ...
    async def waiting_on(self, ref: Ref) -> tuple[str, ...]: ...
    def every(self) -> AsyncIterator[Link]: ...


class Shelf(Links, Protocol):
    """The links as they lie in the store; `recent` gives those stored since then, by its own clock and in no order."""

    def recent(self, since: datetime) -> AsyncIterator[Link]: ...


@dataclass(frozen=True, kw_only=True)
class Queued:
    """A queue as it stands: about how many messages lie on it, and when the oldest that may be taken was due."""

    name: str
    length: int
    oldest: datetime | None = None


class Signals(Protocol):
    """The one sender: no expiry, visible after `delay` seconds. `ping` only proves that the queues answer.

    `lengths`: about how many messages lie on each queue, poison queues too; one that was never needed is left out.
    """

    async def send(self, signal: Signal, *, delay: float = 0) -> None: ...
    async def ping(self) -> None: ...
    async def lengths(self) -> Mapping[str, int]: ...


class WatchedSignals(Signals, Protocol):
    """The queues as they lie in the store; `queued` shows each without its poison queue."""

    async def queued(self) -> tuple[Queued, ...]: ...


class Cursors(Protocol):
    """Named texts with no history: poll cursors, the pinned world. `swap` stores only over the text `before`."""

    async def get(self, name: str) -> str | None: ...
    async def put(self, name: str, text: str) -> None: ...
    async def swap(self, name: str, before: str | None, after: str) -> bool: ...


class Pauses(Protocol):
    """Until when a whole system is left alone, shared by all workers (read at most once a second)."""

    async def until(self, system: Side) -> datetime | None: ...
    async def pause(self, system: Side, until: datetime, reason: str) -> None: ...
    async def clear(self, system: Side) -> None: ...


@dataclass(frozen=True, kw_only=True)
class ParkedEntry:
    """A signal that needs a person: keyed by pair and record, so that one record is parked once."""

    pair: str
    ref: Ref
    side: Side
    reason: str
    advice: str
    body: str
    at: datetime


class Parked(Protocol):
    """Parked signals, kept until the record succeeds or a person replays or drops them."""

    async def put(self, entry: ParkedEntry) -> None: ...
    async def get(self, pair: str, ref: Ref) -> ParkedEntry | None: ...
    async def clear(self, pair: str, ref: Ref) -> None: ...
    def every(self) -> AsyncIterator[ParkedEntry]: ...


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is told of an outcome beside itself: ids of the deal's records, "" where there is none or it is not known.

    `took` is how long the look took, `since` how long ago the change had happened that was carried over, None where
    none was; both in milliseconds.
    """

    link: str = ""
    referral: str = ""
    deal: str = ""
    took: float = 0
    since: float | None = None


class Telemetry(Protocol):
    """One structured event per outcome, always the same fields."""

    def outcome(self, signal: Signal, outcome: Outcome, facts: Facts) -> None: ...
    def event(self, name: str, **fields: str | float) -> None: ...


class Tokens(Protocol):
    """Access tokens by scope; `fresh` asks for one that was not handed out before (after a 401)."""

    async def get(self, scope: str, *, fresh: bool = False) -> str: ...


class Clock(Protocol):
    """The time (aware, UTC) and randomness in [0, 1): tests own both."""

    def now(self) -> datetime: ...
    def jitter(self) -> float: ...


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A record that a walk shows: when it was made and last changed, and the other side's id that it carries."""

    ref: Ref
    created: datetime
    changed: datetime
    counterpart: str = ""


class Walked(Protocol):
    """A side that can be walked from end to end: every own record that a person wants synchronised, newest first.

    `before` leaves out what was made later; `since` may leave out what was not changed from then on, or not.
    """

    def every(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]: ...
