"""What the parts of the status page are made of: checks that keep nobody waiting, bounded looks, plots, words."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.code import Code
from shared.domain.link import Base, Carried, Link, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.errors import Misconfigured
from shared.platform.health import Finding
from shared.platform.status.checks import Checks
from shared.platform.status.kept import Kept
from shared.platform.status.plot import BOTTOM, LEFT, RIGHT, TOP, percentile, pictures
from shared.platform.status.survey import WINDOW, Survey, Trip
from shared.platform.status.words import CODES, OUTCOMES, ago, lasting
from tests.fakes.store import START, FakeClock, FakeLinks, FakeParked

BOTH = {side: Base(version="1") for side in Side}
LINK = Link(pair="cosell", key="o-1", partner="r-1", base=BOTH)


# --- health -------------------------------------------------------------------------------------------------------


async def test_a_slow_dependency_keeps_neither_the_others_nor_the_page_waiting() -> None:
    """What takes too long is shown as not answered yet, goes on, and is known to whoever asks next."""
    free = asyncio.Event()
    calls: Counter[str] = Counter()

    async def slow() -> Finding:
        calls["slow"] += 1
        await free.wait()
        return Finding(ok=True)

    async def broken() -> Finding:
        raise Misconfigured(("MODE is wrong",))

    checks = Checks(checks={"dynamics": slow, "storage": broken}, tick=lambda: 0.0, patience=0.01)
    first = {light.name: light.ok for light in await checks.every()}
    await checks.one("dynamics")
    free.set()
    await asyncio.sleep(0)
    second = await checks.one("dynamics")

    assert first == {"dynamics": None, "storage": False}
    assert (second.ok, second.title, calls["slow"]) == (True, "Dynamics 365", 1)


async def test_a_finding_that_nobody_waited_for_grows_old_like_any_other() -> None:
    """What a slow check found an hour ago is not shown as how things are now."""
    calls: list[float] = []
    now, free = [0.0], asyncio.Event()

    async def check() -> Finding:
        calls.append(now[0])
        await free.wait()
        return Finding(ok=len(calls) > 1)

    checks = Checks(checks={"dynamics": check}, tick=lambda: now[0], patience=0.01)
    assert (await checks.one("dynamics")).ok is None
    free.set()
    await asyncio.sleep(0.01)
    now[0] = 3600.0
    assert (await checks.one("dynamics")).ok is True
    assert calls == [0.0, 3600.0]


async def test_a_finding_is_shown_for_some_seconds() -> None:
    """A page that is open on many screens does not become a flood of calls; later it is looked at anew."""
    calls: list[float] = []
    now = [0.0]

    async def check() -> Finding:
        calls.append(now[0])
        return Finding(ok=True)

    checks = Checks(checks={"storage": check}, tick=lambda: now[0])
    for at in (0.0, 5.0, 14.0, 15.0):
        now[0] = at
        assert (await checks.one("storage")).ok
    assert calls == [0.0, 15.0]


async def test_what_is_kept_is_found_once_for_all_who_ask_at_once() -> None:
    """A costly look is made once in its time, and again after it."""
    calls: list[int] = []
    now = [0.0]

    async def find() -> int:
        calls.append(len(calls))
        await asyncio.sleep(0)
        return len(calls)

    kept = Kept(find, seconds=30, tick=lambda: now[0])
    assert await asyncio.gather(*(kept() for _ in range(5))) == [1] * 5
    now[0] = 30.0
    assert (await kept(), len(calls)) == (2, 2)


# --- links --------------------------------------------------------------------------------------------------------


def recorded(kind: Kind, at: int = 0) -> Recorded:
    return Recorded(kind=kind, reason="why", at=START - timedelta(minutes=at), code=Code.IN_STEP)


async def looked(*links: Link, seconds: float = 0, most: int = 1000) -> Survey:
    clock = FakeClock()
    store = FakeLinks(now=clock.now)
    for link in links:
        await store.save(link)
    ticks = iter(range(10**6))
    return Survey(
        links=store,
        parked=FakeParked(),
        clock=clock,
        tick=lambda: next(ticks) * seconds,
        most_links=most,
        most_recent=most,
    )


def many(count: int) -> list[Link]:
    return [
        Link(pair="cosell", key=f"o-{number:05}", outcome=recorded(Kind.DONE, number % 90)) for number in range(count)
    ]


async def test_each_deal_is_in_one_group_as_heal_counts_it() -> None:
    """What the page says of deals is what telemetry says of them; one that is being linked is in a group of its own."""
    links = [
        replace(LINK, outcome=recorded(Kind.DONE)),
        replace(LINK, key="o-2", partner="r-2", outcome=recorded(Kind.OWED)),
        Link(pair="cosell", key="o-3", outcome=recorded(Kind.WAITING)),
        Link(pair="cosell", key="o-4"),
        replace(LINK, key="o-5", partner="r-5", gone=Side.CRM),
    ]
    found = await (await looked(*links)).counts()
    assert found.by == {"in_step": 1, "owed": 1, "waiting": 1, "other": 1, "ended": 1}
    assert (found.linked, found.looked) == (2, 5)


async def test_a_lead_that_went_on_is_counted_once() -> None:
    """Its deal is counted under the link that it goes on as."""
    lead = Link(pair="cosell", key="lead-1", kind="lead", moved="o-1", outcome=recorded(Kind.DONE))
    survey = await looked(replace(LINK, outcome=recorded(Kind.DONE)), lead)
    found = await survey.counts()
    assert [one.key for one in (await survey.lately()).told] == [LINK.key]
    assert (found.looked, found.linked, found.by["in_step"], found.whole) == (1, 1, 1, True)


async def test_a_look_through_very_many_links_is_cut_short_and_says_so() -> None:
    """After so many rows, or so many seconds, the rest stays unread and the page says that there is more."""
    few = await looked(*many(30), most=30)
    assert ((await few.counts()).whole, (await few.lately()).whole) == (True, True)
    more = await looked(*many(31), most=30)
    assert ((await more.counts()).looked, (await more.counts()).whole) == (30, False)
    assert (len((await more.lately()).told), (await more.lately()).whole) == (30, False)
    slow = await looked(*many(30), seconds=1)
    assert (await slow.counts()).looked < 5
    assert not (await slow.counts()).whole


async def test_outcomes_come_newest_first_and_old_ones_not_at_all() -> None:
    """What was last said more than a week ago is not recent, whenever the link was stored."""
    old = Link(pair="cosell", key="old", outcome=replace(recorded(Kind.DONE), at=START - WINDOW - timedelta(hours=1)))
    found = await (await looked(*many(20), old, Link(pair="cosell", key="silent"))).lately()
    ages = [one.at for one in found.told]
    assert (len(ages), ages) == (20, sorted(ages, reverse=True))


async def test_a_change_for_both_sides_is_a_trip_to_each() -> None:
    """One that was carried both ways is seen in both pictures."""
    link = replace(LINK, carried=Carried(at=START, ms=1200, to=(Side.CRM, Side.PARTNER)))
    found = await (await looked(link)).lately()
    assert {trip.to for trip in found.trips} == set(Side)


# --- plots --------------------------------------------------------------------------------------------------------

sizes = st.integers(-10_000, 10**10)
trips = st.lists(
    st.builds(
        Trip,
        at=st.integers(-100, 800_000).map(lambda s: START - timedelta(seconds=s)),
        ms=sizes,
        to=st.sampled_from(Side),
    ),
    max_size=60,
)


@given(trips)
def test_every_dot_and_line_lies_in_the_picture(found: list[Trip]) -> None:
    """Whatever clocks say, nothing is drawn outside, and slower never lies below faster."""
    for picture in pictures(found, START):
        for x, y in picture.dots:
            assert LEFT <= x <= RIGHT
            assert TOP <= y <= BOTTOM
        for line in (*picture.grid, *picture.marks):
            assert TOP <= line.y <= BOTTOM
        if picture.marks:
            low, high = picture.marks
            assert low.y >= high.y
            assert low.label - high.label >= 12.9  # both can be read
        assert picture.count == sum(1 for trip in found if trip.to.value == picture.name)


@given(st.lists(sizes, min_size=1))
def test_a_percentile_is_one_of_the_sizes_and_covers_its_share(found: list[int]) -> None:
    """At least that share of all is not larger, and without it there would be less."""
    for share in (0.5, 0.95):
        size = percentile(found, share)
        assert size in found
        assert sum(one <= size for one in found) >= share * len(found)
        assert sum(one < size for one in found) < share * len(found)


# --- words --------------------------------------------------------------------------------------------------------


def test_every_code_and_outcome_is_explained() -> None:
    """None that the core knows is without words, and no word is left of one that it no longer knows."""
    assert set(CODES) == {code.value for code in Code}
    assert set(OUTCOMES) == {kind.value for kind in Kind}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"), (49, "just now"), (-30, "just now"), (50, "1 minute ago"), (89, "1 minute ago"),
        (3 * 60, "3 minutes ago"), (3600, "1 hour ago"), (7200, "2 hours ago"), (86400 * 3, "3 days ago"),
        (-600, "in 10 minutes"),
    ],
)  # fmt: skip
def test_ages_are_told_roughly(seconds: int, words: str) -> None:
    """Minutes, hours or days, and the future too, since clocks differ."""
    assert ago(START - timedelta(seconds=seconds), START) == words


@pytest.mark.parametrize(
    ("ms", "words"), [(340, "340 ms"), (4_200, "4.2 s"), (210_000, "3.5 min"), (7_560_000, "2.1 h")]
)
def test_durations_are_told_in_their_own_unit(ms: int, words: str) -> None:
    """Two digits are enough to see whether all is well."""
    assert lasting(ms) == words
