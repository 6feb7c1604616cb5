"""The acts of a proof over real parts: deals are made, edited and closed while everything around them fails."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from tests.proof.figure import Say
from tests.proof.parts_checks import Inspector
from tests.proof.parts_closing import Closing
from tests.proof.parts_editing import Editing
from tests.proof.parts_ground import Ground
from tests.proof.parts_people import Crowd
from tests.proof.parts_rest import Rest
from tests.proof.parts_weather import CALM, SYSTEMS, Reaper, Spell, Weather

FIGHTING = 310.0  # seconds: who turns a value back and forth faster than this is stopped (rules.md, section 7)
HEALS = 60.0  # seconds between two runs of auto-heal while people are at work
FEW = 100  # messages: with more than these outstanding it is not run, as each record under way brings one more
UNANSWERED = Spell(name="a creation unanswered", rule={"method": "POST", "kind": "reset_after", "times": 2}, seconds=3)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is played: `outage` is the 503 in seconds, `rounds` the edits of a deal in an act, `lease` a message's.

    `calm`: seconds between two spells of weather at most.
    With `clock` all clocks can be set ahead; without it what takes ten minutes takes ten minutes.
    """

    deals: int
    hosts: int = 4
    kills: int = 10
    outage: float = 10.0
    lease: int = 20
    rounds: int = 2
    calm: float = 1.5
    clock: bool = True
    runtime: str = "auto"


@dataclass
class Acts:
    """Everybody who takes part in one performance; `again` is the command that plays it once more."""

    on: Ground
    size: Size
    seed: int
    say: Say
    again: str
    busy: float = 0.0
    rests: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.on, random.Random(self.seed))  # noqa: S311 - repeatable on purpose
        self.editing = Editing(self.crowd)
        self.weather = Weather(self.on, random.Random(f"{self.seed} weather"), self.size.calm)  # noqa: S311
        self.reaper = Reaper(self.on, random.Random(f"{self.seed} reaper"))  # noqa: S311
        self.inspector = Inspector(self.on, self.again)

    async def play(self) -> None:
        """Three acts, each ending in rest and a check, and a quiet one."""
        third = self.size.kills // 3
        await self.crowd.settle_down()
        await self.on.heal()  # the baseline: what is older is history
        await self._act("made and edited", self._make_and_edit, self.size.kills - 2 * third)
        await self._act("edited through an outage", self._edit_through_an_outage, third)
        await self._act("closed", self._close, third)
        await self._unheard()
        self.say(f"over, {len(self.inspector.failures)} failures")

    def found(self) -> str:
        """What was measured, in words."""
        faults = ", ".join(f"{count} x {name}" for name, count in sorted(self.weather.met.items()))
        closed = sum(bool(deal.closed) for deal in self.crowd.deals)
        return (
            f"{self.crowd.edits} edits, {closed} deals closed; {self.on.fleet.killed} hosts killed, "
            f"storage restarted {self.on.restarts} times; requests that failed: {faults}; of all webhooks 10 % dropped "
            f"and 15 % doubled; at most {self.on.deepest} messages outstanding; {self.busy:.0f} s of work, "
            f"then {' + '.join(f'{rest:.0f}' for rest in self.rests)} s to rest"
        )

    async def _act(self, name: str, act: Callable[[], Awaitable[None]], kills: int) -> None:
        start = time.monotonic()
        self.crowd.new_phase()
        async with self.weather, asyncio.TaskGroup() as group:
            healing = group.create_task(self._heal_now_and_then())
            await asyncio.gather(act(), self.reaper.kill(kills, self.size.deals / 20))
            healing.cancel()
        self.busy += time.monotonic() - start
        self.say(
            f"{name}: {len(self.crowd.deals)} deals, {self.crowd.edits} edits, {self.on.fleet.killed} kills so far"
        )
        await self._rest()
        await self.inspector.inspect(self.crowd.deals)
        self.say(f"at rest and looked through, {len(self.inspector.failures)} failures so far")
        await self.on.later(max(0.0, FIGHTING - self.rests[-1]))

    async def _make_and_edit(self) -> None:
        half = self.size.deals // 2
        await asyncio.gather(self.crowd.make(half), *(self.weather.spell(system, UNANSWERED) for system in SYSTEMS))
        await self.on.restart_storage()
        await self.crowd.make(self.size.deals - half)
        await self.editing.rounds(self.size.rounds)

    async def _edit_through_an_outage(self) -> None:
        system, other = self.crowd.rng.sample(list(SYSTEMS), 2)
        outage = Spell(name="503 in an outage", rule={"status": 503}, seconds=self.size.outage)
        expired = Spell(name="401 until a new sign-in", rule={"status": 401}, seconds=self.size.outage / 4)
        await asyncio.gather(
            self.editing.rounds(self.size.rounds),
            self.weather.spell(system, outage),
            self.weather.spell(other, expired),
        )

    async def _close(self) -> None:
        await Closing(self.crowd).some(0.5, self.size.rounds)

    async def _unheard(self) -> None:
        """Edits of which nobody is told are found; stray events of what is closed move nothing."""
        self.crowd.new_phase()
        await self.inspector.stamp(self.crowd.deals)
        await Closing(self.crowd).announce()
        await self.editing.unheard(300)
        await self._rest()
        await self.on.people.webhooks(**CALM)
        await self.inspector.inspect(self.crowd.deals)
        await self.inspector.untouched(self.crowd.deals)

    async def _rest(self) -> None:
        start = time.monotonic()
        rounds = await Rest(self.on, self.say).end()
        self.rests.append(time.monotonic() - start)
        self.say(f"came to rest in {self.rests[-1]:.0f} s, {rounds} rounds")

    async def _heal_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(HEALS)
            depth = sum((await self.on.outstanding()).values())
            try:
                if depth < FEW:
                    await self.on.heal()
            except (httpx.HTTPError, TimeoutError, IndexError) as error:  # its host was killed: the next one heals
                self.say(f"a run of auto-heal died with its host ({type(error).__name__})")
            self.say(f"{len(self.crowd.deals)} deals, {self.crowd.edits} edits, {depth} messages")
