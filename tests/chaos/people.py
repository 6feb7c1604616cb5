"""The people of one schedule: what they make, edit, accept, close and delete on either side."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.values import Group, Money, Side, Solution, Value
from tests.fakes.gateway import PLATFORM, FakeGateway, Row
from tests.fakes.world import World

VALUES: dict[str, tuple[Value, ...]] = {
    deal.NOTES: ("a", "b", "c"),
    deal.NAME: ("x", "y"),
    deal.AMOUNT: (Money(Decimal("1.5"), "USD"), Money(Decimal(2), "USD"), Money(Decimal(2), "EUR")),
    deal.INTENT: ("Yes", "No"),
    deal.VISIBLE: (True,),
}
SOLUTIONS = tuple(Solution(id=f"SOL-{number}") for number in (2, 3))
SET_BACK = {Side.PARTNER: Stage.ACTIVE, Side.CRM: Stage.OPEN}


@dataclass
class Story:
    """One deal: where it was made, who edits which field in this phase, and what each said last."""

    origin: Side
    ident: str
    owners: dict[str, Side | None] = field(default_factory=dict)
    last: dict[str, Value] = field(default_factory=dict)
    closed_by: dict[Side, Stage] = field(default_factory=dict)
    deleted: Side | None = None

    def ours(self, name: str) -> bool:
        """Does this field belong to one side in this phase?"""
        return self.owners.get(name) is not None

    def row(self, world: World, side: Side) -> Row | None:
        """The record of the deal on a side, if it is there."""
        rows = gateway(world, side).rows
        if side is self.origin:
            return rows.get(self.ident)
        return next((row for row in rows.values() if row.ours and row.counterpart == self.ident), None)


def gateway(world: World, side: Side) -> FakeGateway:
    return world.partner if side is Side.PARTNER else world.crm


@dataclass
class People:
    """Those who make and edit the deals of one world."""

    world: World
    rng: random.Random
    stories: list[Story] = field(default_factory=list)

    def make(self) -> None:
        side = self.rng.choice(list(Side))
        pending = side is Side.PARTNER and self.rng.random() < 0.3
        stage: dict[str, Value] = {deal.STAGE: Stage.PENDING} if pending else {}
        self.stories.append(Story(side, gateway(self.world, side).make(**stage)))

    def new_phase(self) -> None:
        """Which side edits which field: each belongs to one side, or to both (a conflict, any winner)."""
        names = [*VALUES, *(solution.id for solution in SOLUTIONS)]
        for story in self.stories:
            story.last = {}
            story.owners = {name: self.rng.choice((Side.PARTNER, Side.CRM, None)) for name in names}

    def edit(self) -> None:
        """One edit of one deal: of a field, of the solutions, or of the CRM's own open reason."""
        story = self.rng.choice(self.stories)
        kind = self.rng.choice(("field", "field", "field", "solution", "hold"))
        {"field": self._field, "solution": self._solution, "hold": self._hold}[kind](story)
        self.world.clock.advance(self.rng.choice((1, 100, 301)))

    def _field(self, story: Story) -> None:
        name = self.rng.choice(list(VALUES))
        side = story.owners[name] or self.rng.choice(list(Side))
        if row := self._open(story, side):
            value = self.rng.choice(VALUES[name])
            gateway(self.world, side).edit(row.id, **{name: value})
            story.last[name] = row.values[name]

    def _solution(self, story: Story) -> None:
        solution = self.rng.choice(SOLUTIONS)
        side = story.owners[solution.id] or self.rng.choice(list(Side))
        if row := self._open(story, side):
            held = row.values[deal.SOLUTIONS]
            before = set(held) if isinstance(held, Group) else set()
            after = before ^ {solution} | {PLATFORM}
            gateway(self.world, side).edit(row.id, **{deal.SOLUTIONS: Group(after)})
            story.last[solution.id] = solution in after

    def _hold(self, story: Story) -> None:
        """On an accepted deal that is the seller's own business."""
        referral, row = story.row(self.world, Side.PARTNER), self._open(story, Side.CRM)
        if row and referral and referral.values[deal.STAGE] is Stage.ACTIVE and not story.last.get(deal.STAGE):
            flipped = {Stage.HOLD: Stage.OPEN, Stage.OPEN: Stage.HOLD}[Stage(str(row.values[deal.STAGE]))]
            self.world.crm.edit(row.id, **{deal.STAGE: flipped})

    def accept(self) -> None:
        """Every pending deal is accepted, on either side."""
        for story in self.stories:
            referral, row = story.row(self.world, Side.PARTNER), story.row(self.world, Side.CRM)
            if referral and row and referral.values[deal.STAGE] is Stage.PENDING:
                side = self.rng.choice(list(Side))
                target = {Side.PARTNER: referral, Side.CRM: row}[side]
                gateway(self.world, side).edit(target.id, **{deal.STAGE: SET_BACK[side]})
                story.last[deal.STAGE] = True

    def close(self) -> None:
        """Every deal is won or lost, by one side or by both at once."""
        for story in self.stories:
            for side in self.rng.choice(((Side.PARTNER,), (Side.CRM,), (Side.CRM, Side.PARTNER))):
                if row := self._open(story, side):
                    stage = self.rng.choice((Stage.WON, Stage.LOST))
                    gateway(self.world, side).edit(row.id, **{deal.STAGE: stage})
                    story.closed_by[side] = stage

    def delete(self) -> None:
        story = self.rng.choice(self.stories)
        side = self.rng.choice(list(Side))
        if row := story.row(self.world, side):
            gateway(self.world, side).delete(row.id)
            story.deleted = side

    def _open(self, story: Story, side: Side) -> Row | None:
        row = story.row(self.world, side)
        fixed = row is None or row.values[deal.STAGE] in CLOSED or row.values[deal.STAGE] is Stage.PENDING
        return None if fixed else row
