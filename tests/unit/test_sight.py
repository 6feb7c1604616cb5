"""What heal tells of the queues and of what is parked: alerts ask for these."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from shared.domain.values import Ref, Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Signal
from shared.platform.sight import Sight
from shared.ports import ParkedEntry
from tests.fakes.store import FakeClock, FakeParked, FakeSignals, FakeTelemetry

SIGNAL = Signal(look=Look.LEAD, side=Side.CRM, kind="lead", id="l-1")


def sight() -> tuple[Sight, FakeSignals, FakeTelemetry]:
    clock, telemetry = FakeClock(), FakeTelemetry()
    signals = FakeSignals(clock)
    return Sight(signals=signals, parked=FakeParked(), telemetry=telemetry, clock=clock), signals, telemetry


async def test_a_queue_is_as_old_as_its_oldest_message_that_may_be_taken() -> None:
    """One that is delayed on purpose waits for nobody and makes no queue old."""
    look, signals, telemetry = sight()
    await signals.send(SIGNAL, delay=3600)
    await signals.send(SIGNAL)
    clock = look.clock
    assert isinstance(clock, FakeClock)
    clock.advance(90)
    await look.look()
    assert telemetry.events == [
        ("queue_seen", {"queue": "lead-changes", "length": 2, "oldest_s": 90.0}),
        ("parked_seen", {"count": 0}),
    ]


async def test_every_parked_entry_counts() -> None:
    """Whatever it is of."""
    look, _, telemetry = sight()
    at = look.clock.now() - timedelta(days=40)
    for ident in ("l-1", "l-2"):
        entry = ParkedEntry(pair="cosell", ref=Ref("lead", ident), side=Side.CRM, reason="r", advice="", body="", at=at)
        await look.parked.put(entry)
    await look.look()
    assert telemetry.events == [("parked_seen", {"count": 2})]


async def test_what_cannot_be_seen_is_told_and_raised_to_nobody() -> None:
    """Heal goes on behind a store that refuses, and behind one that takes too long."""
    look, signals, telemetry = sight()

    async def refused(step: str) -> None:
        raise Unavailable(Remote(system="Azure Storage", status=403, message=step))

    async def slow(_: str) -> None:
        await asyncio.sleep(5)

    for hook in (refused, slow):
        signals.hook = hook
        await replace(look, longest=0.01).look()
    assert [name for name, _ in telemetry.events] == ["queues_unseen"] * 2
    assert telemetry.events[-1][1] == {"reason": "no answer in 0.01 s"}
