"""`cosell sync`: a signal for every record of both sides, so that deals older than the first start are shared too.

    page ─► signals ─► place noted ─► next page         a run that dies is gone on with where its place says

A signal too many costs one look, so a page is sent again rather than left out. Nothing is kept of what was sent.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from shared.domain.values import Ref, Side
from shared.messages import Look, Signal, Why
from shared.ports import Clock, Cursors, Links, Listed, Signals, Walked

NAME = "sync"
OVER = ""  # in place of a place: no run is unfinished

Room = Callable[[], Awaitable[None]]


async def always_room() -> None:
    """Nobody has to wait until earlier signals were worked on."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One kind of record to walk, and the look that each is given."""

    side: Side
    look: Look
    kind: str
    walked: Walked

    async def pages(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        """Those that changed from `since` on, whether the side can tell by itself or not."""
        async for page in self.walked.every(before=before, since=since):
            yield tuple(one for one in page if since is None or one.changed >= since)

    def signal(self, pair: str, ref: Ref, now: datetime) -> Signal:
        return Signal(pair=pair, look=self.look, side=self.side, kind=ref.kind, id=ref.id, why=Why.SYNC, first_sent=now)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an unfinished run is: which kind it walks, and that all made later than `before` was sent."""

    began: datetime
    since: datetime | None = None
    kind: str = ""
    before: datetime | None = None

    def encoded(self) -> str:
        times = {"began": self.began, "since": self.since, "before": self.before}
        return json.dumps({"kind": self.kind} | {name: at.isoformat() for name, at in times.items() if at})

    @classmethod
    def decoded(cls, text: str | None) -> Place | None:
        """None where no run is unfinished, and for a text that does not say where: it then begins anew."""
        try:
            found = json.loads(text or "null")
            times = {name: _moment(found[name]) for name in ("began", "since", "before") if name in found}
            return cls(kind=str(found["kind"]), **times)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            return None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is: records signalled by kind, those left to the other side's walk, and whether it went on."""

    sent: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    resumed: bool = False


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Walks `routes` in order; `room` waits until the queues take more."""

    routes: Sequence[Route]
    links: Links
    signals: Signals
    cursors: Cursors
    clock: Clock
    pair: str
    room: Room = always_room

    async def run(self, since: datetime | None = None, *, restart: bool = False) -> AsyncIterator[Progress]:
        """Progress after each page. An unfinished run for the same `since` is gone on with, unless `restart`."""
        place = None if restart else Place.decoded(await self.cursors.get(NAME))
        known = {route.kind for route in self.routes}
        if place is None or place.since != since or place.kind not in known:
            place = Place(began=self.clock.now(), since=since, kind=self.routes[0].kind)
            progress = Progress()
        else:
            progress = Progress(resumed=True)
        yield progress
        for route in self._rest(place):
            place = place if route.kind == place.kind else replace(place, kind=route.kind, before=None)
            async for page, noted in self._placed(route, place):
                progress = await self._sent(route, page, since, progress)
                await self.cursors.put(NAME, noted.encoded())
                yield progress
        await self.cursors.put(NAME, OVER)

    def _rest(self, place: Place) -> Sequence[Route]:
        kinds = [route.kind for route in self.routes]
        return self.routes[kinds.index(place.kind) :]

    async def _placed(self, route: Route, place: Place) -> AsyncIterator[tuple[tuple[Listed, ...], Place]]:
        """Pages, and where one is once each was sent.

        A service that ignores the asked order would make a place leave records out: then it does not move any more.
        """
        ordered, last = True, place.before
        async for page in route.pages(before=place.before, since=place.since):
            for one in page:
                ordered = ordered and (last is None or one.created <= last)
                last = one.created
            place = replace(place, before=last) if ordered else place
            yield page, place

    async def _sent(self, route: Route, page: Sequence[Listed], since: datetime | None, progress: Progress) -> Progress:
        sent = 0
        await self.room()
        for one in page:
            if since is None and await linked_elsewhere(self.links, route, one.ref):
                continue
            await self.signals.send(route.signal(self.pair, one.ref, self.clock.now()))
            sent += 1
        count = progress.sent.get(route.kind, 0) + sent
        return replace(progress, sent={**progress.sent, route.kind: count}, left=progress.left + len(page) - sent)


async def linked_elsewhere(links: Links, route: Route, ref: Ref) -> bool:
    """A referral linked with an opportunity is looked at with that, which is walked too: once is enough."""
    if route.side is Side.CRM:
        return False
    link = await links.by_partner(ref.id)
    return link is not None and link.linked and not link.kind
