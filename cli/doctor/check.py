"""One check: a look at one thing, which ends in findings whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from cli.doctor.finding import Area, Finding, Line, failed
from cli.work import Tools
from shared.errors import AccessLost, CosellError, Misconfigured, RemoteError, Transient

LONGEST = 60.0  # seconds; a call has bounds of its own, and some checks make a few dozen
LATER = "Wait a little, then run this again"
NOT_THERE = "Check the address in the settings, and the network between, then run this again"
Findings = Finding | tuple[Finding, ...]
Look = Callable[[Tools], Awaitable[Findings]]


@dataclass(frozen=True, kw_only=True)
class Check:
    """`look` may raise whatever `shared.errors` names: its words are what was found."""

    area: Area
    name: str
    look: Look

    async def lines(self, tools: Tools) -> tuple[Line, ...]:
        return tuple(Line(area=self.area, check=self.name, finding=each) for each in await _made(self.look, tools))


async def _made(look: Look, tools: Tools) -> tuple[Finding, ...]:
    try:
        async with asyncio.timeout(LONGEST):
            found = await look(tools)
    except TimeoutError:
        return (failed(f"no answer in {LONGEST:.0f} s", LATER, unreachable=True),)
    except Misconfigured as error:
        return tuple(failed(problem, "Correct the setting that is named") for problem in error.problems)
    except RemoteError as error:
        away = isinstance(error, Transient | AccessLost)
        do = error.advice or (LATER if error.remote.status else NOT_THERE)
        return (failed(str(error.remote), do, unreachable=away),)
    except CosellError as error:
        return (failed(str(error), ""),)
    return found if isinstance(found, tuple) else (found,)
