"""The platform in memory: link store, queues, cursors, pauses, parked signals, a clock and a telemetry recorder.

Deterministic: nothing here reads the real time or real randomness. `hook` is awaited before and after every effect
(`"links.save"`, then `"links.save done"`), so a test can let others run there, or die there.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.domain.link import Link
from shared.domain.outcome import Outcome
from shared.domain.values import Ref, Side
from shared.messages import Look, Signal
from shared.platform.telemetry_names import EVENTS
from shared.ports import Facts, LinkMoved, ParkedEntry, Queued

Hook = Callable[[str], Awaitable[None]]
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


async def nothing(_: str) -> None:
    """The hook of a test that does not interfere."""


class FakeClock:
    """Time stands still until it is advanced; jitter comes from a seed."""

    def __init__(self, at: datetime = START, *, seed: int = 0) -> None:
        self.at = at
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def now(self) -> datetime:
        return self.at

    def jitter(self) -> float:
        return self._random.random()

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def jump(self, at: datetime) -> None:
        """Move to `at`, never back."""
        self.at = max(self.at, at)


class FakeLinks:
    """Links by key, with a tag that changes at every save."""

    def __init__(
        self, pair: str = "cosell", *, hook: Hook = nothing, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.pair = pair
        self.now = now
        self.rows: dict[str, Link] = {}
        self.stored: dict[str, datetime] = {}
        self.hook = hook
        self._tags = itertools.count(1)

    async def get(self, key: str) -> Link:
        await self.hook("links.get")
        found = self.rows.get(key) or Link(pair=self.pair, key=key)
        await self.hook("links.get done")
        return found

    async def by_partner(self, ident: str) -> Link | None:
        await self.hook("links.by_partner")
        found = next((link for link in self.rows.values() if link.partner == ident), None)
        await self.hook("links.by_partner done")
        return found

    async def save(self, link: Link) -> Link:
        await self.hook("links.save")
        stored = self._swap(link)
        await self.hook("links.save done")
        return stored

    async def move(self, before: Link, after: Link) -> Link:
        await self.hook("links.move")
        self._check(before)
        self._check(after, but=before.key)
        self._put(before)
        stored = self._put(after)
        await self.hook("links.move done")
        return stored

    def _swap(self, link: Link) -> Link:
        self._check(link)
        return self._put(link)

    def _check(self, link: Link, but: str = "") -> None:
        held = self.rows.get(link.key)
        if (held.tag if held else None) != link.tag:
            raise LinkMoved(link.key)
        rivals = (other for other in self.rows.values() if other.key not in (link.key, but))
        if link.partner is not None and any(other.partner == link.partner for other in rivals):
            raise LinkMoved(f"{link.partner} belongs to another deal than {link.key}")

    def _put(self, link: Link) -> Link:
        self.rows[link.key] = replace(link, tag=str(next(self._tags)))
        self.stored[link.key] = self.now()
        return self.rows[link.key]

    async def waiting_on(self, ref: Ref) -> tuple[str, ...]:
        await self.hook("links.waiting_on")
        return tuple(sorted(link.key for link in self.rows.values() if ref in link.waiting))

    async def every(self) -> AsyncIterator[Link]:
        for key in sorted(self.rows):
            await self.hook("links.every")
            yield self.rows[key]

    async def recent(self, since: datetime) -> AsyncIterator[Link]:
        await self.hook("links.recent")
        for key in sorted(self.rows):
            if self.stored[key] >= since:
                yield self.rows[key]


@dataclass(frozen=True, order=True)
class Sent:
    """A message on a queue: when it becomes visible, in which order it was sent, and its body."""

    visible: datetime
    number: int
    body: bytes = field(compare=False)
    delay: float = field(default=0, compare=False)

    @property
    def signal(self) -> Signal:
        return Signal.decoded(self.body)

    @property
    def look(self) -> Look:
        return self.signal.look


class FakeSignals:
    """All queues in one heap by time; `log` keeps everything ever sent."""

    def __init__(self, clock: FakeClock, *, hook: Hook = nothing) -> None:
        self._clock = clock
        self._numbers = itertools.count()
        self.hook = hook
        self.heap: list[Sent] = []
        self.log: list[Sent] = []
        self.poisoned: Counter[str] = Counter()  # by the name of a poison queue

    async def send(self, signal: Signal, *, delay: float = 0) -> None:
        await self.hook("signals.send")
        visible = self._clock.now() + timedelta(seconds=max(0.0, delay))
        self.put(Sent(visible, next(self._numbers), signal.encoded().encode(), delay))
        await self.hook("signals.send done")

    async def ping(self) -> None:
        await self.hook("signals.ping")

    async def lengths(self) -> Mapping[str, int]:
        return Counter(sent.look.value for sent in self.heap) + self.poisoned

    async def queued(self) -> tuple[Queued, ...]:
        await self.hook("signals.queued")
        return tuple(self._queued(look) for look in Look if any(sent.look is look for sent in self.heap))

    def _queued(self, look: Look) -> Queued:
        sent = [each.visible for each in self.heap if each.look is look]
        due = [visible for visible in sent if visible <= self._clock.now()]
        return Queued(name=look.value, length=len(sent), oldest=min(due, default=None))

    def put(self, sent: Sent) -> None:
        """Put a message on the queue, also one that was taken and comes back, or comes twice."""
        heapq.heappush(self.heap, sent)
        self.log.append(sent)

    def take(self) -> Sent | None:
        """The next message that is visible now; it is off the queue."""
        return heapq.heappop(self.heap) if self.heap and self.heap[0].visible <= self._clock.now() else None

    @property
    def next_at(self) -> datetime | None:
        return self.heap[0].visible if self.heap else None

    @property
    def waiting(self) -> list[Signal]:
        return [sent.signal for sent in sorted(self.heap)]


class FakeCursors:
    """Named texts."""

    def __init__(self, *, hook: Hook = nothing) -> None:
        self.texts: dict[str, str] = {}
        self.hook = hook

    async def get(self, name: str) -> str | None:
        await self.hook("cursors.get")
        return self.texts.get(name)

    async def put(self, name: str, text: str) -> None:
        await self.hook("cursors.put")
        self.texts[name] = text
        await self.hook("cursors.put done")

    async def swap(self, name: str, before: str | None, after: str) -> bool:
        await self.hook("cursors.swap")
        same = self.texts.get(name) == before
        if same:
            self.texts[name] = after
        await self.hook("cursors.swap done")
        return same


class FakePauses:
    """Pauses by system: the later end stands."""

    def __init__(self, *, hook: Hook = nothing) -> None:
        self.ends: dict[Side, tuple[datetime, str]] = {}
        self.hook = hook

    async def until(self, system: Side) -> datetime | None:
        await self.hook("pauses.until")
        return self.ends[system][0] if system in self.ends else None

    async def pause(self, system: Side, until: datetime, reason: str) -> None:
        await self.hook("pauses.pause")
        if system not in self.ends or self.ends[system][0] < until:
            self.ends[system] = (until, reason)
        await self.hook("pauses.pause done")

    async def clear(self, system: Side) -> None:
        await self.hook("pauses.clear")
        self.ends.pop(system, None)


class FakeParked:
    """Parked signals by pair and record."""

    def __init__(self, *, hook: Hook = nothing) -> None:
        self.entries: dict[tuple[str, Ref], ParkedEntry] = {}
        self.hook = hook

    async def put(self, entry: ParkedEntry) -> None:
        await self.hook("parked.put")
        self.entries[entry.pair, entry.ref] = entry
        await self.hook("parked.put done")

    async def get(self, pair: str, ref: Ref) -> ParkedEntry | None:
        await self.hook("parked.get")
        return self.entries.get((pair, ref))

    async def clear(self, pair: str, ref: Ref) -> None:
        await self.hook("parked.clear")
        self.entries.pop((pair, ref), None)

    async def every(self) -> AsyncIterator[ParkedEntry]:
        for key in sorted(self.entries):
            await self.hook("parked.every")
            yield self.entries[key]


@dataclass(frozen=True, kw_only=True)
class Told:
    """One outcome that telemetry was told of."""

    signal: Signal
    outcome: Outcome
    facts: Facts


class FakeTelemetry:
    """Remembers what it was told; an event or field that nobody is promised is a mistake."""

    def __init__(self) -> None:
        self.outcomes: list[Told] = []
        self.events: list[tuple[str, dict[str, str | float]]] = []

    def outcome(self, signal: Signal, outcome: Outcome, facts: Facts) -> None:
        self.outcomes.append(Told(signal=signal, outcome=outcome, facts=facts))

    def event(self, name: str, **fields: str | float) -> None:
        assert set(fields) == set(EVENTS[name]), name
        self.events.append((name, fields))


class FakeTokens:
    """A token per scope and number of the asking."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    async def get(self, scope: str, *, fresh: bool = False) -> str:
        self.asked.append((scope, fresh))
        return f"sandbox-token-{len(self.asked)}"
