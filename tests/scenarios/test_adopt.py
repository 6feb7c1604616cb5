"""`cosell adopt`: existing pairs are taken over, every difference is said, and only a picked side overwrites."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from shared.domain import deal
from shared.domain.deal import Flow, Merge
from shared.domain.lifecycle import Stage
from shared.domain.outcome import Outcome
from shared.domain.values import Group, Side, Value
from shared.errors import Refused, Remote
from shared.messages import Signal
from shared.sync.adopting import Adopted, Adopting, What
from tests.chaos.people import LEE, SOLUTIONS, VALUES
from tests.fakes.gateway import PLATFORM, Row
from tests.fakes.world import LIVE, World
from tests.scenarios.foretelling import Apart, explainer, lying_there, taken
from tests.scenarios.test_sweep import routes

WINNERS = (Side.CRM, Side.PARTNER)


async def adopted(world: World, *, winner: Side | None = None, dry_run: bool = False) -> list[Adopted]:
    """One run over everything on both sides."""

    async def look(signal: Signal) -> Outcome:
        return await world.job.run(signal.encoded().encode())

    asked = explainer(world)
    adopting = Adopting(desk=asked.desk, explainer=asked, look=look, winner=winner, dry_run=dry_run)
    found = []
    for route in routes(world):
        async for page in route.pages(before=None, since=None):
            found += [await adopting.one(route, one.ref, one.counterpart) for one in page]
    return [each for each in found if each is not None]


async def lost(**values: Value) -> World:
    """A pair whose link is gone, and whose opportunity was edited meanwhile."""
    w = await taken()
    w.webhooks = False
    w.links.rows.clear()
    if values:
        w.crm.edit(w.row.id, **values)
    return w


def values_of(world: World) -> Any:
    rows = (*world.partner.rows.values(), *world.crm.rows.values())
    return deepcopy({row.id: row.values for row in rows})


def said(found: Adopted) -> dict[str, str]:
    return {each.difference.name: each.result for each in found.differs}


async def test_after_lost_links_nothing_is_doubled_or_overwritten_and_all_differences_are_said() -> None:
    """Equal values are settled, the ones that differ are listed with both values, and stay as they are."""
    w = await lost(**{deal.NOTES: "here", deal.NAME: "Here"})
    before = values_of(w)
    (found,) = await adopted(w)
    assert (found.what, found.opportunity, found.referral) == (What.ADOPTED, w.row.id, w.referral.id)
    assert said(found) == dict.fromkeys((deal.NAME, deal.NOTES), "left: pick a side with --winner")
    assert found.differs[1].difference.shown == {Side.CRM: "here", Side.PARTNER: "first call held"}
    assert (values_of(w), w.link.linked, found.open) == (before, True, True)
    w.crm.edit(w.row.id, **{deal.INTENT: "Yes"})
    w.webhooks = True
    await w.heal()

    assert w.referral.values[deal.INTENT] == "Yes"
    assert w.referral.values[deal.NOTES] == "first call held"


@pytest.mark.parametrize("winner", WINNERS)
@pytest.mark.parametrize("before", [False, True], ids=["at once", "after a first run"])
async def test_a_picked_side_overwrites_the_other_where_they_differ(winner: Side, *, before: bool) -> None:
    """Its values are written by the usual look, with its Audit line; what was equal is not touched."""
    w = await lost(**{deal.NOTES: "here", deal.NAME: "Here"})
    if before:
        await adopted(w)
    sides = {Side.CRM: w.row, Side.PARTNER: w.referral}
    wanted = {name: sides[winner].values[name] for name in (deal.NOTES, deal.NAME)}
    (found,) = await adopted(w, winner=winner)
    title = {Side.CRM: "Dynamics 365 wins", Side.PARTNER: "Partner Center wins"}[winner]
    assert said(found) == dict.fromkeys((deal.NAME, deal.NOTES), title)
    for row in sides.values():
        assert {name: row.values[name] for name in wanted} == wanted
    assert not found.open
    assert found.what is (What.LINKED if before else What.ADOPTED)
    assert any("Name, Notes" in line for line in w.row.audit)

    assert await adopted(w) == []


@pytest.mark.parametrize("winner", [None, *WINNERS])
async def test_a_dry_run_says_the_same_and_does_nothing(winner: Side | None) -> None:
    """Link table, records, queues: all as before; and the report is that of the run that follows."""
    w = await lost(**{deal.NOTES: "here"})
    before = lying_there(w)
    planned = await adopted(w, winner=winner, dry_run=True)
    assert lying_there(w) == before
    done = await adopted(w, winner=winner)

    assert [(one.what, one.differs) for one in planned] == [(one.what, one.differs) for one in done]


async def test_a_referral_that_names_a_row_is_a_pair_too() -> None:
    """Also where the row does not carry the referral's id: it gets it."""
    w = await lost()
    w.row.counterpart = ""
    (found,) = await adopted(w)

    assert (found.what, w.row.counterpart) == (What.ADOPTED, w.referral.id)


async def test_what_is_no_pair_is_said_and_left() -> None:
    """Clones, records of other systems and ambiguous ones are named with their reason; nothing is made of them."""
    w = await lost()
    clone = w.crm.make(**{deal.NAME: "A clone"})
    w.crm.rows[clone].counterpart = w.referral.id
    foreign, stray = w.partner.make(), w.crm.make()
    w.partner.rows[foreign].counterpart = "006-other-crm"
    w.crm.rows[stray].counterpart = "a-referral-that-is-gone"
    count = (len(w.partner.rows), len(w.crm.rows))
    found = {one.opportunity or one.referral: one for one in await adopted(w)}
    assert found[clone].what is What.LEFT
    assert "a deal of its own" in found[clone].reason
    assert (found[foreign].what, found[stray].what) == (What.PERSON, What.PERSON)
    assert "no record of this CRM" in found[foreign].reason
    assert "does not know" in found[stray].reason

    assert (len(w.partner.rows), len(w.crm.rows)) == count


async def test_a_closed_pair_is_linked_and_left_as_it_is() -> None:
    """Closed records take nothing: their differences are listed, and no side can be picked for them."""
    w = await taken()
    w.partner.edit(w.referral.id, **{deal.STAGE: Stage.WON})
    await w.settle()
    w.webhooks = False
    w.links.rows.clear()
    w.row.values[deal.NOTES] = "changed afterwards"
    before = values_of(w)
    (found,) = await adopted(w, winner=Side.CRM)
    assert "closed" in said(found)[deal.NOTES]
    assert (found.open, values_of(w)) == (True, before)


async def test_microsoft_is_asked_by_a_seller_and_never_by_a_pick() -> None:
    """A help option that nobody can say was asked for, and a visibility that cannot be taken back, stay as they are."""
    w = await lost(**{deal.HELP: "QuotesOrLicensing"})
    await adopted(w, winner=Side.CRM)
    await w.settle()
    assert [row for row in w.partner.rows.values() if not row.ours] == []
    w = await lost()
    w.referral.values[deal.VISIBLE] = True
    (found,) = await adopted(w, winner=Side.CRM)

    assert "takes no such value" in said(found)[deal.VISIBLE]
    assert (w.referral.values[deal.VISIBLE], w.row.values[deal.VISIBLE]) == (True, False)


async def test_an_empty_value_wins_nowhere() -> None:
    """Whichever side is picked: what only the other side holds stays there, and is said."""
    w = await lost(**{deal.INTENT: None})
    (found,) = await adopted(w, winner=Side.CRM)
    assert "holds nothing there" in said(found)[deal.INTENT]
    assert (w.referral.values[deal.INTENT], w.row.values[deal.INTENT]) == ("HaveNotDecided", None)
    (found,) = await adopted(w, winner=Side.PARTNER)

    assert w.row.values[deal.INTENT] == "HaveNotDecided"
    assert not found.open


@pytest.mark.parametrize("winner", [None, Side.CRM])
async def test_what_the_settings_forbid_is_reported_and_not_done(winner: Side | None) -> None:
    """MODE=test: the pair and its differences are listed with that reason; no link is stored and nothing is written."""
    w = await lost(**{deal.NOTES: "here"})
    w.configure(replace(LIVE, live=False, fingerprint="test"))
    before = (values_of(w), dict(w.links.rows))
    (found,) = await adopted(w, winner=winner)
    assert found.what is What.LEFT
    assert "MODE is test" in found.reason
    assert list(said(found)) == [deal.NOTES]

    assert (values_of(w), w.links.rows) == before


async def test_an_edit_under_way_is_waited_for() -> None:
    """While another worker holds the deal no side is picked over his head."""
    w = await lost(**{deal.NOTES: "here"})
    await adopted(w)
    died = {"left": 1}

    async def die(name: str) -> None:
        if name == "partner.write" and died["left"]:
            died["left"] -= 1
            raise RuntimeError("the process is gone")

    w.crm.edit(w.row.id, **{deal.NAME: "begun"})
    w.partner.hook = die
    with pytest.raises(RuntimeError):
        await w.reconcile(w.signal(routes(w)[0].look, Side.CRM, w.row.id))
    (found,) = await adopted(w, winner=Side.CRM)
    assert found.open
    assert w.referral.values[deal.NOTES] == "first call held"
    w.clock.advance(3600)
    await w.heal()
    (found,) = await adopted(w, winner=Side.CRM)

    assert (found.open, w.referral.values[deal.NOTES]) == (False, "here")


def both_ways(name: str) -> bool:
    spec = next(spec for spec in deal.DEAL if spec.name == name)
    return spec.flow is Flow.BOTH and spec.merge in (Merge.ATOM, Merge.GROUP)


def scatter(rng: random.Random, row: Row) -> None:
    """Somebody edited the record while no link knew of it."""
    for name, choices in VALUES.items():
        if rng.random() < 0.4:
            row.values[name] = rng.choice(choices)
    if rng.random() < 0.4:
        row.values[deal.SOLUTIONS] = Group({PLATFORM, *rng.sample(SOLUTIONS, rng.randrange(3))})
    if rng.random() < 0.3:
        row.values[deal.TEAM] = Group({LEE})


@pytest.mark.parametrize("winner", [None, *WINNERS])
async def test_whatever_differs_is_listed_or_settled_and_nothing_else_moves(winner: Side | None) -> None:
    """Over random differences: without a winner nothing moves; with one, the loser shows the winner's values."""
    rng = random.Random(f"adopt {winner}")  # noqa: S311 - repeatable on purpose
    listed = 0
    for _ in range(40):
        w = await lost()
        sides = {Side.CRM: w.row, Side.PARTNER: w.referral}
        for row in sides.values():
            scatter(rng, row)
        before = {side: dict(row.values) for side, row in sides.items()}
        names = {n for n in deal.TITLES if both_ways(n) and before[Side.CRM][n] != before[Side.PARTNER][n]}
        found = await adopted(w, winner=winner)
        results = {name: result for one in found for name, result in said(one).items()}
        assert names <= set(results)
        listed += len(results)
        for name in deal.TITLES:
            _check(name, results.get(name, ""), before, sides, winner)
        assert (len(w.partner.rows), len(w.crm.rows), w.link.linked) == (1, 1, True)
    assert listed > 40


def _check(
    name: str, result: str, before: dict[Side, dict[str, Value]], sides: dict[Side, Row], winner: Side | None
) -> None:
    for side, row in sides.items():
        if name not in before[side]:
            continue
        if winner is not None and result.endswith("wins") and side is winner.other:
            assert row.values[name] == before[winner][name], (name, result)
        else:
            assert row.values[name] == before[side][name], (name, result)


async def test_a_pair_that_is_in_step_is_not_even_read() -> None:
    """A second run over ten thousand settled deals asks the link table, and nobody else."""
    w = await lost()
    await adopted(w)
    calls = len(w.partner.calls) + len(w.crm.calls)
    assert await adopted(w) == []

    assert {*w.partner.calls, *w.crm.calls} >= {"every"}
    assert len(w.partner.calls) + len(w.crm.calls) - calls == 2


async def test_one_deal_that_cannot_be_handled_stops_no_other() -> None:
    """A referral that we may not see is reported with the refusal, and the next pair is taken over."""
    w = await lost()
    other = w.partner.make()
    row = w.crm.make()
    w.crm.rows[row].counterpart = other
    refuse = w.partner.read

    async def read(ident: str) -> object:
        if ident == other:
            raise Refused(Remote(system="Partner Center", status=403, message="not yours"))
        return await refuse(ident)

    w.partner.read = read  # type: ignore[method-assign,assignment]  # a referral that this account may not see
    found = {one.opportunity: one.what for one in await adopted(w)}

    assert found == {w.links.rows[next(key for key in w.links.rows if key != row)].key: What.ADOPTED, row: What.PERSON}


async def test_a_lead_whose_link_is_lost_is_taken_over_as_one() -> None:
    """A pending referral takes no id of its lead yet: the lead's own column tells, and no side is overwritten."""
    w = Apart(webhooks=True)
    await w.heal()
    w.clock.advance(60)
    referral = w.partner.make(**{deal.STAGE: Stage.PENDING})
    w.partner.rows[referral].lead = True
    await w.settle()
    w.webhooks = False
    (lead,) = w.leads.rows.values()
    w.links.rows.clear()
    w.referral.counterpart = ""
    lead.values[deal.NOTES] = "edited meanwhile"
    (planned,) = await adopted(w, dry_run=True)
    (found,) = await adopted(w)
    assert found.what is What.ADOPTED
    assert (planned.what, planned.differs) == (found.what, found.differs)
    assert (w.link.kind, w.link.key, w.crm.rows) == ("lead", lead.id, {})
    assert said(found)[deal.NOTES] == "left: pick a side with --winner"
    (found,) = await adopted(w, winner=Side.PARTNER)

    assert lead.values[deal.NOTES] == w.referral.values[deal.NOTES] == "first call held"
    assert not found.open


async def test_a_record_that_names_no_other_is_none_of_its_business() -> None:
    """New deals of either side are not mentioned: they are no pairs, and are shared by events or by sync."""
    w = Apart(webhooks=False)
    await w.heal()
    w.crm.make()
    w.partner.make()

    assert await adopted(w) == []
