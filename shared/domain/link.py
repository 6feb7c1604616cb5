"""Which record is which, and what both sides showed when they last agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from shared.domain.values import Digest, Ref, Side

MOST_INTENTS = 4
Shown = Mapping[str, Digest]
NOTHING_SHOWN: Shown = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Base:
    """What one side showed when it was last settled: digests of its values, and its version then.

    `marked`: that side's own answer carried our marker, so the absence of a marker on it proves something.
    """

    version: str = ""
    shown: Shown = field(default_factory=lambda: NOTHING_SHOWN)  # 3.11 takes no mapping as a plain default
    marked: bool = False


class Purpose(StrEnum):
    """What an intent is about to do."""

    WRITE = "write"  # conditional writes to records that exist
    CREATE = "create"  # the counterpart is created
    INVITE = "invite"  # Microsoft's referral is created in the same engagement


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A lease on the link and a promise of what will be written.

    `id` is left on every record that is written under it (the marker), so that a later reader can tell
    whether the write took effect. `seen` is what each side showed, `will` what it is going to show.
    `passed`: its lease ran out and somebody went on; it is only kept to recognise a late write by its marker.
    """

    id: str
    purpose: Purpose
    started: datetime
    expires: datetime
    seen: Mapping[Side, Base] = field(default_factory=dict)
    will: Mapping[Side, Shown] = field(default_factory=dict)
    passed: bool = False

    def open(self, now: datetime) -> bool:
        return now < self.expires


@dataclass(frozen=True, kw_only=True)
class Flip:
    """A field was set to a value by us at a time: three turns between two values park the deal."""

    field: str
    side: Side
    digest: Digest
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """The outcome last written to the link, and so to Audit: kind (an `outcome.Kind`), reason, and its code.

    Releases before the codes wrote none.
    """

    kind: str
    reason: str
    at: datetime
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Carried:
    """When a change was last carried over, how many milliseconds after it had happened, and to which sides."""

    at: datetime
    ms: int
    to: tuple[Side, ...]


@dataclass(frozen=True, kw_only=True)
class Link:
    """Everything that is kept of one deal. `key` is the CRM record's id, and the salt of its digests.

    `kind` is the CRM record's kind where it is not yet a deal's (a lead). Once that has become a deal, `moved` is the
    key under which the deal goes on, and that link's `origin` is this record. `grown` is the marker of our own
    write that made a record ready to become a deal.
    `unsaid` are sentences that a failed write still owes to Audit. `gone` is the side whose record was deleted.
    `detached`: the row was reopened after its referral was closed for good, and they have parted; once somebody asks
    for a new referral, `partner` is empty until that one is made.
    `tag` is the store's own version for compare-and-set; None for a link that was never stored.
    """

    pair: str
    key: str
    partner: str | None = None
    kind: str = ""
    origin: Ref | None = None
    moved: str = ""
    grown: str = ""
    base: Mapping[Side, Base] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()
    invited: str | None = None
    wake_at: datetime | None = None
    outcome: Recorded | None = None
    carried: Carried | None = None
    waiting: tuple[Ref, ...] = ()
    tries: int = 0
    owed: tuple[str, ...] = ()
    owed_under: str = ""
    gone: Side | None = None
    detached: bool = False
    engagement: str = ""
    flips: tuple[Flip, ...] = ()
    unsaid: tuple[str, ...] = ()
    tag: str | None = None

    @property
    def linked(self) -> bool:
        return self.partner is not None and all(side in self.base for side in Side)

    @property
    def idents(self) -> tuple[str, ...]:
        """Ids of every record that the deal is or was known by: whoever names one of them means the deal."""
        return tuple(filter(None, (self.key, self.partner, self.origin.id if self.origin else "")))

    def shown(self, side: Side) -> Shown:
        return self.base[side].shown if side in self.base else NOTHING_SHOWN

    def version(self, side: Side) -> str:
        return self.base[side].version if side in self.base else ""
