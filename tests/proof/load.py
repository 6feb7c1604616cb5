"""Load: a burst of changes that is far beyond what both systems take, on four hosts, in virtual time.

Limits and clock are scaled together: Dataverse's 6,000 requests in 300 s are 20 a second for any number of changes,
and the window shrinks with the burst, so that a short run throttles as often as the long one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.fakes import virtual
from tests.proof.figure import Failure, Figure, Harm, Say, Scale, Suite
from tests.proof.load_deals import Deal
from tests.proof.load_line import TOO_MANY_AT_ONCE, Refusal, Traffic, greatest
from tests.proof.load_world import Place, open_place

HOSTS = 4
SHARE = 10  # more than the default of DATAVERSE_CONCURRENCY: the limits are to be met
AT_ONCE = 52
LONG = 10_000
REQUESTS, WINDOW = 6_000, 300.0  # Dataverse's, and what they are in proportion to
LATENCY = 0.08  # seconds of a request to Dataverse
HEAL = 60.0  # seconds between two passes, where the scaled window is shorter
LONGEST = 24 * 3600.0
MOST_REFUSED = 0.4  # of all calls, also where forty are under way when a limit of fifty is met


@dataclass(frozen=True, kw_only=True)
class Storm:
    """A burst, and what stands against it: requests to each system in the long form's window (`partner` 0: no limit).

    `heals`: auto-heal runs meanwhile, once in a window, and finds what is on its way anyway.
    """

    tried: str
    changes: int
    share: int = SHARE
    crm: int = REQUESTS
    partner: int = 0
    heals: bool = False

    @property
    def scale(self) -> float:
        return self.changes / LONG

    @property
    def requests(self) -> int:
        return max(1, round(self.crm * self.scale))

    @property
    def window(self) -> float:
        return WINDOW * self.scale


@dataclass(frozen=True, kw_only=True)
class Passed:
    """How it went."""

    storm: Storm
    drained: bool
    apart: tuple[Deal, ...]
    lost: tuple[Deal, ...]
    records: tuple[int, int]
    parked: tuple[str, ...]
    raised: tuple[str, ...]
    crm: Traffic
    partner: Traffic
    seconds: float
    processor: float

    @property
    def ideal(self) -> float:
        """Seconds that Dataverse's limit alone asks for: the first window's requests may all be made at once."""
        storm = self.storm
        return max(0.0, self.crm.calls - storm.requests) / storm.requests * storm.window

    def episodes(self, traffic: Traffic) -> list[list[Refusal]]:
        return traffic.episodes(self.storm.window / 10)


async def passed(storm: Storm) -> Passed:
    """The whole burst to its end; to be run in virtual time."""
    processor, clock = time.thread_time(), asyncio.get_running_loop().time
    async with open_place(HOSTS, DATAVERSE_CONCURRENCY=str(storm.share)) as place:
        deals = await place.deals(storm.changes)
        await place.edit(deals)
        partner = round(storm.partner * storm.scale)
        await place.limit(requests=storm.requests, window=storm.window, partner=partner, latency=LATENCY)
        place.forget_traffic()
        started = clock()
        drained = await place.drain(longest=LONGEST, healing=max(storm.window, HEAL) if storm.heals else 0)
        return _seen(storm, place, deals, drained=drained, seconds=clock() - started, since=processor)


def _seen(storm: Storm, place: Place, deals: list[Deal], *, drained: bool, seconds: float, since: float) -> Passed:
    shown = {deal: place.shown(deal) for deal in deals}
    return Passed(
        storm=storm,
        drained=drained,
        apart=tuple(deal for deal, (row, referral) in shown.items() if row != referral),
        lost=tuple(deal for deal, (row, referral) in shown.items() if row == referral != deal.text),
        records=place.records,
        parked=tuple(f"{entry.ref}: {entry.reason}" for entry in place.parked.entries.values()),
        raised=tuple(place.raised),
        crm=place.traffic["crm"],
        partner=place.traffic["pc"],
        seconds=seconds,
        processor=time.thread_time() - since,
    )


# --- what must hold ---------------------------------------------------------------------------------------------------


def harms(seen: Passed) -> Iterator[tuple[Harm, str]]:
    """Everything that went otherwise than promised."""
    made = seen.storm.changes + 1
    yield from ((Harm.DIVERGED, f"{deal.row} differs from {deal.referral}") for deal in seen.apart)
    yield from ((Harm.LOST, f"nobody shows the edit of {deal.row}") for deal in seen.lost)
    yield from ((Harm.OTHER, f"parked: {text}") for text in seen.parked)
    yield from ((Harm.OTHER, f"raised: {text}") for text in seen.raised)
    if seen.records != (made, made):
        yield Harm.DOUBLED, f"{made} deals have {seen.records[0]} opportunities and {seen.records[1]} referrals"
    if not seen.drained:
        yield Harm.OTHER, "the queue never drained"
    yield from ((Harm.OTHER, text) for text in _limits(seen))


def _limits(seen: Passed) -> Iterator[str]:
    at_once = sum(refusal.code == TOO_MANY_AT_ONCE for refusal in seen.crm.refusals)
    if at_once or seen.crm.most > AT_ONCE:
        yield f"{seen.crm.most} requests to Dataverse at once, {at_once} refused for it"
    for name, traffic in (("Dataverse", seen.crm), ("Partner Center", seen.partner)):
        waits = [greatest(episode) for episode in seen.episodes(traffic)]
        if waits and max(waits) > max(waits[0], seen.storm.window + HOSTS):
            yield f"{name}'s Retry-After grows: {waits}"
        # Where refused calls count, those who come back all at once may fill the limit with nothing but refusals.
        if len(traffic.refusals) > traffic.calls * MOST_REFUSED:
            yield f"{name} refused {len(traffic.refusals)} of {traffic.calls} calls"
    # Each request that was under way may be refused; whoever asks again before the time is up makes it more.
    worst = max(map(len, seen.episodes(seen.crm)), default=0)
    if worst > HOSTS * seen.storm.share + HOSTS:
        yield f"Dataverse refused {worst} requests in a row"


# --- the figures ------------------------------------------------------------------------------------------------------


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """One storm after the other."""
    burst, both = scale.part(of=LONG, least=400), scale.part(of=LONG // 5, least=200)
    storms = [
        Storm(tried=f"changes in a burst on {HOSTS} hosts, Dataverse's limits in proportion", changes=burst),
        Storm(tried="the same with Partner Center's 429s and auto-heal", changes=both, partner=4_000, heals=True),
    ]
    return [await asyncio.to_thread(_figure, storm, say) for storm in storms]


def _figure(storm: Storm, say: Say) -> Figure:
    say(f"{storm.changes:,} {storm.tried}")
    seen = virtual.run(passed(storm))
    again = f"python dev.py prove --only load --runs {storm.changes * 2}"
    return Figure(
        tried=storm.tried,
        times=storm.changes,
        unit="changes",
        seconds=seen.processor,
        failures=tuple(Failure(harm=harm, what=what, again=again) for harm, what in harms(seen)),
        found=found(seen),
    )


def found(seen: Passed) -> str:
    """What was measured."""
    changes = seen.storm.changes
    calls = f"{seen.crm.calls / changes:.2f} Dataverse and {seen.partner.calls / changes:.2f} Partner Center calls each"
    took = f"{seen.seconds:,.0f} s where the limit alone takes {seen.ideal:,.0f} s"
    at_once = f"at most {seen.crm.most} requests at once"
    return "; ".join((calls, took, at_once, *_throttled(seen), f"{seen.processor:.0f} s of processor"))


def _throttled(seen: Passed) -> Iterator[str]:
    for name, traffic in (("Dataverse", seen.crm), ("Partner Center", seen.partner)):
        if episodes := seen.episodes(traffic):
            waits = [greatest(episode) for episode in episodes]
            refused = f"{len(traffic.refusals)} of {traffic.calls:,} calls refused"
            asked = f"Retry-After {waits[0]:.0f} s at first, {max(waits):.0f} s at most, {waits[-1]:.0f} s at last"
            yield f"{name} throttled {len(episodes)} times ({refused}, {asked})"


SUITE = Suite(
    name="load",
    claim="a burst beyond every limit drains: nothing parked, nothing refused for 52 at once, no growing Retry-After",
    prove=prove,
)
