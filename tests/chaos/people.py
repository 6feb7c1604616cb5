"""The people of one schedule: what they make, edit, clone, complete, accept and ask for on either side."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.values import Group, Money, Person, Side, Solution, Value
from tests.fakes.gateway import PLATFORM, FakeGateway, Row
from tests.fakes.world import World

VALUES: dict[str, tuple[Value, ...]] = {
    deal.NOTES: ("a", "b", "c"),
    deal.NAME: ("x", "y"),
    deal.AMOUNT: (Money(Decimal("1.5"), "USD"), Money(Decimal(2), "USD"), Money(Decimal(2), "EUR")),
    deal.INTENT: ("Yes", "No"),
    deal.VISIBLE: (True,),
}
ON_LEADS = (deal.NOTES, deal.NAME, deal.AMOUNT)
SOLUTIONS = tuple(Solution(id=f"SOL-{number}") for number in (2, 3))
LEE = Person(email="lee@fabrikam.example", first_name="Lee", last_name="Novak", phone="+1 555 0101")
SET_BACK = {Side.PARTNER: Stage.ACTIVE, Side.CRM: Stage.OPEN}
HELP = "QuotesOrLicensing"
MOST_DEALS = 4


@dataclass
class Story:
    """One deal: where it was made, who edits which field in this phase, and what each said last.

    `complete`: nothing is missing that Partner Center requires. `asked`: Microsoft's help is wanted. `lead`: it came as
    a lead, and `declined` once the seller disqualified that. `deleted` is the side whose record is gone, `reopened`
    what its closed referral showed when the opportunity was opened again, `differ` are fields that came to differ while
    no link knew of the deal, and `carried` are edits of a row whose referral took nothing yet: with an edit of the
    other side after the accept they are a conflict.
    """

    origin: Side
    ident: str
    complete: bool = True
    asked: bool = False
    lead: bool = False
    declined: bool = False
    owners: dict[str, Side | None] = field(default_factory=dict)
    last: dict[str, Value] = field(default_factory=dict)
    closed_by: dict[Side, Stage] = field(default_factory=dict)
    deleted: Side | None = None
    reopened: dict[str, Value] | None = None
    former: int = 0
    differ: set[str] = field(default_factory=set)
    carried: set[str] = field(default_factory=set)

    def ours(self, name: str) -> bool:
        """Does this field belong to one side in this phase?"""
        return self.owners.get(name) is not None

    def row(self, world: World, side: Side) -> Row | None:
        """The record of the deal on a side, if it is there; of several referrals the newest."""
        rows = gateway(world, side).rows
        if side is self.origin:
            return rows.get(self.ident)
        made = [row for row in rows.values() if row.ours and row.counterpart == self.ident]
        return made[-1] if made and side is Side.PARTNER else made[0] if made else None

    def lead_row(self, world: World) -> Row | None:
        """The lead that the deal came as, if it did."""
        return next((row for row in world.leads.rows.values() if row.counterpart == self.ident), None)

    def rooted(self, side: Side, ident: str) -> None:
        """From now on this record is the one that the deal is known by."""
        self.origin, self.ident = side, ident


def gateway(world: World, side: Side) -> FakeGateway:
    return world.partner if side is Side.PARTNER else world.crm


@dataclass
class People:
    """Those who make and edit the deals of one world.

    A clone of an opportunity whose referral was deleted names a referral that nobody knows: a person decides on it.
    """

    world: World
    rng: random.Random
    stories: list[Story] = field(default_factory=list)
    clones: bool = True

    def make(self) -> None:
        """A deal on either side; some referrals are not accepted yet, some opportunities have no solution yet."""
        side, chance = self.rng.choice(list(Side)), self.rng.random()
        complete = side is Side.PARTNER or chance > 0.2
        values: dict[str, Value] = {} if complete else {deal.SOLUTIONS: Group()}
        if side is Side.PARTNER and chance < 0.4:
            values = {deal.STAGE: Stage.PENDING}
        story = Story(side, gateway(self.world, side).make(**values), complete)
        if side is Side.PARTNER and chance < 0.25:  # some of those are leads
            story.lead = self.world.partner.rows[story.ident].lead = True
        self._tell(story)

    def _tell(self, story: Story) -> None:
        self.stories.append(story)
        self._share_out(story)

    def new_phase(self) -> None:
        """Which side edits which field: each belongs to one side, or to both (a conflict, any winner)."""
        for story in self.stories:
            story.last = {}
            self._share_out(story)

    def _share_out(self, story: Story) -> None:
        names = [*VALUES, *(solution.id for solution in SOLUTIONS)]
        story.owners = {name: self.rng.choice((Side.PARTNER, Side.CRM, None)) for name in names}

    def edit(self) -> None:
        """One thing that somebody does with one deal."""
        story = self.rng.choice(self.stories)
        kinds, weights = tuple(self.deeds), tuple(self.deeds.values())
        (deed,) = self.rng.choices(kinds, weights)
        deed(self, story)
        self.world.clock.advance(self.rng.choice((1, 100, 301)))

    def _field(self, story: Story) -> None:
        name = self.rng.choice(list(VALUES))
        side = story.owners[name] or self.rng.choice(list(Side))
        if row := self.open_row(story, side):
            value = self.rng.choice(VALUES[name])
            gateway(self.world, side).edit(row.id, **{name: value})
            story.last[name] = row.values[name]

    def _solution(self, story: Story) -> None:
        solution = self.rng.choice(SOLUTIONS)
        side = story.owners[solution.id] or self.rng.choice(list(Side))
        if story.complete and (row := self.open_row(story, side)):
            held = row.values[deal.SOLUTIONS]
            before = set(held) if isinstance(held, Group) else set()
            after = before ^ {solution} | {PLATFORM}
            gateway(self.world, side).edit(row.id, **{deal.SOLUTIONS: Group(after)})
            story.last[solution.id] = solution in after

    def _member(self, story: Story) -> None:
        """A colleague joins or leaves the sales team of the opportunity."""
        if row := self.open_row(story, Side.CRM):
            team = row.values[deal.TEAM]
            after = set(team) ^ {LEE} if isinstance(team, Group) else {LEE}
            self.world.crm.edit(row.id, **{deal.TEAM: Group(after)})
            story.last[LEE.email] = LEE in after

    def _hold(self, story: Story) -> None:
        """On an accepted deal that is the seller's own business."""
        referral, row = story.row(self.world, Side.PARTNER), self.open_row(story, Side.CRM)
        if row and referral and referral.values[deal.STAGE] is Stage.ACTIVE and not story.last.get(deal.STAGE):
            flipped = {Stage.HOLD: Stage.OPEN, Stage.OPEN: Stage.HOLD}[Stage(str(row.values[deal.STAGE]))]
            self.world.crm.edit(row.id, **{deal.STAGE: flipped})

    def _help(self, story: Story) -> None:
        """The seller asks Microsoft for help, once."""
        referral, row = story.row(self.world, Side.PARTNER), self.open_row(story, Side.CRM)
        accepted = referral is None or referral.values[deal.STAGE] is Stage.ACTIVE
        if row and accepted and not story.asked:
            self.world.crm.edit(row.id, **{deal.HELP: HELP})
            story.asked = True

    def _microsoft(self, story: Story) -> None:
        """Microsoft answers what it was asked."""
        asked = invited(self.world, story)
        if asked and asked[0].values[deal.STAGE] is Stage.PENDING:
            stage = self.rng.choice((Stage.ACTIVE, Stage.DECLINED))
            self.world.partner.edit(asked[0].id, **{deal.STAGE: stage, deal.MICROSOFT_ID: f"1-{asked[0].id[-4:]}"})

    def _lead(self, story: Story) -> None:
        """The seller edits the lead, or will not have it."""
        row = story.lead_row(self.world) if story.lead else None
        if row is None or row.values[deal.STAGE] is not Stage.LEAD or not self._pending(story):
            return
        if self.rng.random() < 0.1:
            self.world.leads.edit(row.id, **{deal.STAGE: Stage.LOST})
            story.declined = True
            return
        name = self.rng.choice(ON_LEADS)
        if story.owners[name] is Side.CRM:
            self.world.leads.edit(row.id, **{name: self.rng.choice(VALUES[name])})
            story.last[name] = row.values[name]

    def _pending(self, story: Story) -> bool:
        referral = story.row(self.world, Side.PARTNER)
        return referral is not None and referral.values[deal.STAGE] is Stage.PENDING

    def _new(self, _story: Story) -> None:
        if len(self.stories) < MOST_DEALS:
            self.make()

    def _clone(self, story: Story) -> None:
        """Cloning an opportunity copies the column with its referral's id."""
        referral, row = story.row(self.world, Side.PARTNER), self.open_row(story, Side.CRM)
        linked = row and referral and row.counterpart and referral.values[deal.STAGE] is Stage.ACTIVE
        if self.clones and row and linked and story.complete and len(self.stories) < MOST_DEALS:
            copied = {name: value for name, value in row.values.items() if name not in OF_MICROSOFT}
            clone = self.world.crm.rows[self.world.crm.make(**copied)]
            clone.counterpart = row.counterpart
            self._tell(Story(Side.CRM, clone.id, asked=bool(row.values.get(deal.HELP))))

    def complete(self, story: Story) -> None:
        """The seller adds the solution that was missing."""
        if not story.complete:
            self.world.crm.edit(story.ident, **{deal.SOLUTIONS: Group([PLATFORM])})
            story.complete = True

    def complete_all(self) -> None:
        for story in self.stories:
            self.complete(story)

    def accept(self) -> None:
        """Every pending deal is accepted, on either side."""
        for story in self.stories:
            referral, row = story.row(self.world, Side.PARTNER), story.row(self.world, Side.CRM)
            if story.lead and self._pending(story) and not story.declined:
                self._accept_lead(story)
            elif referral and row and referral.values[deal.STAGE] is Stage.PENDING:
                side = self.rng.choice(list(Side))
                target = {Side.PARTNER: referral, Side.CRM: row}[side]
                gateway(self.world, side).edit(target.id, **{deal.STAGE: SET_BACK[side]})
                story.last[deal.STAGE] = True

    def _accept_lead(self, story: Story) -> None:
        """In the portal, or by qualifying it: then the CRM makes the opportunity. Sometimes both at once."""
        row = story.lead_row(self.world)
        sides = self.rng.choice(((Side.PARTNER,), (Side.CRM,), (Side.CRM, Side.PARTNER)))
        if Side.CRM in sides and row and row.values[deal.STAGE] is Stage.LEAD:
            self.world.leads.qualify(row.id, self.world.crm)
            story.last[deal.STAGE] = True
        if Side.PARTNER in sides:
            self.world.partner.edit(story.ident, **{deal.STAGE: Stage.ACTIVE})
            story.last[deal.STAGE] = True

    def open_row(self, story: Story, side: Side) -> Row | None:
        """The record of a side, if it may be edited."""
        row = story.row(self.world, side)
        fixed = row is None or row.values[deal.STAGE] in CLOSED or row.values[deal.STAGE] is Stage.PENDING
        return None if fixed else row

    deeds: dict[Callable[[People, Story], None], int] = field(
        default_factory=lambda: {
            People._field: 9,
            People._solution: 3,
            People._hold: 3,
            People._member: 2,
            People._help: 1,
            People._microsoft: 2,
            People._lead: 4,
            People._new: 1,
            People._clone: 1,
            People.complete: 3,
        }
    )


OF_MICROSOFT = (deal.MICROSOFT_ID, deal.MICROSOFT_STAGE)


def invited(world: World, story: Story) -> list[Row]:
    """Microsoft's referrals beside the deal's own."""
    own = story.row(world, Side.PARTNER)
    return [row for row in world.partner.rows.values() if own and not row.ours and row.parent == own.parent]
