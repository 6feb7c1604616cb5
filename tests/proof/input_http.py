"""Every route with what its description allows and forbids, from the document that we ship."""

from __future__ import annotations

import asyncio
import time

from tests.fuzz import routes
from tests.fuzz.served import served
from tests.proof.figure import Failure, Figure, Harm, Say, Scale

EXAMPLES = {"of": 1_000, "least": 20}  # random ones a route, besides those that the description itself suggests
LONGEST = 4_000  # characters of what the tool says


def asked(scale: Scale, say: Say) -> Figure:
    """What the routes answered."""
    tried = "schemathesis on all HTTP routes from docs/openapi.json"
    if not routes.installed():
        return Figure(tried=tried, times=0, unit="requests", seconds=0, found="schemathesis is not installed")
    start, examples = time.monotonic(), scale.part(**EXAMPLES)
    done = asyncio.run(_ask(examples, scale.seed))
    again = f"python dev.py prove --only input --runs {scale.runs} --seed {scale.seed}"
    say(f"routes: {done.requests:,} requests, {examples} random ones a route")
    return Figure(
        tried=tried,
        times=done.requests,
        unit="requests",
        seconds=time.monotonic() - start,
        failures=(Failure(harm=Harm.OTHER, what=done.said[-LONGEST:], again=again),) if done.said else (),
        found=", ".join(f"{status}: {count:,}" for status, count in done.statuses.items()),
    )


async def _ask(examples: int, seed: int) -> routes.Asked:
    async with served() as url:
        return await routes.asked(url, examples=examples, seed=seed)
