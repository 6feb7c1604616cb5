"""Chaos over real parts: storage, simulators and hosts as processes, deals edited on both sides while all of it fails.

The short form sets every clock ahead where it would have to wait for a lease; the long one waits, and runs the
product's own function_app.py.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from tests.proof.figure import LONG, Figure, Say, Scale, Suite
from tests.proof.parts_acts import Acts, Size
from tests.proof.parts_ground import ground

OUTAGE, CALM = 180.0, 8.0  # seconds of 503 in the long form, and between two spells of bad weather


async def prove(scale: Scale, say: Say) -> Sequence[Figure]:
    """One performance, as large as the scale says."""
    long = scale.runs >= LONG
    deals = scale.part(of=2000, least=60)
    size = Size(deals=deals, outage=OUTAGE, calm=CALM, rounds=1, clock=False) if long else Size(deals=deals)
    return [await perform(size, scale.seed, say, again=f"--seed {scale.seed} --runs {scale.runs}")]


async def perform(size: Size, seed: int, say: Say, *, again: str) -> Figure:
    """All acts on a ground of their own."""
    start = time.monotonic()

    def tell(text: str) -> None:
        say(f"{time.monotonic() - start:5.0f} s: {text}")

    async with ground(hosts=size.hosts, lease=size.lease, clock=size.clock, runtime=size.runtime) as on:
        acts = Acts(on, size, seed, tell, f"python dev.py prove --only {SUITE.name} {again}")
        await acts.play()
        return Figure(
            tried=f"deals edited on both sides at once over real parts, {size.hosts} hosts",
            times=size.deals,
            unit="deals",
            seconds=time.monotonic() - start,
            failures=tuple(acts.inspector.failures),
            found=acts.found(),
        )


SUITE = Suite(
    name="parts",
    claim="real queues, tables and sockets, killed hosts, storms, outages: one of each, in step, nothing left",
    prove=prove,
)
