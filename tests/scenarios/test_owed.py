"""What a setting forbids stays owed (rules.md §10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.messages import Look
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner


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


@pytest.mark.parametrize("from_partner", [True, False])
async def test_an_owed_creation_is_made_when_the_settings_allow_it(*, from_partner: bool) -> None:
    """A record that MODE=test kept from being created is created after the change, whichever side it is on."""
    w = World(policy=replace(LIVE, live=False, fingerprint="test"))
    await w.heal()
    w.clock.advance(60)
    (w.partner if from_partner else w.crm).make()
    await w.settle()
    await w.heal()
    assert len(w.partner.rows) + len(w.crm.rows) == 1
    w.configure(LIVE)
    await w.heal()

    assert w.referral.counterpart == w.row.id


async def test_an_owed_adoption_and_invitation_are_made_when_the_settings_allow_it() -> None:
    """A pair that may not be linked yet, and Microsoft's help that may not be asked for yet, follow the change."""
    w = await linked_from_crm()
    w.links.rows.clear()
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    w.crm.edit(w.row.id, **{deal.NOTES: "first call held"})
    await w.settle()
    assert not w.link.linked
    w.configure(LIVE)
    await w.heal()
    assert w.links.rows[w.row.id].linked
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    w.crm.edit(w.row.id, **{deal.HELP: "GeneralOrOther"})
    await w.settle()
    assert "invitation" in w.link.owed[0] or "Visible" in w.link.owed[0]
    w.configure(LIVE)
    await w.heal()

    assert w.link.invited is not None
    assert w.partner.violations == []


async def test_a_news_of_microsoft_is_owed_while_nothing_may_be_written() -> None:
    """What Audit may not be told yet is told when the settings allow it."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner.edit(microsoft.id, **{deal.STAGE: Stage.ACTIVE})
    await w.settle()
    told = len(w.row.audit)
    w.configure(LIVE)
    await w.send(Look.COSELL, Side.PARTNER, microsoft.id)

    assert w.row.audit[0] == "Microsoft accepted the deal"
    assert len(w.row.audit) == told + 1


async def test_an_owed_answer_of_microsoft_is_paid_with_the_rest() -> None:
    """What Microsoft answered in test mode is in the CRM after the first heal that may write."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner.edit(microsoft.id, **{deal.STAGE: Stage.ACTIVE, deal.MICROSOFT_ID: "1-ABC"})
    await w.settle()
    await w.heal()
    assert w.row.values[deal.MICROSOFT_ID] is None
    w.configure(LIVE)
    await w.heal()

    assert w.row.values[deal.MICROSOFT_ID] == "1-ABC"


async def test_an_outcome_is_not_recorded_on_a_link_that_has_moved() -> None:
    """What was owed of the deal as it was says nothing of the deal as another worker left it meanwhile."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.NOTES: "during the dry run"})
    live = w.reconcile
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    signal = w.signal(Look.OPPORTUNITY, Side.CRM, w.row.id)
    rivals = {"left": 1}

    async def rival(name: str) -> None:
        if name == "partner.read done" and rivals["left"]:
            rivals["left"] -= 1
            await live(signal)

    w.partner.hook = rival
    w.announced.clear()
    await w.signals.send(signal)
    outcomes = await w.settle()

    assert w.referral.values[deal.NOTES] == "during the dry run"
    assert Kind.OWED not in [outcome.kind for outcome in outcomes]
