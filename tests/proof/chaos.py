"""Seeded schedules on the fakes, in as many processes as there are cores."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.chaos.faults import ANSWERS
from tests.chaos.own_fields import OwnSchedule
from tests.chaos.schedules import Schedule
from tests.proof.figure import Broken, Failure, Figure, Harm, Say, Scale, Suite

RATES = (0.0, 0.05, 0.15)
CHUNK = 50
OWN = 4  # one schedule of so many is of an installation with fields of its own


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Which schedules: whether Partner Center carries our marker, and how many of all awaits go wrong."""

    carries_marker: bool
    rate: float

    def __str__(self) -> str:
        return "with a marker" if self.carries_marker else "without a marker"


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """Half of all schedules with a marker on Partner Center's side and half without."""
    return [await asyncio.to_thread(_figure, scale, say, carries_marker=marker) for marker in (True, False)]


def _figure(scale: Scale, say: Say, *, carries_marker: bool) -> Figure:
    kinds = [Kind(carries_marker=carries_marker, rate=rate) for rate in RATES]
    seeds = range(scale.seed, scale.seed + max(1, scale.runs // 2 // len(kinds)))
    jobs = [(kind, seeds[at : at + CHUNK]) for kind in kinds for at in range(0, len(seeds), CHUNK)]
    start = time.monotonic()
    failures: list[Failure] = []
    tally: Counter[str] = Counter()
    with ProcessPoolExecutor(scale.workers) as pool:
        for done, (found, played) in enumerate(pool.map(_played, jobs), 1):
            failures += found
            tally += played
            if done % 10 == 0:
                say(f"{kinds[0]}: {done * CHUNK:,} of {len(jobs) * CHUNK:,} schedules")
    rates = ", ".join(f"{rate:.0%}" for rate in RATES)
    return Figure(
        tried=f"schedules {kinds[0]}, {rates} of all awaits going wrong",
        times=len(seeds) * len(kinds),
        unit="schedules",
        seconds=time.monotonic() - start,
        failures=tuple(failures),
        found=_found(tally),
    )


def _found(tally: Counter[str]) -> str:
    webhooks = f"{tally['lost webhook']:,} webhooks lost and {tally['doubled webhook']:,} doubled"
    calls = sum(tally[kind] for kind in ANSWERS)
    faults = f"{tally['die']:,} deaths, {tally['stall']:,} stalls, {calls:,} calls failed"
    ambiguous = f"; {tally['ambiguous']:,} edits gave way as ambiguous, named in Audit" if tally["ambiguous"] else ""
    deals = f"{tally['leads']:,} deals came as leads, {tally['own']:,} schedules had fields of their own"
    return f"{deals}; {tally['looks']:,} looks; {faults}; {webhooks}{ambiguous}"


def _played(job: tuple[Kind, range]) -> tuple[list[Failure], Counter[str]]:
    kind, seeds = job
    failures: list[Failure] = []
    tally: Counter[str] = Counter()
    for seed in seeds:
        schedule = (Schedule if seed % OWN else OwnSchedule)(seed, rate=kind.rate, carries_marker=kind.carries_marker)
        failure = play(schedule, kind, seed)
        failures += [failure] if failure else []
        tally += schedule.tally + Counter(
            leads=sum(story.lead for story in schedule.people.stories), own=isinstance(schedule, OwnSchedule)
        )
    return failures, tally


def play(schedule: Schedule, kind: Kind, seed: int) -> Failure | None:
    """One schedule to its end."""
    try:
        asyncio.run(schedule.run())
    except AssertionError as error:
        harm = error.harm if isinstance(error, Broken) else Harm.OTHER
        return _failure(harm, kind, seed, str(error))
    except Exception as error:  # noqa: BLE001  a bug that nobody foresaw is one seed's failure, not the end of all
        return _failure(Harm.OTHER, kind, seed, f"{type(error).__name__}: {error}")
    return None


def _failure(harm: Harm, kind: Kind, seed: int, what: str) -> Failure:
    again = f"python dev.py prove --only chaos --seed {seed} --runs 1"
    return Failure(harm=harm, what=f"seed {seed}, {kind}, rate {kind.rate}: {what}", again=again)


SUITE = Suite(
    name="chaos",
    claim="concurrent workers, crashes, lost and doubled webhooks: one of each, in step, no edit lost",
    prove=prove,
)
