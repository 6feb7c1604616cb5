"""What goes wrong outside while people and hosts are at work: answers, webhooks, processes, the storage account."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from sandbox.people import Json
from tests.proof.parts_ground import Ground

SYSTEMS: Mapping[str, str] = {"partner_center": "sandbox-user", "dynamics": "sandbox-app"}  # the token of the functions
ALL = 10**6
WEBHOOKS: Mapping[str, Any] = {"drop": 0.1, "duplicate": 0.15, "delay": [0, 2], "seed": 1}
CALM: Mapping[str, Any] = {"drop": 0, "duplicate": 0, "delay": [0, 0], "reorder": False}


@dataclass(frozen=True, kw_only=True)
class Spell:
    """A spell of weather: a rule for requests of the functions, and for how many seconds it stands."""

    name: str
    rule: Mapping[str, Any]
    seconds: float = 1.0


SPELLS = (
    Spell(name="429", rule={"status": 429, "retry_after": 2, "times": 40}, seconds=2),
    Spell(name="503", rule={"status": 503}, seconds=2),
    Spell(name="slow", rule={"kind": "slow", "seconds": 1.5, "times": 20}),
    Spell(name="reset before", rule={"kind": "reset_before", "times": 4, "skip": 3}),
    Spell(name="reset after", rule={"kind": "reset_after", "times": 4, "skip": 3}),
    Spell(name="reset after a POST", rule={"kind": "reset_after", "times": 1, "method": "POST"}, seconds=3),
    Spell(name="reset after a PATCH", rule={"kind": "reset_after", "times": 3, "method": "PATCH"}, seconds=2),
    Spell(name="silence", rule={"kind": "timeout_after", "seconds": 3, "times": 2}),
    Spell(name="401 of an old token", rule={"status": 401, "times": 1}),
)


@dataclass
class Weather:
    """Use as `async with`: it is bad inside the block and calm after it. `met` counts requests that went wrong.

    Each system has a weather of its own, in which one spell follows another after at most `calm` seconds.
    """

    ground: Ground
    rng: random.Random
    calm: float
    met: Counter[str] = field(default_factory=Counter)
    _over: asyncio.Event = field(default_factory=asyncio.Event)
    _blowing: list[asyncio.Task[None]] = field(default_factory=list)
    _turns: Mapping[str, asyncio.Lock] = field(default_factory=lambda: {name: asyncio.Lock() for name in SYSTEMS})

    async def __aenter__(self) -> Self:
        self._over.clear()
        await self.ground.people.webhooks(**WEBHOOKS, reorder=self.rng.random() < 0.5)
        self._blowing = [asyncio.create_task(self._blow(system)) for system in SYSTEMS]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._over.set()  # not cancelled: a rule on its way would then stay for good
        endings = await asyncio.gather(*self._blowing, return_exceptions=True)
        for ending in endings if kind is None else ():  # what went wrong inside the block is what is told
            if isinstance(ending, BaseException):
                raise ending
        if kind is None:
            await self.ground.people.webhooks(**CALM)

    async def _blow(self, system: str) -> None:
        while not self._over.is_set():
            for drawn in self.rng.sample(SPELLS, len(SPELLS)):
                if not self._over.is_set():
                    await self.spell(system, drawn)
                    await self._pass(self.rng.uniform(0, self.calm))

    async def _pass(self, seconds: float) -> None:
        """So long, or until the weather is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return

    async def spell(self, system: str, drawn: Spell) -> None:
        """A rule for some seconds, and how many requests it met."""
        async with self._turns[system]:
            times = int(drawn.rule.get("times", ALL))
            await self._control(system, "POST", {**drawn.rule, "times": times, "bearer": SYSTEMS[system]})
            await self._pass(drawn.seconds)
            left = (await self._control(system, "GET"))["faults"]
            self.met[drawn.name] += times - (int(left[0]["times"]) if left else 0)
            await self._control(system, "DELETE")

    async def _control(self, system: str, method: str, rule: Json | None = None) -> Json:
        return await self.ground.people.control(system, method, "faults", rule)


@dataclass
class Reaper:
    """Kills hosts in turn, each in the middle of some work, and starts them again."""

    ground: Ground
    rng: random.Random

    async def kill(self, times: int, every: float) -> None:
        """So many kills, so many seconds apart."""
        fleet = self.ground.fleet
        for _ in range(times):
            await asyncio.sleep(self.rng.uniform(0, every))
            machine = fleet.machines[fleet.killed % len(fleet.machines)]
            await self._at_work(machine.number)
            await fleet.kill(machine)
            await asyncio.sleep(self.rng.uniform(0.2, 1.5))
            await fleet.raise_up(machine)

    async def _at_work(self, number: int) -> None:
        fleet = self.ground.fleet
        for _ in range(100):
            if await fleet.working(fleet.machines[number]) > 1:
                return
            await asyncio.sleep(0.05)
