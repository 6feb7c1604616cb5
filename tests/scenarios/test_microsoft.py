"""Microsoft's side of a deal."""

from __future__ import annotations

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Signal
from tests.scenarios.pairs import linked_from_crm


async def test_microsofts_answer_reaches_audit_and_the_identifier_column() -> None:
    """Microsoft accepts its referral: the opportunity gets its CRM identifier and an Audit line, once."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner.edit(microsoft.id, **{deal.STAGE: Stage.ACTIVE, deal.MICROSOFT_ID: "1-ABC"})
    await w.settle()
    await w.signals.send(Signal(look=Look.COSELL, side=Side.PARTNER, kind="referral", id=microsoft.id))
    await w.settle()

    assert w.row.values[deal.MICROSOFT_ID] == "1-ABC"
    assert len([line for line in w.row.audit if "Microsoft accepted the deal" in line]) == 1


async def test_a_slow_round_finds_a_lost_answer_of_microsoft() -> None:
    """A lost related event moves nothing of ours; the slow round reads open engagements again."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.webhooks = False
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner._touch(microsoft, {deal.MICROSOFT_ID: "1-XYZ"})
    w.clock.advance(2 * 3600)
    await w.heal()

    assert w.row.values[deal.MICROSOFT_ID] == "1-XYZ"


async def test_asking_for_help_shows_as_visible_in_the_crm_too() -> None:
    """Visible is the default where help is asked for: the column says so, and cannot be taken back (P-83, P-84)."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    assert w.row.values[deal.VISIBLE] is True
    writes = len([entry for entry in w.crm.history if entry[1] == deal.VISIBLE])
    w.crm.edit(w.row.id, **{deal.VISIBLE: False})
    await w.settle()

    assert w.row.values[deal.VISIBLE] is True
    assert "set back" in w.row.audit[0]
    w.crm.edit(w.row.id, **{deal.NOTES: "later"})
    await w.settle()
    assert len([entry for entry in w.crm.history if entry[1] == deal.VISIBLE]) == writes + 2


async def test_an_invitation_is_told_once_and_in_plain_words() -> None:
    """After asking Microsoft, Audit says that it was asked, and not that it has not answered yet."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})

    assert [line for line in w.row.audit if "Microsoft was asked for help" in line] == w.row.audit[:1]
    assert not any("not answered" in line for line in w.row.audit)


async def test_an_answer_that_comes_while_a_deal_is_delayed_is_seen_when_the_delay_is_over() -> None:
    """A signal that meets a delay is acknowledged; whoever looks when the delay is over looks at Microsoft too."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    broken = {"left": 1}

    async def away(name: str) -> None:
        if name == "crm.read" and broken["left"]:
            broken["left"] -= 1
            raise Unavailable(Remote(system="Dynamics 365", status=503))

    w.crm.hook = away
    w.crm.edit(w.row.id, **{deal.NOTES: "a moment before"})
    await w.step()
    microsoft = next(row for row in w.partner.rows.values() if not row.ours)
    w.partner.edit(microsoft.id, **{deal.STAGE: Stage.ACTIVE, deal.MICROSOFT_ID: "1-ABC"})
    await w.settle()

    assert w.row.values[deal.MICROSOFT_ID] == "1-ABC"
    assert w.referral.values[deal.NOTES] == "a moment before"
