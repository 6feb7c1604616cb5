"""What time will mend: delays, pauses, and how they end (rules.md §10)."""

from __future__ import annotations

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
