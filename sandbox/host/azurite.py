"""Installs and runs Azurite, the local Azure Storage: `python -m sandbox.host.azurite [--install]`.

Project and options: https://learn.microsoft.com/azure/storage/common/storage-install-azurite
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.host.connections import DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY
from sandbox.host.node import Node, NodeError, find_node
from sandbox.host.packages import AZURITE, PackagesError

GUARD = Path(__file__).parent / "npm" / "guard.js"
SCRIPT = AZURITE.modules / "azurite" / "dist" / "src" / "azurite.js"

SERVICES = ("blob", "queue", "table")
OPTIONS = (
    "--silent",
    "--skipApiVersionCheck",  # the SDKs are ahead of the newest API version that it knows
    "--disableProductStyleUrl",
    "--disableTelemetry",
)
IN_MEMORY = ("--inMemoryPersistence",)
READY_SECONDS = 60
STOP_SECONDS = 30


class AzuriteError(RuntimeError):
    """Azurite could not be installed or did not start."""


def install() -> bool:
    """Install what is pinned unless it is there; say whether anything was done."""
    try:
        return AZURITE.install()
    except (NodeError, PackagesError) as error:
        raise AzuriteError(str(error)) from error


def _node() -> Node:
    try:
        return find_node()
    except NodeError as error:
        raise AzuriteError(str(error)) from error


def connection_string(ports: Sequence[int]) -> str:
    """Spell the connection out: not every SDK expands `UseDevelopmentStorage=true`."""
    endpoints = (
        f"{service.capitalize()}Endpoint=http://127.0.0.1:{port}/{DEVELOPMENT_ACCOUNT}"
        for service, port in zip(SERVICES, ports, strict=True)
    )
    account = ("DefaultEndpointsProtocol=http", f"AccountName={DEVELOPMENT_ACCOUNT}", f"AccountKey={DEVELOPMENT_KEY}")
    return ";".join((*account, *endpoints)) + ";"


class Emulator:
    """One Azurite on its ports. With a `folder` it can be stopped and started again, and has what it had.

    Its clock can be set ahead: what is hidden for ten minutes then shows after none.
    """

    def __init__(self, ports: Sequence[int], folder: Path | None = None) -> None:
        self.connection = connection_string(ports)
        self._ports = tuple(ports)
        self._options = IN_MEMORY if folder is None else ("--location", str(folder.resolve()))
        self._ahead = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Wait until it answers."""
        with tempfile.TemporaryFile() as log:
            self._process = _start(self._ports, self._options, log.fileno())
            if not _ready(self._process, self._ports):
                self.stop()
                log.seek(0)
                raise AzuriteError(f"Azurite did not start:\n{log.read().decode(errors='replace')}")
        self.advance(0)

    def advance(self, seconds: float) -> None:
        """Set its clock further ahead of the machine's; it stays so over a restart."""
        self._ahead += seconds
        if self._ahead:
            self._order(f"ahead {self._ahead * 1000:.0f}")

    def stop(self) -> None:
        """In order: what it has answered is in its folder."""
        process, self._process = self._process, None
        if process is not None:
            _stop(process)

    def _order(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise AzuriteError("Azurite is not running")
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()


@contextmanager
def emulated(ports: Sequence[int] | None = None, folder: Path | None = None) -> Iterator[Emulator]:
    """Run Azurite, on free ports unless told which; without a folder it keeps nothing afterwards."""
    install()
    made = Emulator(ports or _free_ports(), folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@contextmanager
def running(ports: Sequence[int] | None = None) -> Iterator[str]:
    """Run Azurite and give its connection string; it keeps nothing afterwards."""
    with emulated(ports) as made:
        yield made.connection


def _start(ports: Sequence[int], options: Sequence[str], log: int) -> subprocess.Popen[bytes]:
    numbers = [text for name, port in zip(SERVICES, ports, strict=True) for text in (f"--{name}Port", str(port))]
    return subprocess.Popen(  # noqa: S603 — node as found on this machine, with arguments of ours
        [_node().program, "--require", str(GUARD), str(SCRIPT), *OPTIONS, *options, *numbers],
        stdin=subprocess.PIPE,  # for orders; it closes when this process is gone, however it went
        stdout=log,
        stderr=log,
        cwd=AZURITE.folder,
        # Ctrl-C at the terminal is for us: we stop it last, when nothing uses it any more.
        start_new_session=os.name != "nt",
    )


def _ready(process: subprocess.Popen[bytes], ports: Sequence[int]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if all(map(_answers, ports)):
            return True
        time.sleep(0.05)
    return False


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports() -> tuple[int, ...]:
    """Pick three free ports at once, so that none is picked twice."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in SERVICES]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return tuple(probe.getsockname()[1] for probe in probes)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Order it to stop; one that takes no order any more is ended."""
    try:
        process.communicate(b"stop\n", timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.host.azurite", description="Local Azure Storage.")
    parser.add_argument("--install", action="store_true", help="only install it")
    parser.add_argument("--ports", type=int, nargs=3, metavar=("BLOB", "QUEUE", "TABLE"), default=(10000, 10001, 10002))
    options = parser.parse_args(arguments)
    try:
        if options.install:
            install()
            return 0
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with running(options.ports) as connection:
            sys.stdout.write(f"AzureWebJobsStorage={connection}\n")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        return 0
    except AzuriteError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
