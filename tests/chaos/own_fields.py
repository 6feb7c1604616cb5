"""Schedules in an installation that has fields of its own."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass, field, replace

from shared.domain import deal
from shared.domain.deal import DEAL, Field
from shared.domain.lifecycle import Stage
from shared.domain.policy import Policy
from shared.domain.values import Side, Value
from tests.chaos.people import People, Story, gateway
from tests.chaos.schedules import Schedule
from tests.fakes.gateway import Row
from tests.fakes.world import World
from tests.proof.figure import Harm, must

OWN = (
    Field(name="x:new_plan", title="Buying plan", clears=True),
    Field(name="x:new_tier", title="Tier", clears=True, winner=Side.PARTNER),
    Field(name="x:new_code", title="Code", clears=True, winner=Side.CRM),
)
VALUES = ("a", "b", None)
Key = tuple[Side, str, str]


def _key(story: Story, spec: Field) -> Key:
    return story.origin, story.ident, spec.name


def _fill(row: Row) -> None:
    """Every record on either side has the columns, with something in them or nothing."""
    row.values.update({spec.name: row.values.get(spec.name) for spec in OWN})


class OwnWorld(World):
    """Whatever settings change in it, the installation's fields stay."""

    def configure(self, policy: Policy) -> None:
        super().configure(replace(policy, fields=(*DEAL, *OWN)))


@dataclass
class OwnPeople(People):
    """People who edit those fields as well; in each phase a field of a deal belongs to one side, or to both."""

    said: dict[Key, Value] = field(default_factory=dict)
    carried: set[Key] = field(default_factory=set)

    def _tell(self, story: Story) -> None:
        _fill(gateway(self.world, story.origin).rows[story.ident])
        super()._tell(story)

    def _accept_lead(self, story: Story) -> None:
        super()._accept_lead(story)
        for row in self.world.crm.rows.values():  # the CRM made it of a lead, with those columns empty
            _fill(row)

    def _share_out(self, story: Story) -> None:
        super()._share_out(story)
        for spec in OWN:
            story.owners[spec.name] = self.rng.choice((Side.PARTNER, Side.CRM, None))
            self.said.pop(_key(story, spec), None)

    def edit(self) -> None:
        if self.rng.random() < 0.5:
            super().edit()
        else:
            self._own_field(self.rng.choice(self.stories))

    def _own_field(self, story: Story) -> None:
        spec = self.rng.choice(OWN)
        side = story.owners[spec.name] or self.rng.choice(list(Side))
        if row := self.open_row(story, side):
            value = self.rng.choice(VALUES)
            gateway(self.world, side).edit(row.id, **{spec.name: value})
            self.said[_key(story, spec)] = value


class OwnSchedule(Schedule):
    """A schedule that looks at those fields too, as long as both records are there and known to be a pair."""

    worlds = OwnWorld
    crowds = OwnPeople
    ending = False
    compared = 0

    async def _phase(self, steps: int, *, edits: bool) -> None:
        await super()._phase(steps, edits=edits)
        for story in [] if self.ending else self.people.stories:
            self._check(story)

    def _end(self, steps: int) -> Coroutine[None, None, None]:
        self.ending = True
        return super()._end(steps)

    def _check(self, story: Story) -> None:
        people = self.people
        assert isinstance(people, OwnPeople)
        referral, row = story.row(self.world, Side.PARTNER), story.row(self.world, Side.CRM)
        if not story.complete or referral is None or row is None:
            return
        keys = {_key(story, spec) for spec in OWN}
        if referral.values[deal.STAGE] is Stage.PENDING:  # what was edited meanwhile follows the accept
            people.carried |= {key for key in keys if referral.values.get(key[-1]) != row.values.get(key[-1])}
            return
        for spec in OWN:
            self._agree(story, spec, referral.values[spec.name], row.values[spec.name], row.audit)
        people.carried -= keys

    def _agree(self, story: Story, spec: Field, theirs: Value, ours: Value, audit: list[str]) -> None:
        people, key = self.people, _key(story, spec)
        assert isinstance(people, OwnPeople)
        must(theirs == ours, Harm.DIVERGED, f"{spec.title} diverged: {theirs} {ours}")
        self.compared += 1
        unclear = not self.world.carries_marker and any(f"{spec.title} was set to" in line for line in audit)
        if story.ours(spec.name) and key in people.said and key not in people.carried and not unclear:
            must(
                ours == people.said[key], Harm.LOST, f"the edit of {spec.title} to {people.said[key]} was lost: {ours}"
            )
