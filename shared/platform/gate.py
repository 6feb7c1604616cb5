"""Whether signals may be worked on now: not in a wrong world, and not beside Microsoft's own connector."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from shared.domain.code import Code
from shared.domain.codes import code_of
from shared.errors import CosellError, Remote, RemoteError, Unavailable

FLOWS = (
    "Microsoft's own flows are active ({names}), and two synchronisers make two referrals of one deal: "
    "switch them off in Power Automate, but never uninstall their solution, which would delete its columns"
)
UNKNOWN = 30.0  # seconds until a system is asked again that did not say whose it is
FRESH = 600.0  # seconds that a look for those flows is good for
FLOWS_AGAIN = 60.0  # seconds until they are looked for again after a look that failed
FLOWS_LONGEST = 10.0  # seconds that such a look may keep signals waiting


Active = Callable[[], Awaitable[tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Why a signal has to wait, and for how many seconds; `code` says it for machines."""

    reason: str
    code: Code = Code.MISCONFIGURED
    seconds: float = 300.0


class World(Protocol):
    """What is asked of `Pinned`."""

    async def problems(self) -> tuple[str, ...]: ...


class MicrosoftFlows:
    """Whether Microsoft's flows are active: asked every ten minutes at most, and every minute where nobody can tell."""

    def __init__(
        self, active: Active, tick: Callable[[], float] = time.monotonic, longest: float = FLOWS_LONGEST
    ) -> None:
        self._active, self._tick, self._longest = active, tick, longest
        self._again = float("-inf")
        self._found: tuple[str, ...] = ()
        self._failure: RemoteError | None = None
        self._lock = asyncio.Lock()

    async def problems(self) -> tuple[str, ...]:
        """What is wrong. Raises RemoteError where that cannot be seen; `known` is what was seen last."""
        async with self._lock:
            if self._tick() >= self._again:
                await self._look()
        if self._failure:
            raise self._failure.with_traceback(None)
        return self.known

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(self._longest):
                self._found, self._failure = await self._active(), None
        except RemoteError as error:
            self._failure = error
        except TimeoutError:
            self._failure = Unavailable(Remote(system="Dynamics 365", message="no answer which flows are active"))
        self._again = self._tick() + (FLOWS_AGAIN if self._failure else FRESH)

    @property
    def known(self) -> tuple[str, ...]:
        return (FLOWS.format(names=", ".join(self._found)),) if self._found else ()


class Gate:
    """`writes` is false where nothing would be written anyway: dry run, and test mode without test records."""

    def __init__(
        self, *, world: World, flows: MicrosoftFlows, writes: bool, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._world, self._flows, self._writes, self._tick = world, flows, writes, tick
        self._unknown: Wait | None = None
        self._again = float("-inf")
        self._lock = asyncio.Lock()

    async def closed(self) -> Wait | None:
        """Why signals wait; None when the way is clear. One of them asks a system that does not answer, not each."""
        async with self._lock:
            if self._unknown and self._tick() < self._again:
                return replace(self._unknown, seconds=self._again - self._tick())
            return await self._look()

    async def _look(self) -> Wait | None:
        self._unknown = None
        try:
            problems = await self._world.problems()
        except CosellError as error:  # nobody can tell whose records these are
            seconds = getattr(error, "retry_after", None) or UNKNOWN
            self._again = self._tick() + seconds
            reason = f"it is not known which organisation this is: {error}"
            self._unknown = Wait(reason=reason, code=code_of(error), seconds=seconds)
            return self._unknown
        if problems:
            return Wait(reason="; ".join(problems), code=Code.WRONG_WORLD)
        beside = await self._beside() if self._writes else ()
        return Wait(reason="; ".join(beside), code=Code.MICROSOFT_FLOWS) if beside else None

    async def _beside(self) -> tuple[str, ...]:
        try:
            return await self._flows.problems()
        except RemoteError:  # health says so; a missing privilege on flows must not stop the deals
            return self._flows.known
