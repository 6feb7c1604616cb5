"""What time will mend: delays, pauses, and how they end (rules.md §10)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.errors import AccessLost, Remote, Throttled, Unavailable
from shared.messages import Look
from tests.scenarios.pairs import linked_from_partner


async def test_throttling_pauses_the_system_for_every_signal() -> None:
    """A 429 delays its signal and every other one without an attempt, then everything resumes by itself."""
    w = await linked_from_partner()
    calls = {"left": 1}

    async def throttle(name: str) -> None:
        if name == "crm.write" and calls["left"]:
            calls["left"] -= 1
            raise Throttled(Remote(system="Dynamics 365", status=429), retry_after=120)

    w.crm.hook = throttle
    w.partner.edit(w.referral.id, **{deal.NOTES: "during the storm"})
    await w.deliver()
    w.clock.advance(2)
    outcome = await w.step()
    assert outcome is not None
    assert outcome.kind is Kind.DELAYED
    paused = [fields for name, fields in w.telemetry.events if name == "system_paused"]
    assert [(fields["system"], fields["seconds"]) for fields in paused] == [("crm", 120)]
    w.partner.calls.clear()
    w.partner.edit(w.referral.id, **{deal.NAME: "also"})
    await w.deliver()
    w.clock.advance(3)
    await w.step()
    assert w.partner.calls == []
    await w.settle()

    assert w.row.values[deal.NOTES] == "during the storm"
    assert w.parked.entries == {}


async def test_signals_that_were_under_way_pause_it_once() -> None:
    """Each signal that meets a 429 in the same moment is delayed, and the pause is stored and told once."""
    w = await linked_from_partner()
    signal = w.signal(Look.OPPORTUNITY, Side.CRM, w.row.id).encoded().encode()

    async def throttle(name: str) -> None:
        if name == "crm.read":
            await asyncio.sleep(0)  # all of them have looked for a pause by then
            raise Throttled(Remote(system="Dynamics 365", status=429), retry_after=120)

    w.crm.hook = throttle
    outcomes = await asyncio.gather(*(w.job.run(signal) for _ in range(3)))

    assert [outcome.kind for outcome in outcomes] == [Kind.DELAYED] * 3
    assert [name for name, _ in w.telemetry.events].count("system_paused") == 1


async def test_a_longer_wait_makes_the_pause_longer() -> None:
    """A later 429 that names more time is stored over the pause there is."""
    w = await linked_from_partner()
    signal = w.signal(Look.OPPORTUNITY, Side.CRM, w.row.id).encoded().encode()
    waits = [120.0, 150.0]

    async def throttle(name: str) -> None:
        if name == "crm.read":
            await asyncio.sleep(0)
            raise Throttled(Remote(system="Dynamics 365", status=429), retry_after=waits.pop(0))

    w.crm.hook = throttle
    await asyncio.gather(*(w.job.run(signal) for _ in range(2)))

    assert await w.pauses.until(Side.CRM) == w.clock.now() + timedelta(seconds=150)


async def test_a_signal_that_met_a_pause_keeps_its_cause() -> None:
    """Nothing was looked at: an announcement of what is settled costs one read afterwards, as it would have before."""
    w = await linked_from_partner()
    await w.pauses.pause(Side.CRM, w.clock.now() + timedelta(minutes=1), "429")
    w.partner.calls.clear()
    w.crm.calls.clear()
    outcomes = await w.send(Look.REFERRAL, Side.PARTNER, w.referral.id)

    assert [outcome.kind for outcome in outcomes] == [Kind.DELAYED, Kind.DONE]
    assert (w.partner.calls, w.crm.calls) == (["read"], [])


async def test_a_lost_access_pauses_and_resumes_by_itself() -> None:
    """While a system lets nobody in, signals wait without an attempt, and nothing is parked however long it takes."""
    w = await linked_from_partner()
    locked = {"out": True}

    async def refuse(name: str) -> None:
        if locked["out"] and name.startswith("crm."):
            raise AccessLost(Remote(system="Dynamics 365", status=401))

    w.crm.hook = refuse
    w.partner.edit(w.referral.id, **{deal.NOTES: "in the dark"})
    await w.settle(within=timedelta(days=9))
    calls = len(w.crm.calls)
    w.crm.hook = w.partner.hook
    locked["out"] = False
    faults = {"left": 1}

    async def once(name: str) -> None:
        if name == "crm.read" and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503))

    w.crm.hook = once
    await w.settle()

    assert w.row.values[deal.NOTES] == "in the dark"
    assert w.parked.entries == {}
    assert calls < 9 * 24 * 60 + 5


async def test_a_transient_failure_is_bounded_by_age() -> None:
    """What fails for a week is parked, not tried for ever; until then no try is lost to a count."""
    w = await linked_from_partner()

    async def broken(name: str) -> None:
        if name == "crm.read":
            raise Unavailable(Remote(system="Dynamics 365", status=503, message="down"))

    w.crm.hook = broken
    w.partner.edit(w.referral.id, **{deal.NOTES: "during the outage"})
    await w.settle(within=timedelta(days=6))
    assert w.parked.entries == {}
    await w.settle(within=timedelta(days=2))

    assert len(w.parked.entries) == 1


async def test_a_delay_does_not_multiply() -> None:
    """A signal that meets a later wake_at is acknowledged, heal skips the deal, and a lost delay is sent again."""
    w = await linked_from_partner()
    faults = {"left": 1}

    async def once(name: str) -> None:
        if name == "crm.read" and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503, message="down"))

    w.crm.hook = once
    w.partner.edit(w.referral.id, **{deal.NOTES: "delayed"})
    await w.deliver()
    w.clock.advance(2)
    await w.step()
    assert w.link.wake_at is not None
    w.signals.heap.clear()  # the delayed signal is lost
    (again,) = await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id, within=timedelta())
    assert again.kind is Kind.LEFT
    assert (await w.watch.run()).woken == 0
    w.signals.heap.clear()
    w.clock.advance(11 * 60)
    await w.heal()

    assert w.row.values[deal.NOTES] == "delayed"
