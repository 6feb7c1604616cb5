"""Reasons to look no further, or not yet: each is safe for what it says and for nothing else (rules.md §7, §10)."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.code import Code
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, delayed, left
from shared.domain.record import Snapshot
from shared.domain.values import Side
from shared.messages import Look, Signal, Why
from shared.sync import retry
from shared.sync.desk import Desk
from shared.sync.pairs import FAILED
from shared.sync.promotion import unfinished
from shared.sync.telling import Trail


def skipped(desk: Desk, link: Link, signal: Signal) -> Outcome | None:
    """Reasons to look no further that need nothing but the link."""
    if signal.why is Why.REPLAY:
        return None
    if link.moved:
        return left("it was a lead, and its deal goes on as an opportunity of its own", Code.MOVED_ON)
    if link.gone is not None:
        return left(f"its record in {desk.titles[link.gone]} is gone", Code.GONE)
    if link.detached and link.linked:
        return left("reopened after its referral was closed for good", Code.DETACHED)
    asleep = link.outcome is not None and link.outcome.kind == Kind.DELAYED and link.wake_at is not None
    if asleep and link.wake_at and desk.clock.now() + timedelta(seconds=1) < link.wake_at:
        return left("it is looked at again when its delay is over", Code.ASLEEP)
    return None


def not_yet(trail: Trail, signal: Signal, link: Link | None, title: str) -> Outcome | None:
    """The lag is counted from the announcement, and for a linked record from the first look that missed it.

    An old signal says nothing of a record that was made a moment ago, and a look that stalled after its read nothing of
    what came to be readable meanwhile: the lag ends where the look began.
    """
    reason, now = f"announced and not readable yet in {title}", trail.desk.clock.now()
    if link is None:
        since = signal.first_sent or now
    elif link.gone is not None:
        return None
    else:
        missed = link.outcome is not None and link.outcome.reason == reason
        since = link.outcome.at if link.outcome is not None and missed else now
    if trail.began - since >= retry.LAG:
        return None
    return delayed(reason, Code.NOT_SHOWN_YET, retry.lagging(now - since))


def was_asleep(link: Link) -> bool:
    """What was said of Microsoft's side while the deal was delayed was acknowledged without a look."""
    return bool(link.invited) and link.outcome is not None and link.outcome.kind == Kind.DELAYED


def nothing_new(link: Link, referral: Snapshot, signal: Signal) -> bool:
    """The one shortcut that is safe: this very version was settled, and nothing is unfinished (rules.md §7)."""
    begun = bool(link.intents or link.owed or link.waiting or link.unsaid or unfinished(link))
    failed = link.outcome is not None and link.outcome.kind in FAILED
    narrow = signal.look is not Look.COSELL and signal.why in (Why.EVENT, Why.HEAL)
    return narrow and not begun and not failed and referral.version == link.version(Side.PARTNER)
