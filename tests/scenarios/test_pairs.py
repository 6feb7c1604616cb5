"""The rules of a deal, told as what people do on either side and what is then seen on the other (rules.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Group, Money, Person, Side, Solution, Value
from shared.errors import Remote, Throttled, Unavailable
from shared.messages import Look, Signal, Why
from tests.fakes.gateway import CONTOSO, DANA, KIM, PLATFORM
from tests.fakes.world import LIVE, World


async def linked_from_partner(**world: object) -> World:
    """A deal made in Partner Center, synchronised."""
    w = World(**world)  # type: ignore[arg-type]  # the fields of World by name
    await w.heal()
    w.clock.advance(60)
    w.partner.make()
    await w.settle()
    return w


async def linked_from_crm(**values: object) -> World:
    """A deal made in the CRM, shared."""
    w = World()
    await w.heal()
    w.crm.make(**values)  # type: ignore[arg-type]  # fields of a deal by name
    await w.settle()
    return w


async def test_a_referral_becomes_one_opportunity_and_names_it() -> None:
    """A new referral is created in the CRM under a computed id, and carries that id as its external reference."""
    w = await linked_from_partner()

    assert w.row.counterpart == w.referral.id
    assert w.referral.counterpart == w.row.id
    assert w.row.values[deal.NAME] == w.referral.values[deal.NAME]
    assert w.link.linked
    assert w.outcomes[0].kind is Kind.DONE


async def test_our_own_writes_cost_one_read_and_nothing_else() -> None:
    """After settling, every further announcement of the settled version is one read of the referral."""
    w = await linked_from_partner()
    w.partner.calls.clear()
    w.crm.calls.clear()
    await w.signals.send(Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=w.referral.id))
    (outcome,) = await w.settle()

    assert outcome.reason == "nothing new since the last look"
    assert (w.partner.calls, w.crm.calls) == (["read"], [])


async def test_an_opportunity_becomes_one_referral() -> None:
    """A shared row without a referral becomes one, and gets its identifier, an Audit line and the check mark."""
    w = await linked_from_crm()

    assert w.referral.counterpart == w.row.id
    assert w.row.counterpart == w.referral.id
    assert w.row.audit == ["Shared with Partner Center as a new referral"]
    assert w.row.mark == "✓"


async def test_asking_for_help_invites_microsoft_once() -> None:
    """A help option makes the deal visible and invites Microsoft in the same engagement, exactly once."""
    w = await linked_from_crm(**{deal.HELP: "QuotesOrLicensing"})
    w.crm.edit(w.row.id, **{deal.NOTES: "again"})
    await w.settle()

    assert w.referral.values[deal.VISIBLE] is True
    invited = [row for row in w.partner.rows.values() if not row.ours]
    assert [(row.parent, row.values[deal.HELP]) for row in invited] == [(w.referral.parent, "QuotesOrLicensing")]
    assert w.link.invited == invited[0].id
    assert w.partner.violations == []


async def test_a_private_deal_becomes_co_sell_when_help_is_chosen_later() -> None:
    """Private to co-sell is an upgrade at any time: visible first, then the invitation."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.HELP: "GeneralOrOther"})
    await w.settle()

    assert w.referral.values[deal.VISIBLE] is True
    assert len([row for row in w.partner.rows.values() if not row.ours]) == 1
    assert w.partner.violations == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (deal.NAME, "Another name"),
        (deal.AMOUNT, Money(Decimal("777.5"), "EUR")),
        (deal.CLOSING_DATE, date(2027, 1, 15)),
        (deal.NOTES, "second call held"),
        (deal.INTENT, "Yes"),
        (deal.SOLUTIONS, Group([PLATFORM, Solution(id="SOL-2")])),
    ],
)
async def test_an_edit_on_either_side_reaches_the_other_and_nothing_else_is_written(name: str, value: object) -> None:
    """Only the changed field is written, to the other side, whichever side it was changed on."""
    for here in Side:
        w = await linked_from_partner()
        source, target = (w.partner, w.crm) if here is Side.PARTNER else (w.crm, w.partner)
        target.history.clear()
        source.edit(next(r.id for r in source.rows.values()), **{name: value})  # type: ignore[arg-type]  # any Value
        await w.settle()

        assert [(n, v) for _, n, v, who in target.history if who == "sync"] == [(name, value)], here


async def test_edits_on_different_fields_both_survive() -> None:
    """Both sides edited at once, different fields: each side ends with both edits."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NAME: "From the CRM"})
    await w.settle()

    for row in (w.referral, w.row):
        assert (row.values[deal.NAME], row.values[deal.NOTES]) == ("From the CRM", "from the portal")


@pytest.mark.parametrize("winner", list(Side))
async def test_edits_of_one_field_follow_the_winner_and_audit_names_both(winner: Side) -> None:
    """Both sides edited one field: CONFLICT_WINNER's value stands on both, and Audit names the two values."""
    w = await linked_from_partner(policy=replace(LIVE, winner=winner))
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    w.crm.edit(w.row.id, **{deal.NOTES: "from the CRM"})
    await w.settle()

    expected = "from the portal" if winner is Side.PARTNER else "from the CRM"
    assert {expected} == {w.referral.values[deal.NOTES], w.row.values[deal.NOTES]}
    assert '"from the CRM"' in w.row.audit[0]
    assert '"from the portal"' in w.row.audit[0]


async def test_a_value_that_the_crm_rounds_is_never_sent_back() -> None:
    """A side that cannot hold cents shows a rounded value: that is no edit, now or after another field's edit."""
    w = World(rounds=True)
    await w.heal()
    w.partner.make(**{deal.AMOUNT: Money(Decimal("99.99"), "USD")})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "an edit"})
    await w.settle()

    assert w.row.values[deal.AMOUNT] == Money(Decimal(100), "USD")
    assert w.referral.values[deal.AMOUNT] == Money(Decimal("99.99"), "USD")
    assert w.referral.values[deal.NOTES] == "an edit"


async def test_setting_a_value_back_is_an_edit() -> None:
    """A value set back to what it was before reaches the other side like any other edit."""
    w = await linked_from_partner()
    w.crm.edit(w.row.id, **{deal.NOTES: "changed"})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "first call held"})
    await w.settle()

    assert w.referral.values[deal.NOTES] == "first call held"


# --- status (§5) ------------------------------------------------------------------------------------------------


async def test_a_pending_referral_waits_on_hold_and_is_accepted_by_taking_it_off_hold() -> None:
    """New/Pending becomes On Hold; off hold accepts, and edits made meanwhile follow the accept."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    assert w.row.values[deal.STAGE] is Stage.HOLD
    w.crm.edit(w.row.id, **{deal.NOTES: "edited while pending"})
    await w.settle()
    assert w.referral.values[deal.NOTES] != "edited while pending"
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.ACTIVE
    assert w.referral.values[deal.NOTES] == "edited while pending"
    assert w.partner.violations == []


async def test_a_row_that_never_was_on_hold_accepts_nothing() -> None:
    """Where the CRM does not keep On Hold at creation, the row's In Progress is what it showed, not an accept."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    original = w.crm.create

    async def in_progress(draft: object) -> object:
        snapshot = await original(draft)  # type: ignore[arg-type]  # the draft it was given
        w.crm.rows[snapshot.ref.id].values[deal.STAGE] = Stage.OPEN
        return replace(snapshot, values={**snapshot.values, deal.STAGE: Stage.OPEN})

    w.crm.create = in_progress  # type: ignore[assignment,method-assign]  # the server of this test
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "an edit"})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.PENDING


async def test_losing_a_pending_deal_declines_it() -> None:
    """Lost while pending is Declined."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.LOST})
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.DECLINED


async def test_accepting_in_partner_center_takes_the_row_off_hold() -> None:
    """Accepted in the portal: the row that was on hold for it opens."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await w.settle()

    assert w.row.values[deal.STAGE] is Stage.OPEN


async def test_on_hold_while_active_is_the_sellers_own_business() -> None:
    """On Hold on an accepted deal sends nothing, and taking it off hold neither."""
    w = await linked_from_partner()
    w.partner.history.clear()
    stages: tuple[Stage, ...] = (Stage.HOLD, Stage.OPEN, Stage.HOLD)
    for stage in stages:
        w.crm.edit(w.row.id, **{deal.STAGE: stage})
        await w.settle()

    assert w.partner.history == []
    assert w.row.values[deal.STAGE] is Stage.HOLD


async def test_won_carries_the_actual_value() -> None:
    """Won in the CRM closes the referral with the value that was really made."""
    w = await linked_from_partner()
    won: dict[str, Value] = {deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal(61000), "USD")}
    w.crm.edit(w.row.id, **won)
    await w.settle()

    assert w.referral.values[deal.STAGE] is Stage.WON
    assert w.referral.values[deal.AMOUNT] == Money(Decimal(61000), "USD")
    assert w.crm.violations == w.partner.violations == []


@pytest.mark.parametrize("stage", [Stage.WON, Stage.LOST, Stage.EXPIRED, Stage.ERROR])
async def test_a_closed_referral_closes_the_row_whatever_the_winner(stage: Stage) -> None:
    """A terminal referral always wins; its last edits go with it, and closed rows get no business field after that."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "the end"})
    w.partner.edit(w.referral.id, **{deal.STAGE: stage})
    await w.settle()

    assert w.row.values[deal.STAGE] is (Stage.WON if stage is Stage.WON else Stage.LOST)
    assert w.row.values[deal.NOTES] == "the end"
    w.clock.advance(600)
    await w.heal()
    assert w.crm.violations == w.partner.violations == []


async def test_a_reopened_row_is_detached_and_told_once() -> None:
    """Reopened after a terminal referral: said once in Audit, nothing is sent any more."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.LOST})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.OPEN})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.NOTES: "on its own"})
    await w.settle()

    assert w.link.detached
    assert len([line for line in w.row.audit if "reopened" in line]) == 1
    assert w.row.values[deal.STAGE] is Stage.OPEN


# --- sets, write-once, locks (§6) -------------------------------------------------------------------------------


async def test_people_we_do_not_manage_stay() -> None:
    """Replacing the CRM's contact replaces it in the referral, and keeps the contact that only the referral has."""
    other = Person(email="lee@contoso.example", first_name="Lee", last_name="Oh", phone="1")
    w = World()
    await w.heal()
    w.partner.make(**{deal.CONTACTS: Group([KIM, other])})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([KIM])})
    await w.settle()
    new = Person(email="new@contoso.example", first_name="New", last_name="One", phone="2")
    w.crm.edit(w.row.id, **{deal.CONTACTS: Group([new, other])})
    await w.settle()

    assert w.referral.values[deal.CONTACTS] == Group([new, other])


async def test_visibility_is_set_back_once_and_told() -> None:
    """A withdrawn visibility is set back in the CRM with an Audit line; the referral is never asked to hide."""
    w = await linked_from_partner()
    w.crm.edit(w.row.id, **{deal.VISIBLE: True})
    await w.settle()
    w.crm.edit(w.row.id, **{deal.VISIBLE: False})
    await w.settle()

    assert w.row.values[deal.VISIBLE] is True
    assert "cannot be withdrawn" in w.row.audit[0]
    assert w.partner.violations == []


async def test_a_locked_value_stays_with_its_reason_and_follows_when_unlocked() -> None:
    """A deal value that the CRM computes is not written inbound; the reason is told, and it follows when that ends."""
    w = await linked_from_partner()
    w.row.locked[deal.AMOUNT] = "the deal value is computed from products"
    w.partner.edit(w.referral.id, **{deal.AMOUNT: Money(Decimal(1), "USD")})
    await w.settle()
    assert w.row.values[deal.AMOUNT] == Money(Decimal(50000), "USD")
    assert "computed from products" in w.row.audit[0]
    w.row.locked.clear()
    w.crm.edit(w.row.id, **{deal.NOTES: "touched"})
    await w.settle()

    assert w.row.values[deal.AMOUNT] == Money(Decimal(1), "USD")


async def test_two_automations_that_fight_are_parked() -> None:
    """A field that flips three times between two values within minutes parks the deal."""
    w = await linked_from_partner()
    for number in range(6):
        side, ident = (w.crm, w.row.id) if number % 2 else (w.partner, w.referral.id)
        side.edit(ident, **{deal.NOTES: f"value {number % 2}"})
        await w.settle(within=timedelta(seconds=5))
        w.clock.advance(5)

    assert w.outcomes[-1].kind is Kind.PARKED
    assert len(w.parked.entries) == 1


# --- identity (§2, §3) ------------------------------------------------------------------------------------------


async def test_a_lost_link_table_doubles_and_overwrites_nothing() -> None:
    """After the links are lost, pairs are adopted: equal values settle, differing ones are reported and left."""
    w = await linked_from_partner()
    w.links.rows.clear()
    w.webhooks = False
    w.crm.edit(w.row.id, **{deal.NOTES: "differs now"})
    w.webhooks = True
    w.partner.edit(w.referral.id, **{deal.NAME: "An edit after the loss"})
    await w.settle()

    assert len(w.crm.rows) == 1
    assert w.link.partner == w.referral.id
    assert w.row.values[deal.NOTES] == "differs now"
    assert w.referral.values[deal.NOTES] == "first call held"
    assert "pick a side" in w.row.audit[0]


async def test_a_cloned_row_gets_a_referral_of_its_own() -> None:
    """Cloning copies the identifier column; the referral names the original, so the clone is a new deal."""
    w = await linked_from_crm()
    original = w.row
    clone = w.crm.make(**{deal.NAME: "A clone"})
    w.crm.rows[clone].counterpart = original.counterpart
    await w.settle()

    own = [row for row in w.partner.rows.values() if row.ours]
    assert {original.id, clone} == {row.counterpart for row in own}


async def test_a_referral_of_another_system_is_parked_untouched() -> None:
    """An external reference that names nothing here belongs to another system and is never overwritten."""
    w = World()
    await w.heal()
    ident = w.partner.make()
    w.partner.rows[ident].counterpart = "006-other-crm"
    await w.settle()

    assert w.outcomes[-1].kind is Kind.PARKED
    assert w.crm.rows == {}
    assert w.partner.rows[ident].counterpart == "006-other-crm"


async def test_history_is_left_alone() -> None:
    """A referral older than the first start is not created in the CRM by its next event."""
    w = World()
    ident = w.partner.make()
    w.clock.advance(3600)
    await w.heal()
    w.partner.edit(ident, **{deal.NOTES: "old deal, new note"})
    (*_, outcome) = await w.settle()

    assert outcome.kind is Kind.LEFT
    assert w.crm.rows == {}


async def test_a_leads_are_left_alone_when_only_co_sell_is_wanted() -> None:
    """COSELL_ONLY leaves inbound leads, with that reason."""
    w = World(policy=replace(LIVE, cosell_only=True))
    await w.heal()
    ident = w.partner.make(**{deal.STAGE: Stage.PENDING})
    snapshot = w.partner._snapshot

    def as_lead(row: object) -> object:
        return replace(snapshot(row), lead=True)  # type: ignore[arg-type]  # the row it was given

    w.partner._snapshot = as_lead  # type: ignore[assignment,method-assign]  # the referral of this test is a lead
    outcomes = await w.settle()

    assert ident
    assert "COSELL_ONLY" in outcomes[-1].reason
    assert w.crm.rows == {}


async def test_a_deleted_record_is_a_tombstone() -> None:
    """A linked row that is gone is not made again, and nothing is written to its referral."""
    w = await linked_from_partner()
    w.crm.delete(w.row.id)
    await w.settle()
    w.partner.edit(w.referral.id, **{deal.NOTES: "after the deletion"})
    await w.settle()

    assert w.crm.rows == {}
    assert w.link.gone is Side.CRM


# --- waiting, owed, delayed (§10) -------------------------------------------------------------------------------


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


async def test_a_lost_webhook_costs_a_heal_not_a_deal() -> None:
    """Changes that nothing announced are found by the poll, on both sides."""
    w = await linked_from_partner()
    w.webhooks = False
    w.partner.edit(w.referral.id, **{deal.NOTES: "unannounced"})
    w.crm.edit(w.row.id, **{deal.NAME: "Unannounced too"})
    await w.heal()

    assert w.row.values[deal.NOTES] == "unannounced"
    assert w.referral.values[deal.NAME] == "Unannounced too"
    quiet = await w.heal()
    assert quiet.signalled == 0


async def test_the_first_heal_signals_nothing() -> None:
    """The first pass is a baseline: history is not shared by it."""
    w = World(webhooks=False)
    w.partner.make()
    w.crm.make()
    report = await w.heal()

    assert (report.first, report.signalled) == (True, 0)


async def test_a_full_resync_finds_what_was_deleted_meanwhile() -> None:
    """An expired cursor lists everything; a linked row that is absent from it is gone."""
    w = await linked_from_partner()
    w.webhooks = False
    await w.heal()
    del w.crm.rows[w.row.id]
    w.crm.cursor_expired = True
    await w.heal()

    assert w.link.gone is Side.CRM


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


@pytest.mark.parametrize("when", ["partner.create", "partner.create done"])
async def test_an_unanswered_post_makes_one_referral(when: str) -> None:
    """A POST without an answer is looked up before it is repeated: one referral, whether or not it took effect."""
    w = World()
    await w.heal()
    faults = {"left": 1}

    async def cut(name: str) -> None:
        if name == when and faults["left"]:
            faults["left"] -= 1
            raise Unavailable(Remote(system="Partner Center", message="no answer"))

    w.partner.hook = cut
    w.crm.make()
    await w.settle()
    w.clock.advance(700)
    await w.heal()

    assert w.referral.counterpart == w.row.id
    assert w.link.linked


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
