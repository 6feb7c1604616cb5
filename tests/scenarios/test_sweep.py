"""`cosell sync --all` and `--since`: history is shared on request, once, and a run that dies is gone on with."""

from __future__ import annotations

import gc
import itertools
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Ref, Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Signal, Why
from shared.ports import Listed
from shared.sync.sweep import NAME, OVER, Place, Progress, Route, Sweep
from tests.fakes.store import START, FakeClock, FakeCursors, FakeLinks
from tests.fakes.world import LIVE, World
from tests.scenarios.foretelling import Apart


def routes(world: World) -> Sequence[Route]:
    return (
        Route(side=Side.CRM, look=Look.OPPORTUNITY, kind="opportunity", walked=world.crm),
        Route(side=Side.PARTNER, look=Look.REFERRAL, kind="referral", walked=world.partner),
    )


def sweep(world: World) -> Sweep:
    return Sweep(
        routes=routes(world),
        links=world.links,
        signals=world.signals,
        cursors=world.cursors,
        clock=world.clock,
        pair="cosell",
    )


async def swept(world: World, since: datetime | None = None, *, restart: bool = False) -> Progress:
    progress = [each async for each in sweep(world).run(since, restart=restart)]
    return progress[-1]


async def with_history(count: int = 3) -> World:
    """Referrals and opportunities that were there before the first start."""
    w = Apart(webhooks=False)
    for number in range(count):
        w.partner.make(**{deal.NAME: f"referral {number}"})
        w.crm.make(**{deal.NAME: f"row {number}"})
        w.clock.advance(60)
    w.clock.advance(3600)
    await w.heal()
    return w


async def test_history_is_shared_on_request_alone() -> None:
    """Heal leaves what is older than the first start; sync makes each of them one pair, and a second run nothing."""
    w = await with_history()
    await w.heal()
    assert w.links.rows == {}
    told = await swept(w)
    await w.settle()
    assert (dict(told.sent), told.resumed) == ({"opportunity": 3, "referral": 3}, False)
    assert {len(w.partner.rows), len(w.crm.rows), len(w.links.rows)} == {6}
    assert all(link.linked for link in w.links.rows.values())
    await swept(w)
    await w.settle()

    assert {len(w.partner.rows), len(w.crm.rows), len(w.links.rows)} == {6}


async def test_linked_deals_are_looked_at_once() -> None:
    """A second sync asks for a look at each opportunity, and leaves its linked referral to that."""
    w = await with_history()
    await swept(w)
    await w.settle()

    again = await swept(w)
    assert (dict(again.sent), again.left) == ({"opportunity": 6, "referral": 0}, 6)


async def test_what_is_closed_or_not_shared_stays_alone() -> None:
    """History that came to its end, and rows whose sync column is no, are nobody's new deals."""
    w = await with_history(1)
    (referral,), (row,) = w.partner.rows.values(), w.crm.rows.values()
    referral.values[deal.STAGE] = Stage.WON
    row.shared = False
    await swept(w)
    await w.settle()

    assert (len(w.partner.rows), len(w.crm.rows)) == (1, 1)


async def test_since_signals_what_changed_from_then_on() -> None:
    """Both sides' records that changed before that day are left out, linked or not."""
    w = await with_history()
    since = w.clock.now()
    w.clock.advance(60)
    w.partner.edit(next(iter(w.partner.rows)), **{deal.NOTES: "changed since"})

    assert dict((await swept(w, since)).sent) == {"referral": 1}


@pytest.mark.parametrize("dies_at", range(1, 14))
async def test_a_run_that_dies_is_gone_on_with(dies_at: int) -> None:
    """Whenever the process ends, the next run sends what the first had not, and little twice."""
    w = await with_history(5)
    calls = itertools.count(1)

    async def die(name: str) -> None:
        if name in ("signals.send", "cursors.put", "crm.every", "partner.every") and next(calls) == dies_at:
            raise Unavailable(Remote(system="Azure Storage", message="gone"))

    hooks = (w.signals, w.cursors, w.crm, w.partner)
    for each in hooks:
        each.hook = die
    with pytest.raises(Unavailable):
        await swept(w)
    for each in hooks:
        each.hook = World().hook
    told = await swept(w)
    sent = [each.signal.id for each in w.signals.log if each.signal.why is Why.SYNC]
    assert {*w.partner.rows, *w.crm.rows} <= set(sent)
    assert len(sent) <= 10 + 2 * 2
    assert told.resumed or dies_at <= 4
    await w.settle()

    assert {len(w.partner.rows), len(w.crm.rows), len(w.links.rows)} == {10}


async def test_another_date_or_a_restart_begins_anew() -> None:
    """An unfinished run is only gone on with by whoever asks for the same."""
    w = await with_history()
    began = Place(began=START, kind="referral", before=START - timedelta(days=1))
    for since, restart, resumed in ((None, False, True), (None, True, False), (START, False, False)):
        await w.cursors.put(NAME, began.encoded())
        assert (await swept(w, since, restart=restart)).resumed is resumed
        assert w.cursors.texts[NAME] == OVER


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", '{"kind": 1}', '{"kind": "referral", "began": "x"}'])
def test_a_place_that_cannot_be_read_is_none(text: str | None) -> None:
    """Then everything is sent again, which loses nothing."""
    assert Place.decoded(text) is None


def test_a_place_is_read_as_it_was_noted() -> None:
    """With and without its times."""
    for place in (Place(began=START, kind="a"), Place(began=START, since=START, kind="b", before=START)):
        assert Place.decoded(place.encoded()) == place


async def test_what_is_owed_of_history_is_not_forgotten() -> None:
    """Asked for under MODE=test: the pair is made when the settings allow it, without being asked for again."""
    w = await with_history(1)
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    await swept(w)
    outcomes = await w.settle()
    assert {outcome.kind for outcome in outcomes} == {Kind.OWED}
    w.configure(LIVE)
    await w.heal()

    assert {len(w.partner.rows), len(w.crm.rows)} == {2}


@pytest.mark.parametrize("where", ["partner.read", "crm.create"])
async def test_a_transient_failure_does_not_make_history_forgotten(where: str) -> None:
    """The signal keeps its cause over delays: history that was asked for stays asked for."""
    w = await with_history(1)
    w.crm.rows.clear()
    failures = itertools.count()

    async def away(name: str) -> None:
        if name == where and next(failures) < 2:
            raise Unavailable(Remote(system="Dynamics 365", status=503, message="away"))

    w.crm.hook = w.partner.hook = away
    await swept(w)
    await w.settle()

    assert len(w.crm.rows) == 1


async def test_the_queues_are_never_filled() -> None:
    """Before each page one waits until there is room."""
    w = await with_history(6)
    depths: list[int] = []

    async def room() -> None:
        depths.append(len(w.signals.heap))
        if len(w.signals.heap) >= 4:
            w.signals.heap.clear()

    async for _ in replace(sweep(w), room=room).run():
        assert len(w.signals.heap) <= 6

    assert max(depths) >= 4


@dataclass
class Long:
    """A side with very many records, a hundred to a page; `shuffled` plays a service that ignores the order."""

    kind: str
    count: int
    shuffled: bool = False

    async def every(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        del since
        for first in range(0, self.count, 100):
            numbers = range(first, min(first + 100, self.count))
            listed = tuple(self._listed(number) for number in numbers)
            yield tuple(one for one in listed if before is None or one.created <= before)

    def _listed(self, number: int) -> Listed:
        at = START - timedelta(seconds=number * 7919 % self.count if self.shuffled else number)
        return Listed(ref=Ref(self.kind, f"{self.kind}-{number}"), created=at, changed=at)


class Counting:
    """Signals that are only counted."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, signal: Signal, *, delay: float = 0) -> None:
        del signal, delay
        self.count += 1

    async def ping(self) -> None:
        """It is there."""

    async def lengths(self) -> Mapping[str, int]:
        return {}


def long_sweep(count: int, signals: Counting, cursors: FakeCursors, *, shuffled: bool = False) -> Sweep:
    found = [
        Route(side=Side.CRM, look=Look.OPPORTUNITY, kind=kind, walked=Long(kind, count, shuffled=shuffled))
        for kind in ("opportunity", "lead")
    ]
    return Sweep(routes=found, links=FakeLinks(), signals=signals, cursors=cursors, clock=FakeClock(), pair="cosell")


async def peak(count: int) -> int:
    """Bytes at most while so many records are walked."""
    signals = Counting()
    gc.collect()
    tracemalloc.start()
    async for _ in long_sweep(count, signals, FakeCursors()).run():
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert signals.count == 2 * count
    return most


async def test_memory_does_not_grow_with_the_number_of_deals() -> None:
    """Ten times as many records take the same memory: a page is all that is ever held."""
    await peak(500)
    few, many = await peak(1_000), await peak(10_000)

    assert many < few * 1.2


async def test_a_side_that_ignores_the_order_is_walked_whole_again() -> None:
    """A place by time would leave records out there: it stays where the order was still kept, and all is sent."""
    signals, cursors = Counting(), FakeCursors()
    walk = long_sweep(1_000, signals, cursors, shuffled=True)
    pages = 0
    async for _ in walk.run():
        pages += 1
        if pages == 6:
            break
    before = Place.decoded(cursors.texts[NAME])
    assert before is not None
    signals.count = 0
    async for _ in walk.run():
        """To its end."""

    assert signals.count == 2_000
