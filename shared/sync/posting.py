"""The intents of a creation: announced before the call, looked up when its answer is missing (rules.md §4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.domain.code import Code
from shared.domain.link import Base, Intent, Link, Purpose
from shared.domain.outcome import Outcome, delayed
from shared.domain.record import Snapshot
from shared.domain.values import Side, Values, digests
from shared.errors import AccessLost, CosellError, Transient, Unavailable
from shared.ports import Draft
from shared.sync import retry
from shared.sync.desk import Desk
from shared.sync.settle import finish, moved, released, without


def announce(
    desk: Desk, key: str, to: Side, source: Snapshot, values: Values, purpose: Purpose = Purpose.CREATE
) -> Intent:
    """An intent to create a record on `to` from what `source` shows now."""
    seen = Base(version=source.version, shown=digests(source.values, key))
    return replace(desk.intent(purpose), seen={source.side: seen}, will={to: digests(values, key)})


def last(link: Link, purpose: Purpose) -> Intent | None:
    """The newest intent of that purpose."""
    return next((intent for intent in reversed(link.intents) if intent.purpose is purpose), None)


def wait(desk: Desk, posted: Intent) -> Outcome | None:
    """A POST's outcome is looked up only when it can no longer be on its way, nor missing from a list by lag."""
    now = desk.clock.now()
    if posted.open(now):
        return desk.busy(posted)
    rest = (posted.started + timedelta(seconds=desk.policy.posting) - now).total_seconds()
    if rest <= 0:
        return None
    reason = "the outcome of an unanswered creation is looked up when it is certain"
    return delayed(reason, Code.UNANSWERED, rest + retry.soon(desk.clock.jitter()))


async def attempt(desk: Desk, link: Link, intent: Intent, draft: Draft) -> Snapshot:
    """Create; a clear no takes the intent back, no answer leaves it to be looked up.

    A row's creation is several calls, and any of them may fail for a while after the row was made. It may be repeated
    at once, under the same id: then only its lease ends, and its marker stays known.
    """
    gateway = desk.crm if draft.id else desk.partner
    if not desk.in_time(intent):
        await finish(desk, link, intent, lambda current: without(current, intent))
        raise moved()
    try:
        return await gateway.create(draft)
    except (Transient, AccessLost) as error:
        if draft.id:
            await finish(desk, link, intent, lambda current: released(current, intent, desk.clock.now()))
        elif not isinstance(error, Unavailable):
            await finish(desk, link, intent, lambda current: without(current, intent))
        raise
    except CosellError:
        await finish(desk, link, intent, lambda current: without(current, intent))
        raise
