"""From private to partner-led to co-sell, at any time and never back (rules.md §6), whoever does it and at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Kind
from shared.domain.values import Group, Person, Side, Solution, Value
from shared.messages import Look
from tests.fakes.gateway import DANA, KIM, PLATFORM, Row
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner

HELP, OTHER = "QuotesOrLicensing", "GeneralOrOther"
LEE = Person(email="lee@fabrikam.example", first_name="Lee", last_name="Novak", phone="+1 555 0101")
NEW = Person(email="new@contoso.example", first_name="New", last_name="One", phone="2")

PRIVATE, LED, CO_SELL = "private", "partner-led", "co-sell"


def kind(w: World) -> str:
    """What kind of deal Partner Center shows."""
    if invitations(w):
        return CO_SELL
    return LED if w.referral.values[deal.VISIBLE] else PRIVATE


def invitations(w: World) -> list[Row]:
    return [row for row in w.partner.rows.values() if not row.ours]


async def seller(w: World, **values: Value) -> None:
    w.crm.edit(w.row.id, **values)
    await w.settle()


async def show(w: World) -> None:
    await seller(w, **{deal.VISIBLE: True})


async def ask(w: World) -> None:
    await seller(w, **{deal.HELP: HELP})


async def colleague_shows(w: World) -> None:
    w.partner.edit(w.referral.id, **{deal.VISIBLE: True})
    await w.settle()


async def colleague_asks(w: World) -> None:
    """In the portal a colleague asks Microsoft for help, which makes the deal visible."""
    w.partner.edit(w.referral.id, **{deal.VISIBLE: True})
    w.partner._invite(w.referral, HELP)
    await w.send(Look.COSELL, Side.PARTNER, w.referral.id)


Step = Callable[[World], Awaitable[None]]
PATHS: dict[str, tuple[tuple[Step, str], ...]] = {
    "seller, in two steps": ((show, LED), (ask, CO_SELL)),
    "seller, at once": ((ask, CO_SELL),),
    "colleague, then seller": ((colleague_shows, LED), (ask, CO_SELL)),
    "seller, then colleague": ((show, LED), (colleague_asks, CO_SELL)),
    "colleague": ((colleague_shows, LED), (colleague_asks, CO_SELL)),
    "colleague, at once": ((colleague_asks, CO_SELL),),
}


@pytest.mark.parametrize("made", [linked_from_crm, linked_from_partner], ids=["of the CRM", "of Partner Center"])
@pytest.mark.parametrize("path", PATHS)
async def test_every_way_up(path: str, made: Callable[[], Awaitable[World]]) -> None:
    """After each step both sides say the same, Microsoft is asked at most once, and nothing was refused."""
    w = await made()
    assert kind(w) == PRIVATE
    for step, expected in PATHS[path]:
        await step(w)
        assert kind(w) == expected
        assert w.row.values[deal.VISIBLE] == w.referral.values[deal.VISIBLE]
    await w.send(Look.COSELL, Side.PARTNER, w.referral.id)

    assert w.row.values[deal.HELP] == HELP
    assert len(invitations(w)) == 1
    assert (w.partner.violations, w.crm.violations, w.parked.entries) == ([], [], {})


@pytest.mark.parametrize("back", [{deal.VISIBLE: False}, {deal.HELP: None}, {deal.VISIBLE: False, deal.HELP: None}])
async def test_no_way_back(back: dict[str, Value]) -> None:
    """What a seller takes back of a co-sell deal is set back once, told once, and never sent."""
    w = await linked_from_crm(**{deal.HELP: HELP})
    w.partner.history.clear()
    await seller(w, **back)
    lines = len(w.row.audit)
    again = await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)

    assert (w.row.values[deal.VISIBLE], w.row.values[deal.HELP]) == (True, HELP)
    assert "set back" in w.row.audit[0]
    assert (again[-1].kind, len(w.row.audit)) == (Kind.DONE, lines)
    assert [each for each in w.partner.history if each[3] == "sync"] == []


async def test_a_deal_goes_up_while_everything_else_is_edited() -> None:
    """Help chosen in the CRM, the deal made visible and renamed in the portal, all at once: one invitation, no loss."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.HELP: HELP, deal.NOTES: "urgent"})
    news: dict[str, Value] = {deal.VISIBLE: True, deal.NAME: "Contoso lighthouse"}
    w.partner.edit(w.referral.id, **news)
    await w.settle()

    assert kind(w) == CO_SELL
    assert len(invitations(w)) == 1
    assert w.referral.values[deal.NOTES] == w.row.values[deal.NOTES] == "urgent"
    assert w.referral.values[deal.NAME] == w.row.values[deal.NAME] == "Contoso lighthouse"
    assert w.row.values[deal.VISIBLE] is True
    assert w.partner.violations == []


async def test_both_sides_ask_for_different_help_at_once() -> None:
    """The first invitation stands: the seller's other wish is set back to it, told, and invites nobody again."""
    w = await linked_from_crm()
    w.partner.edit(w.referral.id, **{deal.VISIBLE: True})
    w.partner._invite(w.referral, OTHER)
    w.crm.edit(w.row.id, **{deal.HELP: HELP})
    await w.settle()

    assert [row.values[deal.HELP] for row in invitations(w)] == [OTHER]
    assert w.row.values[deal.HELP] == OTHER
    assert any("cannot be changed once asked" in line for line in w.row.audit)


async def test_shown_in_one_place_and_taken_back_in_the_other_at_once() -> None:
    """A colleague makes the deal visible while the seller asks and then clears his wish: visible is what stays."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.HELP: HELP})
    w.crm.edit(w.row.id, **{deal.HELP: None})
    w.partner.edit(w.referral.id, **{deal.VISIBLE: True})
    await w.settle()

    assert (kind(w), w.row.values[deal.VISIBLE]) == (LED, True)
    assert invitations(w) == []


async def test_a_contact_that_changes_with_the_upgrade_is_the_one_that_microsoft_gets() -> None:
    """A contact changed in the same moment as the deal is shared goes along with it, not after it."""
    w = await linked_from_crm()
    news: dict[str, Value] = {deal.CONTACTS: Group([NEW]), deal.HELP: HELP}
    w.crm.edit(w.row.id, **news)
    await w.settle()

    assert w.referral.values[deal.CONTACTS] == w.row.values[deal.CONTACTS] == Group([NEW])
    assert (kind(w), w.partner.violations) == (CO_SELL, [])


@pytest.mark.parametrize(
    ("lacks", "mended", "told"),
    [
        ({deal.CONTACTS: Group()}, {deal.CONTACTS: Group([KIM])}, "add a contact of the customer"),
        ({deal.SOLUTIONS: Group()}, {deal.SOLUTIONS: Group([PLATFORM])}, "add at least one co-sell ready"),
    ],
)
async def test_nothing_is_shown_to_microsoft_before_all_is_there(
    lacks: dict[str, Value], mended: dict[str, Value], told: str
) -> None:
    """A wish for help without a contact or a solution waits as a private deal, as nobody could take it back."""
    w = await linked_from_crm()
    await seller(w, **lacks)
    await seller(w, **{deal.HELP: HELP, deal.NOTES: "goes along"})
    assert (kind(w), w.referral.values[deal.NOTES]) == (PRIVATE, "goes along")
    assert w.outcomes[-1].kind is Kind.WAITING
    assert told in w.row.audit[0]
    await seller(w, **mended)

    assert kind(w) == CO_SELL
    assert (w.row.mark, w.partner.violations, w.parked.entries) == ("✓", [], {})


async def test_a_visible_deal_that_asks_for_help_without_a_contact_waits_and_the_rest_goes_on() -> None:
    """What Microsoft may see already is kept in step while the invitation waits for the contact."""
    w = await linked_from_crm(**{deal.VISIBLE: True, deal.CONTACTS: Group()})
    await seller(w, **{deal.HELP: HELP, deal.NOTES: "goes along"})
    assert (kind(w), w.referral.values[deal.NOTES], w.outcomes[-1].kind) == (LED, "goes along", Kind.WAITING)
    await seller(w, **{deal.CONTACTS: Group([KIM])})

    assert (kind(w), w.partner.violations) == (CO_SELL, [])


async def test_a_pending_deal_goes_up_after_its_accept() -> None:
    """Help chosen before the accept is asked for after it, once."""
    w = World()
    await w.heal()
    w.partner.make(**{deal.STAGE: Stage.PENDING})
    await w.settle()
    await seller(w, **{deal.HELP: HELP})
    assert kind(w) == PRIVATE
    await seller(w, **{deal.STAGE: Stage.OPEN})

    assert (kind(w), len(invitations(w)), w.partner.violations) == (CO_SELL, 1, [])


async def test_the_deals_own_notes_stay_editable_after_microsoft_was_asked() -> None:
    """Notes travel both ways on a co-sell deal too; what Microsoft was told with the invitation stays as it was."""
    w = await linked_from_crm(**{deal.HELP: HELP})
    told = invitations(w)[0].values[deal.NOTES]
    await seller(w, **{deal.NOTES: "from the CRM"})
    assert w.referral.values[deal.NOTES] == "from the CRM"
    w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
    await w.settle()

    assert w.row.values[deal.NOTES] == "from the portal"
    assert invitations(w)[0].values[deal.NOTES] == told
    assert not any("set back" in line for line in w.row.audit)


async def test_who_joins_and_leaves_the_team_in_partner_center_is_told_once() -> None:
    """The CRM's sales team is its own: a colleague added or removed in the portal is named in Audit, and no more."""
    w = await linked_from_crm()
    w.partner.edit(w.referral.id, **{deal.TEAM: Group([DANA, LEE])})
    await w.settle()
    assert f"Sales team was changed in Partner Center: {LEE} was added" in w.row.audit[0]
    lines = len(w.row.audit)
    await w.send(Look.OPPORTUNITY, Side.CRM, w.row.id)
    assert len(w.row.audit) == lines
    w.partner.edit(w.referral.id, **{deal.TEAM: Group([LEE])})
    await w.settle()

    assert f"{DANA} was removed" in w.row.audit[0]
    assert w.row.values[deal.TEAM] == Group([DANA])
    assert w.referral.values[deal.TEAM] == Group([LEE])


async def test_a_team_edited_on_both_sides_keeps_both_edits() -> None:
    """A member added in the CRM and another added in the portal are both in the referral afterwards."""
    w = await linked_from_crm()
    w.crm.edit(w.row.id, **{deal.TEAM: Group([DANA, LEE])})
    sam = Person(email="sam@fabrikam.example", first_name="Sam", last_name="Okafor", phone="3")
    w.partner.edit(w.referral.id, **{deal.TEAM: Group([DANA, sam])})
    await w.settle()

    assert w.referral.values[deal.TEAM] == Group([DANA, LEE, sam])
    assert f"{sam} was added" in w.row.audit[0]


async def test_the_last_solution_never_leaves_the_referral() -> None:
    """Taking the last solution away waits with its reason; the next one takes its place in one step."""
    w = await linked_from_crm()
    await seller(w, **{deal.SOLUTIONS: Group()})
    assert w.referral.values[deal.SOLUTIONS] == Group([PLATFORM])
    assert (w.outcomes[-1].kind, w.row.mark) == (Kind.WAITING, "✗")
    other = Solution(id="SOL-2", name="Other")
    await seller(w, **{deal.SOLUTIONS: Group([other])})

    assert w.referral.values[deal.SOLUTIONS] == Group([other])
    assert (w.row.mark, w.partner.violations) == ("✓", [])


async def test_what_a_deal_lacks_is_not_told_while_nothing_may_be_written() -> None:
    """In a dry run a deal without a solution owes its Audit line, and waits with it once the settings allow it."""
    w = await linked_from_crm()
    w.configure(replace(LIVE, dry_run=True, fingerprint="dry"))
    before = list(w.row.audit)
    await seller(w, **{deal.SOLUTIONS: Group()})
    assert (w.outcomes[-1].kind, w.row.audit) == (Kind.OWED, before)
    w.configure(LIVE)
    await w.heal()

    assert w.outcomes[-1].kind is Kind.WAITING
    assert "add at least one co-sell ready" in w.row.audit[0]
