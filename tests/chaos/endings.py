"""How a schedule ends: deals are closed, reopened, deleted and made again, or every link is lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import dataclass

from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.values import Side, Value
from shared.messages import Look, Why
from tests.chaos.checks import check_all, check_leads, check_nothing_moved
from tests.chaos.people import VALUES, People, gateway

LOOKS = {Side.PARTNER: Look.REFERRAL, Side.CRM: Look.OPPORTUNITY}
MAY_DIFFER = (deal.NOTES, deal.NAME, deal.INTENT)
OTHER: dict[str, Value] = {deal.NOTES: "meanwhile", deal.NAME: "Meanwhile", deal.INTENT: "Meanwhile"}


@dataclass
class Endings:
    """`phase` plays chaos until everything is quiet and checks it; `quiet` only waits for that."""

    people: People
    phase: Callable[[], Awaitable[None]]
    quiet: Callable[[], Awaitable[None]]

    async def closed(self) -> None:
        """Every deal is won or lost, by one side or by both at once."""
        for story in self.people.stories:
            for side in self.people.rng.choice(((Side.PARTNER,), (Side.CRM,), (Side.CRM, Side.PARTNER))):
                if row := self.people.open_row(story, side):
                    stage = self.people.rng.choice((Stage.WON, Stage.LOST))
                    gateway(self.people.world, side).edit(row.id, **{deal.STAGE: stage})
                    story.closed_by[side] = stage
        await self.phase()

    async def reopened(self) -> None:
        """Sellers open closed opportunities again: they part from their referrals. Some ask for new ones."""
        await self.closed()
        world = self.people.world
        for story in self.people.stories:
            referral, row = story.row(world, Side.PARTNER), story.row(world, Side.CRM)
            if referral and row and row.values[deal.STAGE] in CLOSED:
                story.reopened = dict(referral.values)
                world.crm.edit(row.id, **{deal.STAGE: Stage.OPEN})
        await self.phase()
        for story in self.people.stories:
            row = story.row(world, Side.CRM)
            if story.reopened and row and self.people.rng.random() < 0.5:
                story.reopened, story.closed_by, story.last = None, {}, {}
                story.former += 1
                story.rooted(Side.CRM, row.id)
                await self._asked_for(Side.CRM, row.id)
        await self.phase()

    async def deleted(self) -> None:
        """A record is deleted, which leaves the other alone; then somebody wants it again."""
        story, side = self.people.rng.choice(self.people.stories), self.people.rng.choice(list(Side))
        row, other = story.row(self.people.world, side), story.row(self.people.world, side.other)
        if row is None or other is None:
            return
        gateway(self.people.world, side).delete(row.id)
        self.people.clones = False
        story.deleted, story.last = side, {}
        await self.phase()
        if other.values[deal.STAGE] not in CLOSED:
            story.deleted = None
            story.rooted(side.other, other.id)
            await self._asked_for(side.other, other.id)
            await self.phase()

    async def _asked_for(self, side: Side, ident: str) -> None:
        """An administrator replays, perhaps impatiently."""
        world = self.people.world
        for _ in range(self.people.rng.choice((1, 1, 3))):
            await world.signals.send(world.signal(LOOKS[side], side, ident, Why.REPLAY))

    async def lost_links(self) -> None:
        """The link table is lost; on a second pass values have come to differ meanwhile."""
        world = self.people.world
        for meanwhile in (False, True):
            world.links.rows.clear()
            if meanwhile:
                self._edit_unwatched()
            self._note_differences()
            before = {side: deepcopy({i: r.values for i, r in gateway(world, side).rows.items()}) for side in Side}
            leads = deepcopy({ident: row.values for ident, row in world.leads.rows.items()})
            await self._look_at_all()
            check_nothing_moved(world, before)
            check_leads(world, leads)
            check_all(world, self.people.stories)
        self.people.new_phase()
        await self.phase()

    def _edit_unwatched(self) -> None:
        for story in self.people.stories:
            side, name = self.people.rng.choice(list(Side)), self.people.rng.choice(MAY_DIFFER)
            if row := self.people.open_row(story, side):
                gateway(self.people.world, side).edit(row.id, **{name: OTHER[name]})

    def _note_differences(self) -> None:
        """Also what one side only holds rounded: without a base nobody can say that it is the same."""
        for story in self.people.stories:
            referral, row = story.row(self.people.world, Side.PARTNER), story.row(self.people.world, Side.CRM)
            if row is None and story.lead and not story.declined:
                row = story.lead_row(self.people.world)
            if referral and row:
                story.differ |= {n for n in VALUES if n in row.values and referral.values[n] != row.values[n]}

    async def _look_at_all(self) -> None:
        world = self.people.world
        for look, side in ((Look.REFERRAL, Side.PARTNER), (Look.OPPORTUNITY, Side.CRM)):
            for story in self.people.stories:
                if row := story.row(world, side):
                    await world.signals.send(world.signal(look, side, row.id))
        await self.quiet()
