"""Auto-heal: poll both sides for what no webhook announced, and come back to what waits, is owed or unfinished.

A pass sends signals and decides nothing. The first one only notes where history ends. Cursors move last: a pass that
dies half-way is repeated, and a signal too many costs one look.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.lifecycle import CLOSED
from shared.domain.link import Link
from shared.domain.outcome import Kind
from shared.domain.policy import Policy
from shared.domain.values import Ref, Side
from shared.messages import Look, Signal, Why
from shared.ports import Clock, Cursors, Gateway, Links, Seen, Signals, Telemetry
from shared.sync.baseline import baseline
from shared.sync.desk import elapsed
from shared.sync.promotion import unfinished

MISSED = timedelta(minutes=10)  # a delayed signal that is this late was lost
SLOW_ROUND = timedelta(hours=1)  # between two looks at every open engagement: a lost related event moves nothing
NOTED = frozenset({Kind.WAITING, Kind.OWED, Kind.PARKED})  # what stands in its way is known, and when to come back
# Of every deal that is linked and has not ended: how it stands.
STATES = {Kind.DONE: "in_step", Kind.LEFT: "in_step", **{kind: kind.value for kind in sorted(NOTED)}}
COUNTED = ("linked", "in_step", "waiting", "owed", "delayed", "parked", "ended")
LOOK_OF = {Side.PARTNER: Look.REFERRAL, Side.CRM: Look.OPPORTUNITY}
Known = tuple[Ref, Look]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a pass did: records polled, signals sent by cause, and whether it only noted where history ends."""

    polled: int
    signalled: int
    woken: int
    first: bool


@dataclass
class _Known:
    """Every link at the start of the pass, as far as polling needs it."""

    versions: dict[tuple[Side, str], str] = field(default_factory=dict)
    linked: set[tuple[Side, Ref]] = field(default_factory=set)
    waiting: dict[Ref, list[Ref]] = field(default_factory=lambda: defaultdict(list))
    wake: list[Known] = field(default_factory=list)
    count: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTED, 0)))


class Watch:
    """The auto-heal timer's one method."""

    def __init__(
        self,
        *,
        partner: Gateway,
        crm: Gateway,
        links: Links,
        cursors: Cursors,
        signals: Signals,
        clock: Clock,
        telemetry: Telemetry,
        policy: Policy,
        leads: Gateway | None = None,
    ) -> None:
        self._leads = leads.kind if leads else ""
        self._gateways = {Side.PARTNER: partner, Side.CRM: crm}
        self._links = links
        self._cursors = cursors
        self._signals = signals
        self._clock = clock
        self._telemetry = telemetry
        self._policy = policy

    async def run(self) -> Report:
        """One pass over both sides and all links."""
        await baseline(self._cursors, self._clock)
        began, last = self._clock.now(), await self._cursors.get("slow-round")
        slow = last is None or _due_again(last, began)
        known = await self._known(slow=slow and last is not None)
        first = False
        polled = signalled = 0
        for side in Side:
            seen, sent, started = await self._poll(side, known)
            polled, signalled, first = polled + seen, signalled + sent, first or started
        for ref, look in known.wake:
            await self._send(Side.CRM, ref, Why.AGAIN, look)
        if slow:
            await self._cursors.put("slow-round", began.isoformat())
        report = Report(polled=polled, signalled=signalled, woken=len(known.wake), first=first)
        took = elapsed(began, self._clock.now())
        self._telemetry.event("heal", polled=polled, signalled=signalled, woken=report.woken, took_ms=took)
        if slow:
            self._telemetry.event("deals_counted", **known.count)
        return report

    async def _known(self, *, slow: bool) -> _Known:
        known, now = _Known(), self._clock.now()
        async for link in self._links.every():
            row = Ref(link.kind or self._gateways[Side.CRM].kind, link.key)
            known.versions[Side.CRM, link.key] = link.version(Side.CRM)
            if link.partner:
                known.versions[Side.PARTNER, link.partner] = link.version(Side.PARTNER)
            if link.linked and link.gone is None:
                known.linked.add((Side.CRM, row))
                known.linked.add((Side.PARTNER, Ref(self._gateways[Side.PARTNER].kind, link.partner or "")))
            for ref in link.waiting:
                known.waiting[ref].append(row)
            known.count.update(states(link))
            if self._due(link, now):  # what is owed may be Microsoft's answer
                known.wake.append((row, Look.COSELL if link.invited else self._look(row)))
            elif slow and _engaged(link):
                known.wake.append((row, Look.COSELL))
        return known

    def _look(self, row: Ref) -> Look:
        return Look.LEAD if row.kind == self._leads else Look.OPPORTUNITY

    def _due(self, link: Link, now: datetime) -> bool:
        """Does this link need a look that no event will bring?"""
        kind = link.outcome.kind if link.outcome else ""
        late = link.wake_at is not None and now >= link.wake_at + (MISSED if kind == Kind.DELAYED else timedelta())
        owed = bool(link.owed) and link.owed_under != self._policy.fingerprint
        died = any(not intent.open(now) for intent in link.intents)
        cut_off = unfinished(link) and kind not in NOTED
        return not _ended(link) and (late or owed or died or bool(link.unsaid) or cut_off)

    async def _poll(self, side: Side, known: _Known) -> tuple[int, int, bool]:
        """Poll one side and signal what is news: records polled, signals sent, whether it was the baseline."""
        name = f"poll-{side}"
        before = await self._cursors.get(name)
        polled = sent = 0
        cursor, present, full = None, set[Ref](), frozenset[str]()
        async for page in self._gateways[side].changes(before):
            full, cursor = full or page.full, page.cursor
            for seen in page.seen:
                polled += 1
                present.add(seen.ref)
                sent += await self._signal(side, seen, known)
        listed = {ref for at, ref in known.linked if at is side and ref.kind in full}
        for ref in sorted(listed - present):  # gone, or too new for this list
            sent += await self._send(side, ref, Why.HEAL, self._look_of(side, ref))
        if cursor is not None and (before is None or not self._policy.dry_run):
            await self._cursors.put(name, cursor)
        return polled, sent, before is None

    async def _signal(self, side: Side, seen: Seen, known: _Known) -> int:
        if seen.ref.kind not in (self._gateways[side].kind, self._leads):
            return await self._beside(side, seen, known)
        version = known.versions.get((side, seen.ref.id))
        if seen.gone:
            why = Why.GONE if (side, seen.ref) in known.linked else None
        elif seen.ref.kind == self._leads and version is None:
            why = None  # a lead of the CRM's own
        else:
            why = None if version == seen.version else Why.HEAL
        return await self._send(side, seen.ref, why, self._look_of(side, seen.ref)) if why else 0

    def _look_of(self, side: Side, ref: Ref) -> Look:
        return self._look(ref) if side is Side.CRM else LOOK_OF[side]

    async def _beside(self, side: Side, seen: Seen, known: _Known) -> int:
        """A record that is no deal: Microsoft's referral is looked at, others wake the deals that wait for them."""
        if side is Side.PARTNER:
            return await self._send(side, Ref(self._gateways[side].kind, seen.ref.id), Why.HEAL, Look.COSELL)
        sent = 0
        for row in known.waiting.get(seen.ref, ()):
            sent += await self._send(Side.CRM, row, Why.AGAIN, self._look(row))
        return sent

    async def _send(self, side: Side, ref: Ref, why: Why, look: Look) -> int:
        signal = Signal(
            pair=self._policy.pair,
            look=look,
            side=side,
            kind=ref.kind,
            id=ref.id,
            why=why,
            first_sent=self._clock.now(),
        )
        await self._signals.send(signal)
        return 1


def _due_again(last: str, now: datetime) -> bool:
    """Whether the last slow round was long ago; at a time that cannot be read it was."""
    try:
        return now - datetime.fromisoformat(last) >= SLOW_ROUND
    except (ValueError, TypeError):
        return True


def _ended(link: Link) -> bool:
    """Nothing more happens to it: a record is gone, the row parted with its closed referral, or goes on elsewhere."""
    return link.gone is not None or (link.detached and link.linked) or bool(link.moved)


def states(link: Link) -> tuple[str, ...]:
    """What a link counts as; a deal that only waits to be linked counts as waiting and not as linked."""
    if link.moved:
        return ()
    if _ended(link) or link.shown(Side.PARTNER).get("stage") in CLOSED:
        return ("ended",)
    kind = link.outcome.kind if link.outcome else Kind.DONE
    state = STATES.get(Kind(kind), "delayed") if kind in set(Kind) else "delayed"
    return ("linked", state) if link.linked else (state,) if state in NOTED else ()


def _engaged(link: Link) -> bool:
    """An open deal that Microsoft may answer in: what it answers moves no record of ours."""
    closed = str(link.shown(Side.PARTNER).get("stage", "")) not in ("active", "pending")
    return link.linked and bool(link.engagement) and not closed and not _ended(link)
