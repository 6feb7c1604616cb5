"""What goes wrong at the awaits of one schedule: deaths, stalls, answers that never come, 429s, lost access."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.domain.values import Side
from shared.errors import AccessLost, CosellError, Remote, Throttled, Unavailable
from tests.fakes.store import FakeClock

FUNCTION_TIMEOUT = timedelta(seconds=600)  # the platform ends an invocation then (host.json)
CALL_TIMEOUT = timedelta(seconds=90)  # Policy.longest_call
TITLES = {Side.PARTNER: "Partner Center", Side.CRM: "Dynamics 365"}
STORAGE = "Azure Storage"


class Died(BaseException):
    """The process is gone: nothing after this line runs."""


def _silent(remote: Remote) -> CosellError:
    return Unavailable(remote)


def _busy(remote: Remote) -> CosellError:
    return Throttled(remote, retry_after=20)


def _locked_out(remote: Remote) -> CosellError:
    return AccessLost(remote)


# What a call may end with, before its effect and, where it may be silent, after it.
ANSWERS: Mapping[str, Callable[[Remote], CosellError]] = {
    "no answer": _silent,
    "throttled": _busy,
    "locked out": _locked_out,
}
KINDS = ("die", "die", "die", "stall", "stall", "stall", "no answer", "no answer", "throttled", "locked out")


@dataclass
class Faults:
    """The hook of a world. Calm worlds only interleave; `spared` tasks are people, not workers."""

    rng: random.Random
    rate: float
    calm: bool = False
    stalled: list[asyncio.Future[None]] = field(default_factory=list)
    spared: set[asyncio.Task[object] | None] = field(default_factory=set)
    clock: FakeClock = field(default_factory=FakeClock)
    played: Counter[str] = field(default_factory=Counter)

    async def __call__(self, name: str) -> None:
        for _ in range(self.rng.randrange(3)):
            await asyncio.sleep(0)
        if self.calm or asyncio.current_task() in self.spared or self.rng.random() > self.rate:
            return
        await self._go_wrong(name)

    async def _go_wrong(self, name: str) -> None:
        kind = self.rng.choice(KINDS)
        if kind in ANSWERS and kind != "no answer" and (not _remote(name) or name.endswith("done")):
            return  # storage has no such answers, and no system gives them after the effect
        self.played[kind] += 1
        if kind == "stall":
            await self._stall(name)
        elif kind == "die":
            raise Died
        else:
            raise ANSWERS[kind](Remote(system=_system(name), message="it went wrong"))

    async def _stall(self, name: str) -> None:
        """A worker hangs. A call that hangs ends by its own limit, also in a process that was frozen meanwhile."""
        future = asyncio.get_running_loop().create_future()
        self.stalled.append(future)
        begun = self.clock.now()
        await future
        if self.clock.now() - begun >= FUNCTION_TIMEOUT:
            raise Died
        if _remote(name) and self.clock.now() - begun >= CALL_TIMEOUT:
            raise Unavailable(Remote(system=_system(name), message="no answer within its time"))

    def resume(self) -> None:
        """A stalled worker goes on, perhaps long after its lease."""
        if self.stalled:
            self.stalled.pop(self.rng.randrange(len(self.stalled))).set_result(None)


def _remote(name: str) -> bool:
    return name.startswith(tuple(Side))


def _system(name: str) -> str:
    return next((title for side, title in TITLES.items() if name.startswith(side)), STORAGE)
