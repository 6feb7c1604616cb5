"""One translator from what happened to a signal to what the queue does.

    done, left      acknowledged                waiting, owed   acknowledged; events and heal come back to it
    delayed         sent again, later           parked          kept in a table until a person decides

Anything else is a bug: it is raised, tried by the queue five times and then parked by the poison function.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from shared.domain.code import Code
from shared.domain.codes import code_of
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, delayed, done, left, parked
from shared.domain.policy import Policy
from shared.domain.values import Ref, Side
from shared.errors import (
    AccessLost,
    BadMessage,
    Conflict,
    Misconfigured,
    RemoteError,
    Throttled,
    TooNew,
    Transient,
)
from shared.messages import Look, NewerMessage, Signal, Why
from shared.ports import Clock, Facts, Links, Parked, ParkedEntry, Pauses, Signals, Telemetry
from shared.sync import retry
from shared.sync.attempt import Attempt, again, ended, later, unlooked
from shared.sync.desk import Ended, elapsed
from shared.sync.reconcile import Reconcile

ACCESS_PAUSE = 60.0  # seconds between two looks at a system that lets nobody in
SETTINGS_DELAY = 300.0  # seconds until a signal is tried again that met a wrong setting
COME_THROUGH = frozenset({Kind.DONE, Kind.WAITING})  # outcomes of a whole look: what was parked of it is over
THROTTLE_PAUSE = 30.0  # seconds, where a 429 names none
SAME_PAUSE = timedelta(seconds=1)
NEWER_ADVICE_LINK = "Deploy that release again, then replay"
FAILED_ADVICE = "It failed for a week: see to that system, then replay"
NEWER_ADVICE = "Deploy that release again and replay, or replay under this one to have the record looked at"


class Job:
    """Runs one signal to its outcome and tells queue, tables and telemetry."""

    def __init__(
        self,
        *,
        reconcile: Reconcile,
        links: Links,
        signals: Signals,
        parked: Parked,
        pauses: Pauses,
        telemetry: Telemetry,
        clock: Clock,
        policy: Policy,
    ) -> None:
        self._reconcile = reconcile
        self._links = links
        self._signals = signals
        self._parked = parked
        self._pauses = pauses
        self._telemetry = telemetry
        self._clock = clock
        self._policy = policy

    async def run(self, body: bytes) -> Outcome:
        """Handle one queue message. Returns its outcome when everything that follows from it is durable."""
        signal = Signal.decoded(body)
        if signal.pair != self._policy.pair:
            raise BadMessage(f'no pair is called "{signal.pair}"')
        started = self._clock.now()
        attempt = await self._attempt(signal)
        await self._follow(signal, attempt)
        self._telemetry.outcome(signal, attempt.outcome, self._facts(signal, attempt, started))
        return attempt.outcome

    def _facts(self, signal: Signal, attempt: Attempt, started: datetime) -> Facts:
        """What is known of the deal after a look: by its link, or by the record that was looked at."""
        now, link, changed = self._clock.now(), attempt.link, attempt.outcome.since
        took, since = elapsed(started, now), elapsed(changed, now) if changed else None
        if link is not None:
            deal = link.moved if link.kind else link.key
            return Facts(link=link.key, referral=link.partner or "", deal=deal, took=took, since=since)
        referral = signal.id if signal.side is Side.PARTNER else ""
        deal = signal.id if signal.kind == self._reconcile.desk.deals.kind else ""
        return Facts(referral=referral, deal=deal, took=took, since=since)

    async def poisoned(self, body: bytes, *, reason: str) -> None:
        """Park a message that the queue gave up on; one that cannot be read is kept by what it is made of."""
        advice = "Look at the failed invocations, then replay"
        try:
            signal = Signal.decoded(body)
            ref, side = signal.ref, signal.side
        except NewerMessage as error:
            ref, side, advice = error.signal.ref, error.signal.side, NEWER_ADVICE
        except BadMessage:
            ref, side = Ref("unreadable", hashlib.sha256(body).hexdigest()[:16]), Side.CRM
        await self._park(ref, side, body, parked(reason, Code.BUG, advice))
        self._telemetry.event("message_poisoned", record=str(ref), reason=reason)

    # --- attempts -----------------------------------------------------------------------------------------------

    async def _attempt(self, signal: Signal) -> Attempt:
        if (pause := await self._pause()) is not None:
            return unlooked(delayed("a system is paused", Code.PAUSED, pause))
        try:
            if signal.side is Side.CRM and not self._reconcile.desk.is_deal(Side.CRM, signal.kind):
                return await self._wake_others(signal)
            return ended(await self._look_twice(signal))
        except (Transient, AccessLost, Misconfigured) as error:
            return await self._failed(signal, error)

    async def _failed(self, signal: Signal, error: Transient | AccessLost | Misconfigured) -> Attempt:
        """What time or an administrator mends: a delay, and a pause where a whole system is concerned."""
        age = self._clock.now() - (signal.first_sent or self._clock.now())
        if isinstance(error, TooNew) and age > retry.DEPLOYMENT:
            return Attempt(outcome=parked(str(error), Code.NEWER_RELEASE, NEWER_ADVICE_LINK))
        if isinstance(error, Transient) and age > retry.TOO_OLD:
            return Attempt(outcome=parked(str(error), Code.TOO_OLD, FAILED_ADVICE))
        match error:
            case TooNew():  # its link cannot even be read, so nothing is noted there
                attempt = Attempt(outcome=delayed(str(error), code_of(error), retry.transient(signal.tries, None, 0)))
            case Conflict():
                attempt = later(error, retry.soon(self._clock.jitter()))
            case Throttled():
                seconds = error.retry_after or THROTTLE_PAUSE
                await self._pause_system(error, seconds)
                attempt = later(error, seconds + self._clock.jitter() * 10)
            case AccessLost():
                await self._pause_system(error, ACCESS_PAUSE)
                attempt = later(error, ACCESS_PAUSE * (1 + self._clock.jitter() / 4))
            case Misconfigured():
                attempt = later(error, SETTINGS_DELAY)
            case Transient():
                attempt = await self._transient(signal, error)
        return attempt

    async def _look_twice(self, signal: Signal) -> Ended:
        """Somebody wrote meanwhile: look once more at once, and leave the rest to a delay with jitter."""
        try:
            return await self._reconcile(signal)
        except Conflict:
            return await self._reconcile(signal.model_copy(update={"why": again(signal.why)}))

    async def _pause(self) -> float | None:
        """Seconds until every system may be called again, with jitter so that not all come back at once."""
        now = self._clock.now()
        ends = [until for side in Side if (until := await self._pauses.until(side)) is not None and until > now]
        if not ends:
            return None
        rest = (max(ends) - now).total_seconds()
        return rest + self._clock.jitter() * min(rest, 30.0)

    async def _transient(self, signal: Signal, error: Transient) -> Attempt:
        delay = retry.transient(signal.tries, error.retry_after, self._clock.jitter())
        outcome = delayed(str(error), code_of(error), delay)
        await self._note_delay(signal, outcome)
        return Attempt(outcome=outcome)

    async def _note_delay(self, signal: Signal, outcome: Outcome) -> None:
        try:
            await self._reconcile.delay(signal.ref, signal.side, outcome)
        except Conflict as error:  # whoever moved the link is at the deal; the delayed signal comes anyway
            self._telemetry.event("delay_not_noted", record=str(signal.ref), reason=str(error))

    async def _pause_system(self, error: RemoteError, seconds: float) -> None:
        side = self._reconcile.desk.side_of(error.remote.system)
        if side is None:
            return
        end = self._clock.now() + timedelta(seconds=seconds)
        known = await self._pauses.until(side)
        if known is not None and end - known <= SAME_PAUSE:
            return  # every signal that was under way is told the same
        await self._pauses.pause(side, end, str(error))
        self._telemetry.event(
            "system_paused", system=side.value, seconds=seconds, code=code_of(error).value, reason=str(error)
        )

    async def _wake_others(self, signal: Signal) -> Attempt:
        """A record beside the deals changed: those that wait for it or show it are looked at again."""
        keys = {*await self._links.waiting_on(signal.ref), *await self._reconcile.showing(signal.ref)}
        for key in sorted(keys):
            kind = self._reconcile.desk.ref(await self._links.get(key)).kind
            await self._signals.send(
                Signal(pair=signal.pair, look=Look.OPPORTUNITY, side=Side.CRM, kind=kind, id=key, why=Why.AGAIN)
            )
        reason = f"deals that it concerns are looked at again: {len(keys)}" if keys else "it concerns no deal"
        return Attempt(outcome=done(reason, Code.OTHERS_WOKEN) if keys else left(reason, Code.NO_DEAL))

    # --- what follows -------------------------------------------------------------------------------------------

    async def _follow(self, signal: Signal, attempt: Attempt) -> None:
        outcome = attempt.outcome
        if outcome.kind is Kind.DELAYED:
            since = signal.first_sent or self._clock.now()
            if attempt.paused:
                signal = signal.model_copy(update={"first_sent": since + timedelta(seconds=outcome.delay or 0)})
            await self._send_again(signal, outcome.delay or 0, counts=attempt.counts, looked=attempt.looked)
        elif outcome.kind is Kind.PARKED:
            await self._park(*self._record_of(signal, attempt.link), signal.encoded().encode(), outcome)
        elif outcome.kind in COME_THROUGH:
            await self._clear(signal, attempt.link)
        if outcome.look_again:
            await self._send_again(signal, 0, counts=False)

    async def _send_again(self, signal: Signal, delay: float, *, counts: bool, looked: bool = True) -> None:
        """The same signal later. It keeps its cause before its first look."""
        why = again(signal.why) if looked else signal.why
        update = {
            "tries": signal.tries + 1 if counts else signal.tries,
            "first_sent": signal.first_sent or self._clock.now(),
            "why": why,
        }
        await self._signals.send(signal.model_copy(update=update), delay=delay)

    def _record_of(self, signal: Signal, link: Link | None) -> tuple[Ref, Side]:
        """A linked deal is parked once, whichever of its records was looked at."""
        if link is None or not link.linked:
            return signal.ref, signal.side
        return self._reconcile.desk.ref(link), Side.CRM

    async def _park(self, ref: Ref, side: Side, body: bytes, outcome: Outcome) -> None:
        entry = ParkedEntry(
            pair=self._policy.pair,
            ref=ref,
            side=side,
            reason=outcome.reason,
            advice=outcome.advice,
            body=body.decode("utf-8", "replace"),
            at=self._clock.now(),
        )
        await self._parked.put(entry)

    async def _clear(self, signal: Signal, link: Link | None) -> None:
        """A record's success clears what was parked of it, on either side."""
        refs = {signal.ref, *(self._reconcile.desk.refs(link) if link is not None else ())}
        for ref in sorted(refs):
            await self._parked.clear(self._policy.pair, ref)
