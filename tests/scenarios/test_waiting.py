"""Waiting, owed, delayed and parked (rules.md §10)."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Group, Side
from shared.errors import Remote, Throttled
from shared.messages import Look, Signal, Why
from tests.fakes.gateway import CONTOSO, DANA, PLATFORM
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_partner


async def test_a_deal_that_lacks_data_waits_tells_and_is_mended_by_any_record() -> None:
    """Missing data is told in Audit with a cross; mending the account beside it brings the referral."""
    w = World()
    await w.heal()
    ident = w.crm.make(**{deal.CUSTOMER: None, deal.SOLUTIONS: Group()})
    outcomes = await w.settle()
    assert outcomes[-1].kind is Kind.WAITING
    assert "choose the account" in w.row.audit[0]
    assert "add at least one co-sell ready" in w.row.audit[0]
    assert w.row.mark == "✗"
    w.row.values.update({deal.CUSTOMER: CONTOSO, deal.SOLUTIONS: Group([PLATFORM])})
    await w.signals.send(Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="account", id=f"account-{ident}"))
    await w.settle()

    assert w.referral.counterpart == ident
    assert w.row.mark == "✓"
    assert w.parked.entries == {}


async def test_a_waiting_deal_is_tried_again_by_heal() -> None:
    """What no event announces is tried again by heal, at growing intervals."""
    w = World()
    await w.heal()
    w.crm.make(**{deal.TEAM: Group()})
    await w.settle()
    w.row.values[deal.TEAM] = Group([DANA])
    await w.heal()
    assert [row for row in w.partner.rows.values() if row.ours] == []
    w.clock.advance(16 * 60)
    await w.heal()

    assert w.referral.counterpart == w.row.id


async def test_what_a_toggle_forbids_stays_owed_until_the_settings_allow_it() -> None:
    """MODE=test writes nothing outside TEST_RECORDS; switching to live sends what is owed, and only once."""
    w = World(policy=replace(LIVE, live=False, fingerprint="test"))
    await w.heal()
    ident = w.crm.make()
    outcomes = await w.settle()
    assert outcomes[-1].kind is Kind.OWED
    assert w.partner.rows == {}
    assert w.row.audit == []
    await w.heal()
    assert w.partner.rows == {}
    w.configure(LIVE)
    await w.heal()

    assert w.referral.counterpart == ident


async def test_a_dry_run_writes_nothing_and_forgets_nothing() -> None:
    """DRY_RUN plans and reports; switched off, the edits of that time reach the other side."""
    w = await linked_from_partner()
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    before = (dict(w.partner.rows[w.referral.id].values), w.row.version)
    w.crm.edit(w.row.id, **{deal.NOTES: "during the dry run"})
    version = w.row.version
    outcomes = await w.settle()
    assert outcomes[-1].kind is Kind.OWED
    assert (before[0], version) == (dict(w.referral.values), w.row.version)
    w.configure(LIVE)
    await w.heal()

    assert w.referral.values[deal.NOTES] == "during the dry run"


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
    w.partner.calls.clear()
    w.partner.edit(w.referral.id, **{deal.NAME: "also"})
    await w.deliver()
    w.clock.advance(3)
    await w.step()
    assert w.partner.calls == []
    await w.settle()

    assert w.row.values[deal.NOTES] == "during the storm"
    assert w.parked.entries == {}


async def test_replay_revives_a_parked_record() -> None:
    """A replayed signal looks again whatever the link remembers."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()
    replay = Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=w.row.id, why=Why.REPLAY)
    await w.signals.send(replay)
    (outcome,) = await w.settle()

    assert outcome.kind in (Kind.LEFT, Kind.DONE)
