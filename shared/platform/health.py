"""Whether the installation can work: each setting, each dependency, each pause, with what to do about it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from shared.domain.values import Side
from shared.errors import CosellError
from shared.platform.doors import Answer
from shared.ports import Clock, Pauses
from shared.settings import Problem

LONGEST = 20.0  # seconds a check may take
GOOD_FOR, BAD_FOR = 600.0, 15.0  # seconds that the finding of a costly check is given again


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check came to."""

    ok: bool
    detail: str = ""


Check = Callable[[], Awaitable[Finding]]


async def health(problems: tuple[Problem, ...], checks: Mapping[str, Check]) -> Answer:
    """200 when everything is right, else 503; both with all findings."""
    found = dict(zip(checks, await asyncio.gather(*map(made, checks.values())), strict=True))
    right = not problems and all(finding.ok for finding in found.values())
    settings = [{"setting": one.name, "value": one.shown, "may_be": one.may_be} for one in problems]
    shown = {name: {"ok": finding.ok, "detail": finding.detail} for name, finding in found.items()}
    body = {"status": "healthy" if right else "unhealthy", "settings": settings, "checks": shown}
    return Answer(status=200 if right else 503, body=body)


async def made(check: Check) -> Finding:
    """What a check comes to, and why it came to nothing: never an exception of ours, never longer than `LONGEST`."""
    try:
        async with asyncio.timeout(LONGEST):
            return await check()
    except TimeoutError:
        return Finding(ok=False, detail=f"no answer in {LONGEST:.0f} s")
    except CosellError as error:
        return Finding(ok=False, detail=str(error))


def remembered(check: Check, tick: Callable[[], float] = time.monotonic) -> Check:
    """A check that costs many requests, made rarely while it is well: monitors ask for health every minute."""
    last: list[tuple[float, Finding]] = []

    async def again() -> Finding:
        if last and tick() < last[0][0]:
            return last[0][1]
        try:
            found = await check()
        except CosellError as error:
            found = Finding(ok=False, detail=str(error))
        last[:] = [(tick() + (GOOD_FOR if found.ok else BAD_FOR), found)]
        return found

    return again


def pings(ping: Callable[[], Awaitable[object]]) -> Check:
    """A dependency is well when it answers."""

    async def check() -> Finding:
        await ping()
        return Finding(ok=True)

    return check


def unpaused(pauses: Pauses, clock: Clock, side: Side) -> Check:
    async def check() -> Finding:
        end = await pauses.until(side)
        paused = end is not None and end > clock.now()
        return Finding(ok=not paused, detail=f"left alone until {end:%Y-%m-%d %H:%M:%S} UTC" if paused else "")

    return check


def without(problems: Callable[[], Awaitable[tuple[str, ...]]]) -> Check:
    """Something is well when it has nothing to complain of."""

    async def check() -> Finding:
        found = await problems()
        return Finding(ok=not found, detail="; ".join(found))

    return check
