"""What must hold when a schedule has come to rest: one of each, in step, no edit lost, nothing left behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy

from shared.domain import deal
from shared.domain.deal import TITLES
from shared.domain.lifecycle import CLOSED, Stage, crm_view
from shared.domain.values import Group, Side
from tests.chaos.people import SOLUTIONS, VALUES, Story
from tests.fakes.gateway import Row
from tests.fakes.world import World


def check_all(world: World, stories: list[Story]) -> None:
    """Every deal by itself, and the world as a whole."""
    alive = [story for story in stories if story.deleted is None]
    gone = {side: sum(story.deleted is side for story in stories) for side in Side}
    for side, rows in ((Side.PARTNER, world.partner.rows), (Side.CRM, world.crm.rows)):
        ours = [row for row in rows.values() if row.ours]
        assert len(ours) == len(stories) - gone[side], f"{len(ours)} records in {side} for {len(stories)} deals"
    for story in alive:
        _check_deal(world, story)
    assert world.partner.violations == world.crm.violations == []
    assert world.parked.entries == {}, [entry.reason for entry in world.parked.entries.values()]
    for link in world.links.rows.values():
        assert link.intents == (), "an intent was left behind"
        assert link.unsaid == (), "something was not said"
        assert not link.owed, "something is still owed"
    for story in stories:
        if story.deleted is not None:
            assert any(link.gone is story.deleted for link in world.links.rows.values()), "a tombstone is missing"


def _check_deal(world: World, story: Story) -> None:
    referral, row = story.row(world, Side.PARTNER), story.row(world, Side.CRM)
    assert referral is not None
    assert row is not None
    assert (referral.counterpart, row.counterpart) == (row.id, referral.id), "the tie is missing"
    if story.closed_by:
        _check_closed(story, referral, row)
        return
    _check_equal(world, referral, row)
    _check_kept(world, story, row)
    assert referral.values[deal.STAGE] in (Stage.ACTIVE, Stage.PENDING)
    if story.last.get(deal.STAGE):
        assert referral.values[deal.STAGE] is Stage.ACTIVE, "an accept was lost"


def _check_equal(world: World, referral: Row, row: Row) -> None:
    for name in (*VALUES, deal.SOLUTIONS):
        theirs, held = referral.values[name], world.crm._held(referral.values[name])
        assert held == row.values[name], f"{name} diverged: {theirs} {row.values[name]}"


def _check_kept(world: World, story: Story, row: Row) -> None:
    """The last edit of a field that one side owned stands."""
    solutions = row.values[deal.SOLUTIONS]
    for name, value in story.last.items():
        if not story.ours(name):
            continue
        if name in VALUES and name != deal.VISIBLE:
            kept = row.values[name] == world.crm._held(value) or _named(world, row, name)
            assert kept, f"the edit of {name} to {value} was lost: {row.values[name]}"
        for solution in SOLUTIONS:
            if solution.id == name and isinstance(solutions, Group):
                assert (solution in solutions) is value, f"the edit of {name} was lost"


def _named(world: World, row: Row, name: str) -> bool:
    """Without a marker the newest side wins where nobody can say who wrote a value; Audit names both then (§1)."""
    return not world.carries_marker and any(f"{TITLES[name]} was set to" in line for line in row.audit)


def _check_closed(story: Story, referral: Row, row: Row) -> None:
    """Both are closed, alike unless people closed them differently."""
    stages = {Side.PARTNER: Stage(str(referral.values[deal.STAGE])), Side.CRM: Stage(str(row.values[deal.STAGE]))}
    assert set(stages.values()) <= CLOSED, f"only one side is closed: {stages}"
    if len(story.closed_by) == 1:
        assert crm_view(stages[Side.PARTNER]) is crm_view(stages[Side.CRM]), f"closed differently: {stages}"
    else:
        assert {side: crm_view(stage) for side, stage in story.closed_by.items()} == {
            side: crm_view(stage) for side, stage in stages.items()
        }, "a closed record was closed again"


async def check_lost_links(world: World, stories: list[Story], look: Callable[[], Awaitable[None]]) -> None:
    """After the link table is lost, looking at every record doubles nothing and overwrites nothing."""
    world.links.rows.clear()
    before = {side: deepcopy({i: r.values for i, r in rows.items()}) for side, rows in _rows(world).items()}
    await look()
    assert before == {side: {i: r.values for i, r in rows.items()} for side, rows in _rows(world).items()}
    check_all(world, stories)
    assert len(world.links.rows) == len(stories)


def _rows(world: World) -> dict[Side, dict[str, Row]]:
    return {Side.PARTNER: world.partner.rows, Side.CRM: world.crm.rows}
