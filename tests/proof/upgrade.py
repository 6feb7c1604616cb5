"""Deployments with two releases at work on the same deals, gone through and rolled back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.proof.figure import Broken, Failure, Figure, Harm, Say, Scale, Suite
from tests.upgrade.together import Together

CHUNK = 20


@dataclass(frozen=True)
class Played:
    """Some deployments: what was played in them, and what went wrong."""

    tally: Counter[str]
    failures: tuple[Failure, ...]


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """As many that go through as are rolled back."""
    return [await asyncio.to_thread(_figure, scale, say, name) for name in ("upgraded", "rolled back")]


def _figure(scale: Scale, say: Say, name: str) -> Figure:
    seeds = range(scale.seed, scale.seed + scale.part(of=1_000, least=min(scale.runs, CHUNK)))
    start, tally = time.monotonic(), Counter[str]()
    failures: list[Failure] = []
    with ProcessPoolExecutor(scale.workers) as pool:
        parts = [(name, seeds[at : at + CHUNK]) for at in range(0, len(seeds), CHUNK)]
        for done, played in enumerate(pool.map(_played, parts), 1):
            tally += played.tally
            failures += played.failures
            if done % 10 == 0:
                say(f"{name}: {done * CHUNK:,} of {len(seeds):,} deployments")
    return Figure(
        tried=f"deployments, {name}, with two releases at work on the same deals and workers that die",
        times=len(seeds),
        unit="deployments",
        seconds=time.monotonic() - start,
        failures=tuple(failures),
        found=", ".join(f"{number:,} {what}" for what, number in tally.items()),
    )


def _played(job: tuple[str, range]) -> Played:
    logging.disable(logging.WARNING)  # each row that a pass leaves out is a line; this is a process of its own
    name, seeds = job
    tally = Counter[str]()
    failures: list[Failure] = []
    for seed in seeds:
        together = Together(seed)
        try:
            asyncio.run(together.upgraded() if name == "upgraded" else together.rolled_back())
        except AssertionError as error:
            harm = error.harm if isinstance(error, Broken) else Harm.OTHER
            again = f"python dev.py prove --only upgrade --seed {seed} --runs 1"
            failures.append(Failure(harm=harm, what=f"seed {seed}, {name}: {error}", again=again))
        tally += together.tally
    return Played(tally, tuple(failures))


SUITE = Suite(
    name="upgrade",
    claim="two releases at once: nothing lost, nothing poisoned, also when it is rolled back",
    prove=prove,
)
