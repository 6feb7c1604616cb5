"""The administrator's tool on a bench: what it prints is kept, and the bench's own tables and queues are its world."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import format_datetime

import httpx
from rich.console import Console

from cli.output import Output
from cli.work import Asked
from shared.platform.outside import Outside
from shared.settings import read
from tests.integration.bench import Bench

WIDE = 400  # characters, so that nothing is broken over lines


@dataclass(frozen=True, kw_only=True)
class Session:
    """A command line's common part, and what was printed for the person who typed it."""

    asked: Asked
    screen: io.StringIO

    @property
    def shown(self) -> str:
        return self.screen.getvalue()


def session(bench: Bench, settings: Mapping[str, str] | None = None, *, json: bool = False) -> Session:
    """The bench's settings with some changed ("" takes one away)."""
    screen = io.StringIO()
    console = Console(file=screen, width=WIDE, highlight=False)
    output = Output(json=json, consoles=(console, Console(file=io.StringIO(), width=WIDE)))
    reading = read({**bench.base, **(settings or {})})
    return Session(asked=Asked(reading=reading, output=output, world=lambda _: world_of(bench)), screen=screen)


def world_of(bench: Bench) -> Outside:
    """The bench outlives a command; and its servers name the time, as all do that speak HTTP."""

    async def open_still() -> None:
        """Nothing: others still use it."""

    async def dated(response: httpx.Response) -> None:
        response.headers.setdefault("date", format_datetime(bench.clock.now(), usegmt=True))

    bench.client.event_hooks = {**bench.client.event_hooks, "response": [dated]}
    return replace(bench._outside(), close=open_still)
