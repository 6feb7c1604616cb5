"""Both simulators in one process: `python -m sandbox --partner-center-port 7081 --dynamics-port 7082`."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.attached import on_end_of_input
from sandbox.simulators import simulators


@dataclass(frozen=True, kw_only=True)
class Options:
    """Port 0 takes a free port; `state` is a folder, `write_root` the file that receives the trusted root."""

    partner_center_port: int
    dynamics_port: int
    state: Path | None
    write_root: Path | None
    seed: int
    empty: bool
    tls: bool
    attached: bool


def read_options(arguments: Sequence[str] | None = None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--partner-center-port", type=int, default=7081, metavar="PORT")
    parser.add_argument("--dynamics-port", type=int, default=7082, metavar="PORT")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep the state here between runs")
    parser.add_argument("--write-root", type=Path, metavar="FILE", help="write the webhook certificates' root here")
    parser.add_argument("--seed", type=int, default=0, help="of every id that is made")
    parser.add_argument(
        "--empty", action="store_true", help="a Dataverse without Microsoft's connector and our columns"
    )
    parser.add_argument("--tls", action="store_true", help="serve https; the line at start names the CA's file")
    parser.add_argument("--attached", action="store_true", help="stop when standard input closes: nobody is left")
    return Options(**vars(parser.parse_args(arguments)))


def stop_signals() -> list[signal.Signals]:
    """CTRL_BREAK, all that a parent process can send on Windows, exists only there."""
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


def stopping(*, attached: bool) -> asyncio.Event:
    """An event that the first stop signal sets; signal.signal, as Windows' loops have no handlers of their own."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in stop_signals():
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    if attached:
        on_end_of_input(stop)
    return stop


async def run(options: Options) -> None:
    stop = stopping(attached=options.attached)
    ports = (options.partner_center_port, options.dynamics_port)
    async with simulators(
        ports, tls=options.tls, connector=not options.empty, state=options.state, seed=options.seed
    ) as both:
        if options.write_root:
            options.write_root.parent.mkdir(parents=True, exist_ok=True)
            options.write_root.write_bytes(both.root_pem)
        sys.stdout.write(json.dumps(both.as_line()) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(read_options()))
