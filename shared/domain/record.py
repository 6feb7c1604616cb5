"""One side's record as it was read, and what is written beside its fields for the seller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from shared.domain.values import Ref, Side, Values

NO_LOCKS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One side's record as it was read, in the deal's vocabulary.

    ref          the record; `version` its eTag, sent back as If-Match
    values       only the fields that this read shows; an absent field is not merged, None is an empty one
    counterpart  id of the other side's record that this one carries ("" where it carries none)
    marker       the id of our last write that it carries; "" where it could carry one and does not, None where nobody
                 knows whether it could
    modified     when it was last written, by the server's clock (UTC)
    locked       field -> why it cannot be written on this record now
    related      records whose change may mend this one (account, contact, owner, solution rows)
    shared       a person wants this record synchronised (the sync column); always true of a referral
    ours         false for the other party's record (Microsoft's side of a deal), which is only ever read
    lead         classified as a lead rather than as a deal
    origin       the record of the same side that this one was made from (an opportunity's lead)
    parent       what holds both parties' records together (engagement id); "" where there is nothing such
    invited      id of the other party's record in the same parent; None where none was seen
    link         address of the record for a person
    native       the gateway's own reading of the record; nobody else looks into it
    """

    side: Side
    ref: Ref
    version: str
    values: Values
    modified: datetime
    created: datetime
    counterpart: str = ""
    marker: str | None = None
    locked: Mapping[str, str] = field(default_factory=lambda: NO_LOCKS)
    related: tuple[Ref, ...] = ()
    shared: bool = True
    ours: bool = True
    lead: bool = False
    origin: Ref | None = None
    parent: str = ""
    invited: str | None = None
    link: str = ""
    name: str = ""
    native: object = field(default=None, compare=False, repr=False)


class Mark(StrEnum):
    """The mark before a record's name."""

    CHECK = "✓"
    CROSS = "✗"


@dataclass(frozen=True, kw_only=True)
class Note:
    """What the seller is told: one Audit line without its date, and a mark (None leaves the mark as it is)."""

    line: str = ""
    mark: Mark | None = None


NO_NOTE = Note()
