"""Foreign bytes at every parser: hypothesis in as many processes as there are cores, atheris where it is installed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.fuzz import coverage_guided, long_form
from tests.fuzz.parsers import PARSERS
from tests.proof.figure import Failure, Figure, Harm, Say, Scale, Suite
from tests.proof.input_http import asked

HYPOTHESIS = {"of": 20_000, "least": 200}  # inputs a parser
ATHERIS = {"of": 200_000, "least": 1_000}


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """Both fuzzers on each parser, then the routes from the document that we ship."""
    return [
        await asyncio.to_thread(_hypothesis, scale, say),
        await asyncio.to_thread(_atheris, scale, say),
        await asyncio.to_thread(asked, scale, say),
    ]


def _hypothesis(scale: Scale, say: Say) -> Figure:
    inputs = scale.part(**HYPOTHESIS)
    start = time.monotonic()
    failures: list[Failure] = []
    slowest, longest = "", 0.0
    with ProcessPoolExecutor(scale.workers) as pool:
        play = partial(long_form.played, inputs=inputs, seed=scale.seed)
        for name, (found, seconds) in zip(PARSERS, pool.map(play, PARSERS), strict=True):
            failures += [Failure(harm=Harm.OTHER, what=what, again=again) for what, again in found]
            slowest, longest = max((slowest, longest), (name, seconds), key=lambda pair: pair[1])
            say(f"{name}: {inputs:,} inputs, {seconds:.0f} s")
    return Figure(
        tried=f"hypothesis on {len(PARSERS)} parsers of foreign bytes",
        times=inputs * len(PARSERS),
        unit="inputs",
        seconds=time.monotonic() - start,
        failures=tuple(failures),
        found=f"slowest: {slowest}, {1000 * longest / inputs:.1f} ms an input",
    )


def _atheris(scale: Scale, say: Say) -> Figure:
    runs = scale.part(**ATHERIS)
    start = time.monotonic()
    if not coverage_guided.installed():
        return Figure(tried="atheris", times=0, unit="inputs", seconds=0, found="not installed: Linux on x86_64 only")
    failures: list[Failure] = []
    with ProcessPoolExecutor(scale.workers) as pool:
        for name, found in zip(PARSERS, pool.map(partial(coverage_guided.played, runs=runs), PARSERS), strict=True):
            failures += [Failure(harm=Harm.OTHER, what=what, again=again) for what, again in found]
            say(f"atheris, {name}: {runs:,} inputs")
    return Figure(
        tried=f"atheris (guided by coverage) on {len(PARSERS)} parsers",
        times=runs * len(PARSERS),
        unit="inputs",
        seconds=time.monotonic() - start,
        failures=tuple(failures),
    )


SUITE = Suite(
    name="input",
    claim="bytes of any kind are understood or refused in words: no exception, no 500, no memory without bound",
    prove=prove,
)
