"""Starts the host as a process of its own and waits until it answers: for tests and demos that use it from outside."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.host.errors import HostError

READY_SECONDS = 60.0
STOP_SECONDS = 30.0


@asynccontextmanager
async def spawned(
    settings: Mapping[str, str], *arguments: str, log: Path | None = None, cwd: Path | None = None
) -> AsyncIterator[str]:
    """Give the address of a new host; `settings` go over the environment, `arguments` as on its command line.

    It listens on a free port unless the arguments name one, writes to `log`, and is told to stop at the end. Raises
    HostError, with the end of its log, when it ends before it answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        announced = Path(folder) / "host.json"
        written = log or Path(folder) / "host.log"
        command = [sys.executable, "-m", "sandbox.host", "--port", "0", "--attached", "--announce", str(announced)]
        with written.open("wb") as sink:
            process = _start([*command, *arguments], settings, sink.fileno(), cwd)
        try:
            yield await _address(process, announced, written)
        finally:
            await asyncio.to_thread(_stop, process)


def _start(command: list[str], settings: Mapping[str, str], log: int, cwd: Path | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 — this interpreter, with a module of ours
        command,
        env={**os.environ, **settings},
        cwd=cwd or Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        # Ctrl-C at the terminal is for whoever started it, who stops it in order.
        start_new_session=os.name != "nt",
    )


async def _address(process: subprocess.Popen[bytes], announced: Path, log: Path) -> str:
    async with asyncio.timeout(READY_SECONDS):
        while not announced.exists():
            if process.poll() is not None:
                raise HostError(f"the host ended with {process.returncode}:\n{_tail(log)}")
            await asyncio.sleep(0.02)
    return str(json.loads(announced.read_text(encoding="utf-8"))["url"])


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Close its standard input, which it takes for the order to stop, also on Windows, where no signal would do."""
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
