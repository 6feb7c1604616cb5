"""Whether signals may be worked on now: not in a wrong world, and not beside Microsoft's own connector."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from shared.errors import CosellError, RemoteError

FLOWS = (
    "Microsoft's own flows are active ({names}), and two synchronisers make two referrals of one deal: "
    "switch them off in Power Automate, but never uninstall their solution, which would delete its columns"
)
UNKNOWN = 30.0  # seconds until a system is asked again that did not say whose it is
FRESH = 600.0  # seconds that a look for those flows is good for


Active = Callable[[], Awaitable[tuple[str, ...]]]


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Why a signal has to wait, and for how many seconds."""

    reason: str
    seconds: float = 300.0


class World(Protocol):
    """What is asked of `Pinned`."""

    async def problems(self) -> tuple[str, ...]: ...


class MicrosoftFlows:
    """Whether Microsoft's flows are active, asked every ten minutes at most."""

    def __init__(
        self, active: Callable[[], Awaitable[tuple[str, ...]]], tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._active, self._tick = active, tick
        self._asked = float("-inf")
        self._found: tuple[str, ...] = ()

    async def problems(self) -> tuple[str, ...]:
        if self._tick() - self._asked >= FRESH:
            self._found = await self._active()
            self._asked = self._tick()
        return (FLOWS.format(names=", ".join(self._found)),) if self._found else ()


class Gate:
    """`writes` is false where nothing would be written anyway: dry run, and test mode without test records."""

    def __init__(self, *, world: World, flows: MicrosoftFlows, writes: bool) -> None:
        self._world, self._flows, self._writes = world, flows, writes

    async def closed(self) -> Wait | None:
        """Why signals wait; None when the way is clear."""
        try:
            problems = await self._world.problems()
        except CosellError as error:  # nobody can tell whose records these are
            seconds = getattr(error, "retry_after", None) or UNKNOWN
            return Wait(reason=f"it is not known which organisation this is: {error}", seconds=seconds)
        problems = problems or (await self._beside() if self._writes else ())
        return Wait(reason="; ".join(problems)) if problems else None

    async def _beside(self) -> tuple[str, ...]:
        try:
            return await self._flows.problems()
        except RemoteError:  # health says so; a missing privilege on flows must not stop the deals
            return ()
