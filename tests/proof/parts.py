"""Chaos over real parts: storage, simulators and hosts as processes, deals edited on both sides while all of it fails.

Clocks are set ahead where a lease would have to be waited for. The long form also plays in real time beside it, with
fewer deals and the product's own function_app.py: there what takes ten minutes takes ten minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.proof.figure import LONG, Figure, Say, Scale, Suite
from tests.proof.parts_acts import Acts, Size
from tests.proof.parts_ground import ground

OUTAGE, CALM = 180.0, 8.0  # seconds of 503 in the long form, and between two spells of bad weather
REAL_TIME = Size(deals=100, hosts=2, kills=3, outage=60.0, calm=CALM, rounds=1, clock=False)


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """One performance, as large as the scale says; in the long form two."""
    again = f"--seed {scale.seed} --runs {scale.runs}"
    deals = scale.part(of=2000, least=60)
    if scale.runs < LONG:
        return [await perform(Size(deals=deals), scale.seed, say, again=again)]
    size = Size(deals=deals, outage=OUTAGE, calm=CALM, rounds=1)
    return await asyncio.gather(
        perform(size, scale.seed, say, again=again),
        perform(REAL_TIME, scale.seed + 1, lambda text: say(f"in real time: {text}"), again=again),
    )


async def perform(size: Size, seed: int, say: Say, *, again: str) -> Figure:
    """All acts on a ground of their own."""
    start = time.monotonic()

    def tell(text: str) -> None:
        say(f"{time.monotonic() - start:5.0f} s: {text}")

    async with ground(hosts=size.hosts, lease=size.lease, clock=size.clock, runtime=size.runtime) as on:
        acts = Acts(on, size, seed, tell, f"python dev.py prove --only {SUITE.name} {again}")
        await acts.play()
        return Figure(
            tried=f"deals edited on both sides at once over real parts, {size.hosts} hosts{_pace(size)}",
            times=size.deals,
            unit="deals",
            seconds=time.monotonic() - start,
            failures=tuple(acts.inspector.failures),
            found=acts.found(),
        )


def _pace(size: Size) -> str:
    return "" if size.clock else ", in real time"


SUITE = Suite(
    name="parts",
    claim="real queues, tables and sockets, killed hosts, storms, outages: one of each, in step, nothing left",
    prove=prove,
)
