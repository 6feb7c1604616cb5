"""Each dependency looked at by itself: the checks of `GET /api/health`, none of which keeps the page waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.platform.health import Check, Finding, made
from shared.platform.status.words import check_title

PATIENCE = 3.0  # seconds that somebody who looks at the page waits for one answer
GOOD_FOR = 15.0  # seconds that a finding is shown again: a page that is open on ten screens costs one call


@dataclass(frozen=True, kw_only=True)
class Light:
    """What is shown of one dependency; `ok` is None while it has not answered yet."""

    name: str
    title: str
    ok: bool | None
    detail: str = ""


@dataclass(kw_only=True)
class Checks:
    """A check that takes longer than somebody waits goes on, and whoever asks next gets its finding."""

    checks: Mapping[str, Check]
    tick: Callable[[], float]
    patience: float = PATIENCE
    _running: dict[str, asyncio.Task[Finding]] = field(default_factory=dict)
    _found: dict[str, tuple[float, Finding]] = field(default_factory=dict)

    @property
    def unknown(self) -> tuple[Light, ...]:
        """Every dependency, none of them looked at."""
        return tuple(self._light(name, None) for name in self.checks)

    async def every(self) -> tuple[Light, ...]:
        return tuple(await asyncio.gather(*(self.one(name) for name in self.checks)))

    async def one(self, name: str) -> Light:
        at, finding = self._found.get(name, (0.0, None))
        if finding is None or self.tick() >= at + GOOD_FOR:
            finding = await self._looked(name)
        return self._light(name, finding)

    async def _looked(self, name: str) -> Finding | None:
        task = self._running.get(name)
        if task is None:
            task = self._running[name] = asyncio.create_task(self._made(name))
        await asyncio.wait({task}, timeout=self.patience)
        return task.result() if task.done() else None

    async def _made(self, name: str) -> Finding:
        """As old as it is when it comes, also if nobody is left who waits for it."""
        try:
            finding = await made(self.checks[name])
        finally:
            self._running.pop(name, None)
        self._found[name] = (self.tick(), finding)
        return finding

    def _light(self, name: str, finding: Finding | None) -> Light:
        ok, detail = (None, "") if finding is None else (finding.ok, finding.detail)
        return Light(name=name, title=check_title(name), ok=ok, detail=detail)
