"""Recording intents and settling what the servers answered, each by compare-and-set on the link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain import deal
from shared.domain.groups import Delivery
from shared.domain.intents import with_base
from shared.domain.link import MOST_INTENTS, Base, Intent, Link, Purpose
from shared.domain.plan import Plan
from shared.domain.record import Snapshot
from shared.domain.values import Digest, Side, digest, digests
from shared.errors import Conflict, Remote
from shared.ports import LinkMoved
from shared.sync.desk import Desk

ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What was seen and what was answered under one plan; `cut_short` when not all of it was carried out."""

    plan: Plan
    seen: Mapping[Side, Snapshot]
    answers: Mapping[Side, Snapshot]
    cut_short: bool = False


def first_base(link: Link, record: Snapshot, *, marker: str = "") -> Link:
    """The base of a side that was just created: everything it shows.

    No version yet: the pair still has to be tied together, and until then nothing may be skipped as known.
    """
    shown = digests(record.values, link.key)
    fresh = replace(link, base={**link.base, record.side: Base()})
    return with_base(fresh, record.side, shown, marked=bool(marker) and record.marker == marker)


def settle(link: Link, done: Settlement) -> Link:
    """The link's base after what was done: per side, what that side showed.

    Fields that were left keep their base, so that their difference is seen again when the reason is gone.
    """
    untaken = {name for _, name in refused(done)}
    sets = _sets(link, done, untaken)
    for side in Side:
        seen = done.seen[side]
        wrote = done.answers.get(side)
        shown = {name: digest(seen.values[name], link.key) for name in done.plan.settled if name in seen.values}
        if side.other in done.answers:
            sources = set(done.plan.to(side.other)) & set(seen.values) - untaken
            shown |= {name: digest(seen.values[name], link.key) for name in sources}
        if wrote is not None:
            names = set(done.plan.to(side)) & set(wrote.values) - untaken
            shown |= {name: digest(wrote.values[name], link.key) for name in names}
        shown |= sets[side]
        link = with_base(link, side, shown, version=_version(side, done), marked=_marked(link, side, done))
    return replace(link, invited=done.seen[Side.PARTNER].invited or link.invited)


def _sets(link: Link, done: Settlement, untaken: set[str]) -> Mapping[Side, dict[str, Digest]]:
    """The bases of sets that were written: of their elements, only those that were sent are settled."""
    sent = {side: digests(done.plan.to(side), link.key) for side in done.answers}
    names = {name for values in sent.values() for name, value in values.items() if isinstance(value, tuple)} - untaken
    bases: dict[Side, dict[str, Digest]] = {side: {} for side in Side}
    for name in names:
        seen = {side: digest(done.seen[side].values[name], link.key) for side in Side}
        written = {side: values[name] for side, values in sent.items() if name in values}
        answers = {side: answer.values for side, answer in done.answers.items() if name in answer.values}
        answered = {side: digest(values[name], link.key) for side, values in answers.items()}
        delivery = Delivery(seen=seen, sent=written, now=seen | written | answered)
        for side in Side:
            bases[side][name] = delivery.base(side, link.shown(side).get(name))
    return bases


def refused(done: Settlement) -> Mapping[tuple[Side, str], str]:
    """Fields that a server kept as they were, and its reason: its answer shows another value, and locks the field.

    Where the whole record is locked, as after a close, that is what the write came to and no answer to one field.
    """
    return {
        (side, name): reason
        for side, answer in done.answers.items()
        for name, value in done.plan.to(side).items()
        if (reason := answer.locked.get(name)) is not None
        and reason != answer.locked.get(deal.STAGE)
        and name in answer.values
        and answer.values[name] != value
    }


def _version(side: Side, done: Settlement) -> str:
    """The version to recognise as ours; none where the server changed more than it was asked to, so look again."""
    if done.cut_short and side not in done.answers:
        return ""
    return "" if surprised(side, done) else done.answers.get(side, done.seen[side]).version


def surprised(side: Side, done: Settlement) -> bool:
    """Did the answer show a change that nobody asked for? A plug-in's, then: it has to reach the other side too."""
    answer = done.answers.get(side)
    if answer is None:
        return False
    asked = set(done.plan.to(side))
    common = (set(answer.values) & set(done.seen[side].values) & set(done.plan.titles)) - asked
    return any(answer.values[name] != done.seen[side].values[name] for name in common)


def _marked(link: Link, side: Side, done: Settlement) -> bool:
    answer = done.answers.get(side)
    known = link.base[side].marked if side in link.base else False
    return known if answer is None else bool(answer.marker)


async def begin(desk: Desk, link: Link, intent: Intent) -> Link:
    """Record an intent before anything is written under it; whoever moved the link meanwhile goes first."""
    return await save(desk, replace(link, intents=(*_room(link.intents, intent.purpose), intent)))


def _room(intents: tuple[Intent, ...], purpose: Purpose) -> tuple[Intent, ...]:
    """Of four intents at most, the newest write may still land, and the first creation may have."""
    most = MOST_INTENTS - 1
    return intents[:most] if purpose is Purpose.CREATE else intents[-most:]


async def finish(desk: Desk, link: Link, intent: Intent, change: Callable[[Link], Link]) -> Link:
    """Store what was settled. If the link moved, only notes were added by others: settle on top of them.

    Whoever no longer finds his own intent has lost his lease: somebody else settled for him.
    """
    for _ in range(ATTEMPTS):
        try:
            return await desk.links.save(change(link))
        except LinkMoved:
            link = await desk.links.get(link.key)
            if all(other.id != intent.id or other.passed for other in link.intents):
                raise moved() from None
    raise moved()


async def save(desk: Desk, link: Link) -> Link:
    """Store a link that nobody may have moved since it was read."""
    try:
        return await desk.links.save(link)
    except LinkMoved as error:
        raise moved() from error


def moved() -> Conflict:
    """What to raise when the link is no longer the one that was read: somebody is at the same deal."""
    return Conflict(Remote(system="link store", message="the link was changed by another worker"))


def without(link: Link, intent: Intent) -> Link:
    """The link without one intent."""
    return replace(link, intents=tuple(other for other in link.intents if other.id != intent.id))


def released(link: Link, intent: Intent, now: datetime) -> Link:
    """The link whose intent no longer keeps others out, but is still recognised by its marker."""
    ended = replace(intent, expires=now)
    return replace(link, intents=tuple(ended if other.id == intent.id else other for other in link.intents))


def remaining(link: Link, intent: Intent, side: Side) -> Link:
    """The link whose intent covers one side only: the other one is settled."""
    narrowed = replace(intent, will={side: intent.will.get(side, {})})
    return replace(link, intents=tuple(narrowed if other.id == intent.id else other for other in link.intents))
