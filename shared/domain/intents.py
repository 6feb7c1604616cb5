"""Finishing or dropping what an earlier worker began: the records show whether its write took effect.

    worker A   read link ── intent A ── PATCH(If-Match v1, marker A) ── crash
    worker B                                                  read link, read sides ── is A's marker there?
                 yes: A's write took effect; the base moves to what A wrote, and what changed since is an edit
                 no:  A's write did not happen; its intent stays until it cannot happen any more

Without the marker B could not tell "A wrote x" from "a user wrote x", and would lose the user's next edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.groups import Delivery, landed
from shared.domain.link import MOST_INTENTS, Base, Intent, Link, Purpose, Shown
from shared.domain.values import Digest, Side

FORGET = timedelta(hours=1)  # no request lives so long after its lease


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What one side shows now: its marker, version, and digests."""

    marker: str | None
    version: str
    shown: Shown


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The link with every finished intent applied; `busy` where a lease is still open.

    `unclear` are the fields of a side without a marker of which nobody can say who wrote them: the newest wins.
    """

    link: Link
    busy: Intent | None = None
    unclear: frozenset[str] = frozenset()


def resolve(link: Link, sides: Mapping[Side, Looked], now: datetime) -> Resolved:
    """Apply what took effect, drop what can never, report an open lease."""
    unclear: set[str] = set()
    kept: list[Intent] = []
    for intent in link.intents:
        if intent.purpose is not Purpose.WRITE:
            kept.append(intent)
            continue
        effective = {side for side in intent.will if sides[side].marker == intent.id}
        rest = set(intent.will) - effective
        if rest and intent.open(now):
            return Resolved(link=link, busy=intent)
        for side in sorted(effective):
            link = _apply(link, intent, side, intent.will[side])
        if Side.CRM in effective:  # what was to be said lay in the same write
            link = replace(link, unsaid=())
        for side in sorted(rest):
            link, doubtful = _without_marker(link, intent, side, sides[side])
            unclear |= doubtful
        if any(_may_still_land(intent, side, sides[side], now) for side in rest):
            kept.append(replace(intent, passed=True, will={side: intent.will[side] for side in rest}))
    return Resolved(link=replace(link, intents=tuple(kept[-MOST_INTENTS:])), unclear=frozenset(unclear))


def _apply(link: Link, intent: Intent, side: Side, fields: Shown) -> Link:
    """The base after an intent's write to `side`: there what was written, on the other side what was seen."""
    other_seen = intent.seen[side.other].shown if side.other in intent.seen else {}
    copied = {name: other_seen[name] for name in fields if name in other_seen}
    bases = {side: dict(fields), side.other: copied}
    for name in (name for name, value in fields.items() if isinstance(value, tuple) and name in other_seen):
        seen = {side: intent.seen[side].shown.get(name, ()), side.other: other_seen[name]}
        delivery = Delivery(seen=seen, sent={side: fields[name]}, now={**seen, side: fields[name]})
        for each in Side:
            bases[each][name] = delivery.base(each, link.shown(each).get(name))
    return with_base(with_base(link, side, bases[side]), side.other, bases[side.other])


def _without_marker(link: Link, intent: Intent, side: Side, looked: Looked) -> tuple[Link, set[str]]:
    """A side that has never shown a marker proves nothing by its absence: compare versions, then values.

    A version that moved although nothing shows an edit may be our write and an edit back: nobody can say.
    """
    before = intent.seen.get(side, Base())
    if before.marked or looked.version == before.version:
        return link, set()
    will = intent.will[side]
    there = _landed(will, before.shown, looked.shown)
    edited = any(looked.shown[name] != value for name, value in before.shown.items() if name in looked.shown)
    return _apply(link, intent, side, there), set(will) - set(there) if there or not edited else set()


def _landed(will: Shown, seen: Shown, now: Shown) -> Shown:
    """What a side shows of what was to be written: of a set, its elements one by one.

    A set that somebody edited after our write still shows what we sent of it, and that is no news of that side:
    it would undo what the other side has done to the same element since.
    """
    parts = {name: _part(value, seen.get(name), now.get(name)) for name, value in will.items()}
    return {name: part for name, part in parts.items() if part is not None}


def _part(value: Digest, seen: Digest | None, now: Digest | None) -> Digest | None:
    if now == value:
        return value
    return landed(seen=seen, sent=value, now=now) if isinstance(value, tuple) else None


def _may_still_land(intent: Intent, side: Side, looked: Looked, now: datetime) -> bool:
    """A late write lands only while the version it names is still the record's."""
    before = intent.seen.get(side, Base())
    return looked.version == before.version and now < intent.expires + FORGET


def with_base(link: Link, side: Side, shown: Shown, *, version: str | None = None, marked: bool | None = None) -> Link:
    """The link with some fields of one side's base moved."""
    before = link.base.get(side, Base())
    after = replace(
        before,
        shown={**before.shown, **shown},
        version=before.version if version is None else version,
        marked=before.marked if marked is None else marked,
    )
    return replace(link, base={**link.base, side: after})
