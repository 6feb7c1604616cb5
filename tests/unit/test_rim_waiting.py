"""What the rim does while a store or a system is away, slow or wrong: nothing is lost, nobody is asked in vain."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import cast

import pytest

from shared.domain.values import Ref, Side
from shared.errors import CosellError, Misconfigured, Remote, Throttled, Unavailable
from shared.messages import Look, Signal
from shared.platform.doors import Door
from shared.platform.gate import FLOWS_AGAIN, UNKNOWN, Gate, MicrosoftFlows
from shared.platform.health import BAD_FOR, GOOD_FOR, pings, remembered
from shared.platform.office import Office
from shared.platform.reception import UNSTEADY, Reception
from shared.platform.world import NAME, RIGHT_FOR, Pinned
from shared.ports import Gateway, ParkedEntry, World
from tests.fakes.store import FakeClock, FakeCursors, FakeParked, FakeSignals, FakeTelemetry

SIGNAL = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1")
REF = Ref("opportunity", "o-1")
AWAY = Unavailable(Remote(system="Azure Storage", status=503))


@dataclass
class Asked:
    """Answers each question alike, and counts them."""

    answer: tuple[str, ...] | CosellError = ()
    times: int = 0

    async def __call__(self) -> tuple[str, ...]:
        self.times += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, CosellError):
            raise self.answer
        return self.answer

    problems = __call__


@dataclass
class Organisations:
    """A gateway as far as the world is concerned."""

    name: str
    error: CosellError | None = None

    async def ping(self) -> World:
        if self.error:
            raise self.error
        return World(organisation=self.name)


@dataclass
class Ticks:
    """A monotonic clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def door(signals: FakeSignals, error: CosellError | None = None, longest: float = 20) -> Door:
    async def read(_: object, __: bytes) -> Signal:
        if error:
            raise error
        return SIGNAL

    return Door(name="d", read=read, signals=signals, telemetry=FakeTelemetry(), longest=longest)


async def test_a_door_does_not_wait_longer_than_its_caller() -> None:
    """A queue that does not answer is a 503 in time: the sender's own limit would make it a lost event."""

    async def stuck(step: str) -> None:
        if step == "signals.send":
            await asyncio.Event().wait()

    slow = door(FakeSignals(FakeClock(), hook=stuck), longest=0.01)
    assert (await slow.take({}, b"")).status == 503


async def test_a_door_that_cannot_tell_asks_for_the_event_again() -> None:
    """Whatever is wrong on our side is 503, which Dataverse sends again, and not 500, which it does not."""
    answer = await door(FakeSignals(FakeClock()), Misconfigured(("WEBHOOK_TRUSTED_ROOTS is gone",))).take({}, b"")
    assert (answer.status, "WEBHOOK" in json.dumps(answer.body)) == (503, False)


@dataclass
class Failing:
    """A worker whose tables are away."""

    error: Exception
    parked: list[str] = field(default_factory=list)

    async def run(self, body: bytes) -> object:
        del body
        raise self.error

    async def poisoned(self, body: bytes, *, reason: str) -> None:
        del body
        self.parked.append(reason)


async def test_a_table_outage_delays_a_signal_instead_of_poisoning_it() -> None:
    """Time mends it, so the signal is sent again later; a bug is still raised."""
    signals = FakeSignals(FakeClock())

    async def reception(error: Exception) -> None:
        await Reception(job=Failing(error), closed=nothing_closed, signals=signals, telemetry=FakeTelemetry()).run(
            SIGNAL.encoded().encode()
        )

    await reception(AWAY)
    await reception(Unavailable(Remote(system="Azure Storage"), retry_after=90.0))
    assert [(sent.signal.id, sent.delay) for sent in signals.log] == [("r-1", UNSTEADY), ("r-1", 90.0)]
    with pytest.raises(ZeroDivisionError):
        await reception(ZeroDivisionError())


async def nothing_closed() -> None:
    """The gate is open."""


async def test_a_system_that_cannot_be_reached_is_not_asked_for_each_signal() -> None:
    """Of many signals one asks whose system it is; the others wait as long as it has to."""
    world, ticks = Asked(Throttled(Remote(system="Dynamics 365", status=429), retry_after=40.0)), Ticks()
    gate = Gate(world=world, flows=MicrosoftFlows(Asked()), writes=True, tick=ticks)
    waits = await asyncio.gather(*(gate.closed() for _ in range(9)))
    assert (world.times, {wait.seconds for wait in waits if wait}) == (1, {40.0})
    world.answer, ticks.now = (), 41.0
    assert await gate.closed() is None
    assert UNKNOWN < 60


async def test_flows_that_cannot_be_looked_at_are_not_asked_for_each_signal() -> None:
    """Without the privilege to see flows, a refusal a minute is enough, and health still names it."""
    seen, ticks = Asked(Unavailable(Remote(system="Dynamics 365", status=503))), Ticks()
    flows = MicrosoftFlows(seen, tick=ticks)
    gate = Gate(world=Asked(), flows=flows, writes=True, tick=ticks)
    assert await asyncio.gather(*(gate.closed() for _ in range(9))) == [None] * 9
    assert seen.times == 1
    with pytest.raises(Unavailable, match="503"):
        await flows.problems()
    ticks.now = FLOWS_AGAIN
    assert (await gate.closed(), seen.times) == (None, 2)


async def test_flows_that_take_too_long_hold_up_one_signal_at_most() -> None:
    """A look that hangs ends, and is not begun again by the next signal."""
    begun: list[int] = []

    async def hanging() -> tuple[str, ...]:
        begun.append(1)
        await asyncio.Event().wait()
        return ()

    gate = Gate(world=Asked(), flows=MicrosoftFlows(hanging, tick=Ticks(), longest=0.01), writes=True, tick=Ticks())
    assert [await gate.closed() for _ in range(3)] == [None] * 3
    assert begun == [1]


async def test_flows_last_seen_active_stay_so_while_nobody_can_look() -> None:
    """An outage of the look must not let us write beside Microsoft's own connector."""
    seen, ticks = Asked(("Sync referral",)), Ticks()
    gate = Gate(world=Asked(), flows=MicrosoftFlows(seen, tick=ticks), writes=True, tick=ticks)
    assert await gate.closed() is not None
    seen.answer, ticks.now = Unavailable(Remote(system="Dynamics 365")), 601.0
    wait = await gate.closed()
    assert wait is not None
    assert "Sync referral" in wait.reason


async def test_of_two_first_starts_in_different_worlds_one_is_refused() -> None:
    """The pin is a compare-and-set: whoever is second is held to the first, however close they are."""
    both, first_looks = asyncio.Barrier(2), iter((1, 2))

    async def together(step: str) -> None:
        if step == "cursors.get" and next(first_looks, None):
            await both.wait()

    cursors = FakeCursors(hook=together)

    async def start(organisation: str) -> tuple[str, ...]:
        crm = cast("Gateway", Organisations(organisation))
        pinned = Pinned(partner=crm, crm=crm, cursors=cursors, tenant="t")
        return await pinned.problems()

    found = await asyncio.gather(start("org-1"), start("org-2"))
    assert sorted(map(len, found)) == [0, 1]
    assert json.loads(cursors.texts[NAME])["dataverse"] == ("org-1" if found[0] == () else "org-2")


@pytest.mark.parametrize("ready", [True, False])
async def test_the_desk_says_503_while_its_table_is_away(*, ready: bool) -> None:
    """An administrator gets a JSON answer with the reason, also where the storage setting itself is wrong."""

    async def away(_: str) -> None:
        raise AWAY

    parked, signals, telemetry = FakeParked(hook=away), FakeSignals(FakeClock()), FakeTelemetry()
    parked.entries["cosell", REF] = ParkedEntry(
        pair="cosell", ref=REF, side=Side.CRM, reason="r", advice="", body="{}", at=FakeClock().at
    )
    office = Office(pair="cosell", parked=parked, signals=signals, telemetry=telemetry, ready=ready)
    for answer in (await office.listed(), await office.replay("a", "b"), await office.drop("a", "b")):
        assert (answer.status, answer.body["error"], bool(answer.body["reason"])) == (503, "not_available", True)


async def test_a_costly_check_is_made_rarely_while_it_is_well() -> None:
    """Monitors ask for health every minute from everywhere; what is wrong is looked at again soon."""
    asked, ticks = Asked(), Ticks()
    check = remembered(pings(asked), ticks)
    assert [(await check()).ok for _ in range(3)] == [True] * 3
    asked.answer, ticks.now = Misconfigured(("no such column",)), GOOD_FOR
    assert [(await check()).detail for _ in range(3)] == ["no such column"] * 3
    asked.answer, ticks.now = (), GOOD_FOR + BAD_FOR
    assert ((await check()).ok, asked.times) == (True, 3)


async def test_an_environment_that_was_copied_over_is_noticed() -> None:
    """The world is compared again every hour; an outage in that moment changes nothing."""
    crm, ticks = Organisations("org-1"), Ticks()
    gateway = cast("Gateway", crm)
    pinned = Pinned(partner=gateway, crm=gateway, cursors=FakeCursors(), tenant="t", tick=ticks)
    assert await pinned.problems() == ()
    crm.name, crm.error, ticks.now = "org-2", AWAY, RIGHT_FOR
    assert await pinned.problems() == ()
    crm.error, ticks.now = None, RIGHT_FOR + 60
    assert "org-2" in (await pinned.problems())[0]
