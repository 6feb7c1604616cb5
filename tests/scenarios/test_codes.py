"""What an outcome tells machines: its code, which fields went to which side, and how long after the change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.lifecycle import Stage
from shared.domain.link import Carried
from shared.domain.outcome import Kind
from shared.domain.policy import Policy
from shared.domain.values import Side
from shared.errors import Remote, Unavailable
from shared.messages import Look, Why
from tests.fakes.store import Told
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner

CRM, PARTNER = Side.CRM, Side.PARTNER


async def settled(w: World, seconds: float = 7) -> list[Told]:
    """What is told of all that is on the way, after some seconds."""
    before = len(w.telemetry.outcomes)
    w.clock.advance(seconds)
    await w.settle()
    return w.telemetry.outcomes[before:]


@dataclass(frozen=True, kw_only=True)
class Case:
    """What people do to a linked deal, and what the first outcome of that says."""

    act: Callable[[World], Awaitable[None] | None]
    code: Code
    kind: Kind = Kind.DONE
    carried: dict[Side, tuple[str, ...]]
    since: float | None = None


def edits(side: Side, **values: str) -> Callable[[World], None]:
    def act(w: World) -> None:
        record = w.referral.id if side is PARTNER else w.row.id
        (w.partner if side is PARTNER else w.crm).edit(record, **values)

    return act


def both(one: Callable[[World], None], other: Callable[[World], None]) -> Callable[[World], None]:
    """The other half a minute later."""

    def act(w: World) -> None:
        one(w)
        w.clock.advance(30)
        other(w)

    return act


def closed(w: World) -> None:
    w.partner.rows[w.referral.id].values[deal.STAGE] = Stage.WON
    w.crm.edit(w.row.id, **{deal.STAGE: Stage.WON, deal.NOTES: "late"})


async def replayed(w: World) -> None:
    await w.signals.send(w.signal(Look.OPPORTUNITY, CRM, w.row.id, Why.REPLAY))


CASES = {
    "an edit in Partner Center": Case(
        act=edits(PARTNER, **{deal.NAME: "X"}), code=Code.UPDATED, carried={CRM: (deal.NAME,)}, since=9_000
    ),
    "an edit in the CRM": Case(
        act=edits(CRM, **{deal.NOTES: "X"}), code=Code.UPDATED, carried={PARTNER: (deal.NOTES,)}, since=7_000
    ),
    "an edit on each side: the older change counts": Case(
        act=both(edits(CRM, **{deal.NOTES: "X"}), edits(PARTNER, **{deal.NAME: "X"})),
        code=Code.UPDATED,
        carried={CRM: (deal.NAME,), PARTNER: (deal.NOTES,)},
        since=37_000,
    ),
    "one field on both sides: what lost went nowhere": Case(
        act=both(edits(PARTNER, **{deal.NAME: "X"}), edits(CRM, **{deal.NAME: "Y"})),
        code=Code.UPDATED,
        carried={PARTNER: (deal.NAME,)},
        since=7_000,
    ),
    "a replay of what agrees": Case(act=replayed, code=Code.IN_STEP, carried={}),
    "an edit of a closed deal": Case(act=closed, code=Code.FIELDS_DIFFER, kind=Kind.LEFT, carried={}),
    "a deal whose record is deleted": Case(
        act=lambda w: w.crm.delete(w.row.id), code=Code.GONE, kind=Kind.LEFT, carried={}
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_an_outcome_says_what_went_where(case: Case) -> None:
    """Its code, the fields that were written to each side, and the time since the oldest change among them."""
    w = await linked_from_partner()
    w.clock.advance(600)
    if (done := case.act(w)) is not None:
        await done
    told = (await settled(w))[0]
    assert (told.outcome.kind, told.outcome.code) == (case.kind, case.code)
    assert told.outcome.carried == case.carried
    assert told.facts.since == case.since


async def test_a_new_row_was_given_every_value_of_its_referral() -> None:
    """It is created, from the referral's own change on."""
    w = await linked_from_partner()
    first = w.telemetry.outcomes[0]
    given = {name for name, value in w.referral.values.items() if value is not None}
    assert (first.outcome.code, set(first.outcome.carried)) == (Code.CREATED, {CRM})
    assert given >= {*first.outcome.carried[CRM]} >= {deal.NAME, deal.CUSTOMER, deal.STAGE}
    assert first.facts.since == 2_000


async def test_a_new_row_is_told_as_created_where_something_stays_different_too() -> None:
    """A worker died before he could note the row, and a seller edited meanwhile what Partner Center does not take."""
    died: list[str] = []

    async def dies(step: str) -> None:
        if step == "crm.create done" and not died:
            died.append(step)
            raise Unavailable(Remote(system="Dynamics 365", status=503))

    w = World(hook=dies)
    await w.heal()
    w.clock.advance(60)
    made = w.partner.make()
    w.partner.rows[made].locked[deal.NOTES] = "not now"
    await w.deliver()
    w.clock.advance(2)
    await w.step()
    w.crm.edit(w.row.id, **{deal.NOTES: "late"})
    await w.settle()
    told = [one for one in w.telemetry.outcomes if one.outcome.code is Code.CREATED]
    assert [(one.outcome.kind, set(one.outcome.carried)) for one in told] == [(Kind.LEFT, {CRM})]
    assert told[0].outcome.reason == "Notes stays: not now"


async def test_an_invitation_is_a_change_that_went_to_partner_center() -> None:
    """The seller's wish is what was carried, from when it was written down."""
    w = await linked_from_crm()
    w.clock.advance(600)
    w.crm.edit(w.row.id, **{deal.HELP: "GeneralOrOther"})
    told = [one for one in await settled(w) if one.outcome.code is Code.INVITED]
    assert [one.outcome.carried for one in told] == [{PARTNER: (deal.HELP,)}]
    assert told[0].facts.since is not None


@pytest.mark.parametrize(
    ("policy", "code"),
    [(replace(LIVE, dry_run=True), Code.DRY_RUN), (replace(LIVE, live=False), Code.MODE)],
    ids=["dry run", "test mode"],
)
async def test_what_is_owed_went_nowhere(policy: Policy, code: Code) -> None:
    """Nothing is told as carried that was only planned."""
    w = await linked_from_partner(policy=policy)
    last = w.telemetry.outcomes[-1].outcome
    assert (last.kind, last.code, last.carried, last.since) == (Kind.OWED, code, {}, None)


async def test_the_link_keeps_the_last_change_and_no_look_stores_it_for_its_own_sake() -> None:
    """When, how long after, to which sides: in the save that was due anyway, and never again for an idle look."""
    saves: list[str] = []

    async def counted(step: str) -> None:
        saves.extend([step] if step == "links.save" else [])

    w = await linked_from_partner(hook=counted)
    w.clock.advance(600)
    w.crm.edit(w.row.id, **{deal.NOTES: "X"})
    saves.clear()
    await settled(w)
    assert w.link.carried == Carried(at=w.clock.now() - timedelta(seconds=2), ms=7_000, to=(PARTNER,))
    assert len(saves) == 2  # the intent, and what became of it
    await w.send(Look.OPPORTUNITY, CRM, w.row.id, Why.SYNC)  # what is recorded is that both sides agree
    kept, seen = w.link, len(saves)
    for why in (Why.SYNC, Why.AGAIN, Why.REPLAY):
        await w.send(Look.OPPORTUNITY, CRM, w.row.id, why)
    assert (w.link, len(saves)) == (kept, seen)
    assert kept.carried is not None
