"""Prove what the design claims: lost 0, doubled 0, diverged 0, and under what.

    python dev.py prove                       every suite, in some minutes
    python dev.py prove --runs 20000          the long form, whose figures are in docs/reliability.md
    python dev.py prove --only chaos,load     some of the suites
    python dev.py prove --only chaos --seed 7 --runs 1    one schedule again

Ends with 1 when anything was lost, doubled, diverged or otherwise not as promised.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Sequence

from tests.proof import report
from tests.proof.figure import LONG, Figure, Proven, Scale, Suite
from tests.proof.suites import SUITES

SHORT = 1_000
SHOWN = 10  # failures of one figure that are printed


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 0 when nothing went wrong."""
    asked = _parsed(arguments)
    names = asked.only.split(",") if asked.only else list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        sys.stderr.write(f"no suite is called {', '.join(unknown)}; there are {', '.join(SUITES)}\n")
        return 2
    scale = Scale(runs=asked.runs, seed=asked.seed, workers=asked.workers)
    proven = Proven(scale=scale)
    for name in names:
        proven.figures[name] = _run(SUITES[name](), scale)
    _say("")
    _say(report.table(proven))
    _say(report.written(proven, always=asked.write))
    return 1 if proven.failures else 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("dev.py prove", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=SHORT, help=f"seeded schedules (default {SHORT}, long {LONG})")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--only", default="", help=f"some of {', '.join(SUITES)}, separated by commas")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes for what is in process")
    parser.add_argument("--write", action="store_true", help="put also a shorter run into docs/reliability.md")
    return parser.parse_args(arguments)


def _run(suite: Suite, scale: Scale) -> tuple[Figure, ...]:
    _say(f"{suite.name}: {suite.claim}")
    start = time.monotonic()
    figures = tuple(asyncio.run(suite.prove(scale, lambda text: _say(f"  {text}"))))
    for figure in figures:
        for failure in figure.failures[:SHOWN]:
            _say(f"  {failure.harm.upper()}: {failure.what}\n    again: {failure.again}")
    _say(f"  {time.monotonic() - start:.0f} s")
    return figures


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
