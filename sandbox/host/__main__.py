"""`python -m sandbox.host`: runs the function app of a folder until it is told to stop."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.attached import on_end_of_input
from sandbox.host import app_settings
from sandbox.host.errors import HostError
from sandbox.host.host import LEASE, Host
from sandbox.host.runtimes import NAMES

LOG = logging.getLogger("sandbox.host")

# https://learn.microsoft.com/rest/api/storageservices/get-messages#uri-parameters
MAX_LEASE = 604_800

# They log each request; the platform's host.json keeps them at Warning, too.
CHATTY = ("azure", "httpx", "uvicorn", "asyncio")


def _lease(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= MAX_LEASE:
        raise argparse.ArgumentTypeError(f"a lease has 1 to {MAX_LEASE} seconds")
    return seconds


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one")
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder with function_app.py and host.json")
    parser.add_argument("--settings", type=Path, help="default: local.settings.json in the app's folder")
    parser.add_argument("--lease", type=_lease, default=LEASE, help="seconds a taken message stays hidden")
    parser.add_argument("--runtime", choices=NAMES, default="auto")
    parser.add_argument("--announce", type=Path, help="write the address into this file once it answers")
    parser.add_argument("--attached", action="store_true", help="stop when standard input closes: nobody is left")
    parser.add_argument("--check", action="store_true", help="only index and examine the app; exit 1 if it has errors")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("--quiet", action="store_const", dest="level", const=logging.WARNING, default=logging.INFO)
    loudness.add_argument("--verbose", action="store_const", dest="level", const=logging.DEBUG)
    return parser.parse_args(arguments)


def _log_to_stderr(level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", stream=sys.stderr)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Microsoft's library logs each failure with its traceback; the host's own line and --verbose say the same once.
    logging.getLogger("azure.functions").setLevel(logging.CRITICAL)


def _host(options: argparse.Namespace) -> Host:
    path = options.settings or options.app / "local.settings.json"
    settings = app_settings.below_environment(app_settings.read_file(path), os.environ)
    return Host(app_dir=options.app, settings=settings, port=options.port, lease=options.lease, runtime=options.runtime)


async def _check(host: Host) -> int:
    catalog = await host.check()
    LOG.info("%d functions, %d in error", len(catalog.functions), len(catalog.problems))
    return 1 if catalog.problems else 0


async def _serve(host: Host, options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    _on_signal(stop)
    if options.attached:
        on_end_of_input(stop)
    async with host:
        for name in host.keys.generated:
            key = host.keys.master if "MASTER" in name else host.keys.function
            LOG.warning("%s is not set; for this run it is %s", name, key)
        disabled = sum(each.disabled for each in host.functions.values())
        LOG.info(
            "listening on %s: %d functions (%d disabled, %d in error), runtime %s",
            *(host.url, len(host.functions), disabled, len(host.catalog.problems), host.runtime),
        )
        if options.announce is not None:
            _announce(options.announce, host.url)
        await stop.wait()
        LOG.info("stopping")
    LOG.info("stopped")
    return 0


def _announce(path: Path, url: str) -> None:
    """Write aside and rename, so that whoever waits for the file reads all of it."""
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="utf-8")
    unfinished.replace(path)


def _on_signal(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        # Not loop.add_signal_handler: Windows has none.
        signal.signal(each, lambda *_: loop.call_soon_threadsafe(stop.set))


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    _log_to_stderr(options.level)
    try:
        host = _host(options)
        return asyncio.run(_check(host) if options.check else _serve(host, options))
    except (HostError, OSError) as error:
        LOG.error("no function runs: %s", error)  # noqa: TRY400 — the reason is the message, a traceback adds nothing
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
