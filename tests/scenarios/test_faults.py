"""Calls without an answer (rules.md §1)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.outcome import Kind
from shared.domain.values import Group, Money
from shared.errors import AccessLost, Conflict, Refused, Remote, Unavailable
from tests.chaos.faults import Died
from tests.fakes.gateway import DANA, FakeGateway
from tests.fakes.world import World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


@pytest.mark.parametrize("when", ["crm.write", "crm.write done", "partner.write", "partner.write done"])
async def test_an_unanswered_write_is_neither_lost_nor_doubled(when: str) -> None:
    """A write without an answer, before or after its effect, ends with both sides in step and nothing parked."""
    for carries in (True, False):
        w = await linked_from_partner(carries_marker=carries)
        faults = {"left": 1}

        async def cut(name: str, faults: dict[str, int] = faults) -> None:
            if name == when and faults["left"]:
                faults["left"] -= 1
                raise Unavailable(Remote(system="Dynamics 365", message="no answer"))

        w.crm.hook = w.partner.hook = cut
        w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
        w.crm.edit(w.row.id, **{deal.NAME: "From the CRM"})
        await w.settle()
        w.clock.advance(400)
        await w.heal()

        for row in (w.referral, w.row):
            assert (row.values[deal.NAME], row.values[deal.NOTES]) == ("From the CRM", "from the portal"), carries
        assert w.link.intents == ()
        assert w.parked.entries == {}


async def test_an_edit_back_after_an_unsettled_write_follows_the_newest() -> None:
    """No marker, a crash between write and settle, then an edit back: the newest side wins and Audit names both."""
    w = await linked_from_crm()
    w.partner.carries_marker = False
    w.referral.marker = None
    w.links.rows[w.row.id] = replace(
        w.link, base={side: replace(base, marked=False) for side, base in w.link.base.items()}
    )

    async def cut(name: str) -> None:
        if name == "partner.write done":
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    w.partner.hook = cut
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.deliver()
    await w.step()
    assert w.referral.values[deal.NOTES] == "from the CRM"
    w.partner.hook = w.crm.hook
    w.clock.advance(60)
    w.partner.edit(w.referral.id, **{deal.NOTES: "first call held"})
    w.clock.advance(300)
    await w.settle()

    assert w.row.values[deal.NOTES] == w.referral.values[deal.NOTES] == "first call held"
    assert '"from the CRM"' in w.row.audit[0]
    assert '"first call held"' in w.row.audit[0]


@pytest.mark.parametrize("error", [Refused, Unavailable, Conflict])
async def test_a_failure_that_cannot_be_told_is_still_a_failure(error: type[Refused | Unavailable | Conflict]) -> None:
    """A row that takes no Audit line is parked or waits all the same; what time mends is told later."""
    w = World()
    await w.heal()
    faults = {"left": 3}

    async def fail(name: str) -> None:
        if name == "crm.write" and faults["left"]:
            faults["left"] -= 1
            raise error(Remote(system="Dynamics 365", status=400, message="a plug-in says no"))

    w.crm.hook = fail
    ident = w.crm.make(**{deal.TEAM: Group()})
    await w.settle()

    assert w.links.rows[ident].outcome is not None
    assert w.links.rows[ident].outcome.kind is Kind.WAITING  # type: ignore[union-attr]  # asserted above
    assert bool(w.row.audit) is (error is not Refused)


async def test_what_could_not_be_said_is_said_later_in_full() -> None:
    """Two edits met, the partner side was written and the CRM's Audit could not be: the next write names both."""
    w = await linked_from_partner()
    faults = {"left": 1}

    async def busy(name: str) -> None:
        if name == "crm.write" and faults["left"]:
            faults["left"] -= 1
            raise Conflict(Remote(system="Dynamics 365", status=412))

    w.crm.hook = busy
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.settle()

    assert '"from the portal"' in w.row.audit[0]
    assert w.link.unsaid == ()


async def test_nobodys_data_lies_in_links_or_logs() -> None:
    """Audit names both values of a conflict and the person whose phone is missing; links and telemetry do not."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.settle()
    w.crm.make(**{deal.TEAM: Group([replace(DANA, phone="")])})
    await w.settle()

    kept = f"{w.links.rows} {w.telemetry.outcomes} {w.telemetry.events}"
    assert [text for text in ("from the portal", "from the CRM", DANA.email) if text in kept] == []
    assert any(DANA.email in line for row in w.crm.rows.values() for line in row.audit)


async def test_one_marker_proves_that_a_side_carries_them() -> None:
    """A marker that an unsettled write left proves it: a write that never landed is no edit back."""
    w = await linked_from_crm()
    w.referral.marker = "the marker of an earlier write"
    w.links.rows[w.row.id] = replace(
        w.link, base={side: replace(base, marked=False) for side, base in w.link.base.items()}
    )

    async def cut(name: str) -> None:
        if name == "partner.write":
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    w.partner.hook = cut
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.deliver()
    await w.step()
    w.partner.hook = w.crm.hook
    w.clock.advance(60)
    w.partner.edit(w.referral.id)
    w.clock.advance(300)
    await w.settle()

    assert w.referral.values[deal.NOTES] == w.row.values[deal.NOTES] == "from the CRM"


async def test_a_first_write_that_never_landed_leaves_no_doubt_about_a_row_without_a_marker() -> None:
    """A row that nobody of us wrote shows an empty marker: a save that changes nothing does not make it ours."""
    w = World()
    await w.heal()
    w.crm.make()
    await _dying(w, w.partner, "create done")
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.announced.clear()
    w.clock.advance(700)
    w.crm.edit(w.row.id, **{deal.NAME: "From the CRM"})
    await _dying(w, w.crm, "write")
    w.clock.advance(10)
    w.crm.edit(w.row.id)
    w.clock.advance(400)
    await w.settle()
    await w.heal()

    assert w.referral.values[deal.NOTES] == w.row.values[deal.NOTES] == "from the portal"


async def test_rounding_is_no_edit_after_a_write_that_was_never_settled() -> None:
    """A worker dies after a CRM that rounds took its write: the rounded value is not sent back."""
    w = await linked_from_partner(rounds=True)
    w.partner.edit(w.referral.id, **{deal.AMOUNT: Money(Decimal("1.5"), "USD")})
    await _dying(w, w.crm, "write done")
    w.clock.advance(400)
    await w.settle()
    await w.heal()

    assert w.referral.values[deal.AMOUNT] == Money(Decimal("1.5"), "USD")
    assert w.row.values[deal.AMOUNT] == Money(Decimal(2), "USD")
    assert w.link.intents == ()


async def test_access_that_is_lost_after_a_write_took_effect_loses_no_edit() -> None:
    """The CRM took a value and then let nobody read it: the referral's next edit is one-sided and arrives."""
    w = await linked_from_partner()
    lost = {"left": 1}

    async def locked(name: str) -> None:
        if name == "crm.write done" and lost["left"]:
            lost["left"] -= 1
            raise AccessLost(Remote(system="Dynamics 365", status=403, message="prvReadOpportunity is missing"))

    w.crm.hook = locked
    w.partner.edit(w.referral.id, **{deal.NOTES: "first"})
    await w.deliver()
    w.clock.advance(3)
    await w.step()
    w.partner.edit(w.referral.id, **{deal.NOTES: "second"})
    await w.settle()
    w.clock.advance(400)
    await w.heal()

    assert w.referral.values[deal.NOTES] == w.row.values[deal.NOTES] == "second"
    assert w.link.intents == ()


async def _dying(w: World, gateway: FakeGateway, at: str) -> None:
    """The next signal, whose worker dies at that point of that gateway."""

    async def die(name: str) -> None:
        if name == f"{gateway.side}.{at}":
            raise Died

    before, gateway.hook = gateway.hook, die
    await w.deliver()
    assert w.signals.next_at is not None
    w.clock.jump(w.signals.next_at)
    taken = w.signals.take()
    assert taken is not None
    with pytest.raises(Died):
        await w.job.run(taken.body)
    gateway.hook = before
