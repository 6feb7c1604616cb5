"""Edits of a proof over real parts: every deal on both sides at once, and some on one side when nobody is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.people import IN_PROGRESS, ON_HOLD, Json, NotSeenError
from shared.domain.values import Side
from tests.proof.parts_deals import BASIC, EXTRA, FIELDS, STAGE, Deal, listed
from tests.proof.parts_people import Crowd

OWN, SHARED = 2, 1  # edits of a field in a phase by one side: who turns a value back and forth is parked


@dataclass
class Editing:
    """What the crowd does to its deals while they are open."""

    crowd: Crowd

    async def rounds(self, count: int, deals: Iterable[Deal] | None = None) -> None:
        """Every deal on both sides at once, so many times."""
        chosen = list(self.crowd.deals if deals is None else deals)
        for _ in range(count):
            self.crowd.rng.shuffle(chosen)
            await self.crowd.each(chosen, self._both)

    async def unheard(self, most: int) -> None:
        """Some deals on one side, while every webhook is lost: auto-heal alone can find them."""
        rng = self.crowd.rng
        await self.crowd.people.webhooks(drop=1)
        still = [deal for deal in self.crowd.deals if not deal.closed]
        chosen = rng.sample(still, min(most, len(still)))
        await self.crowd.each(chosen, lambda deal: self._say(deal, rng.choice(list(Side)), list(FIELDS)))

    async def _both(self, deal: Deal) -> None:
        await self.crowd.know(deal)
        if deal.pending:
            await self._accept(deal)
            return
        names = self.crowd.rng.sample(list(FIELDS), 3)
        await asyncio.gather(*(self._say(deal, side, names) for side in Side))
        if self.crowd.rng.random() < 0.3:
            await self._toggle(deal)

    async def _say(self, deal: Deal, side: Side, names: Iterable[str]) -> None:
        """One edit of a side, of those fields that are its own or everybody's."""
        values = {name: self.crowd.rng.choice(FIELDS[name].values) for name in names if _may(deal, side, name)}
        if deal.pending or not values or not (deal.referral if side is Side.PARTNER else deal.row):
            return
        if side is Side.PARTNER:
            change: Json = {}
            for name, value in values.items():
                change = _merged(change, FIELDS[name].in_portal(value))
            await self.crowd.people.edit_referral(deal.referral, **change)
        else:
            columns = {key: each for name, value in values.items() for key, each in FIELDS[name].in_crm(value).items()}
            await self.crowd.people.edit_opportunity(deal.row, **columns)
        deal.last |= values
        self._noted(deal, side, *values)

    async def _toggle(self, deal: Deal) -> None:
        """One solution comes or goes, on the side that owns it."""
        side = deal.owners[EXTRA]
        present = not deal.last.get(EXTRA, False)
        if side is None or not _may(deal, side, EXTRA):
            return
        made = await (self._toggle_listed if side is Side.PARTNER else self._toggle_row)(deal, present=present)
        if made:
            deal.last[EXTRA] = present
            self._noted(deal, side, EXTRA)

    async def _toggle_listed(self, deal: Deal, *, present: bool) -> bool:
        wanted = [listed(each) for each in (BASIC, EXTRA)[: 1 + present]]
        if deal.referral:
            await self.crowd.people.edit_referral(deal.referral, details={"requirements": {"solutions": wanted}})
        return bool(deal.referral)

    async def _toggle_row(self, deal: Deal, *, present: bool) -> bool:
        rows = await self.crowd.people.solutions(deal.row) if deal.row else {}
        if not deal.row or present == (EXTRA in rows):
            return False
        if present:
            await self.crowd.people.solution(deal.row, EXTRA)
        else:
            await self.crowd.people.crm("DELETE", f"msft_mspartnersolutions({rows[EXTRA]})")
        return True

    async def _accept(self, deal: Deal) -> None:
        if deal.lead_row and self.crowd.rng.random() < 0.5:
            await self._qualify(deal)
        elif self.crowd.rng.random() < 0.5 or not deal.row:
            await self.crowd.people.edit_referral(deal.referral, status="Active", substatus="Accepted")
        elif (await self.crowd.people.read_opportunity(deal.row))["statuscode"] == ON_HOLD:
            await self.crowd.people.edit_opportunity(deal.row, statuscode=IN_PROGRESS)
        else:
            return
        deal.last[STAGE] = True
        deal.pending = False
        self._noted(deal, Side.PARTNER, STAGE)

    async def _qualify(self, deal: Deal) -> None:
        """By hand: Dynamics 365 makes the opportunity."""
        try:
            await self.crowd.people.qualify(deal.lead_row, alone=True)
        except NotSeenError:  # it was accepted in the portal a moment ago, and is qualified already
            return

    def _noted(self, deal: Deal, side: Side, *names: str) -> None:
        deal.told.update((side, name) for name in names)
        self.crowd.edits += 1


def _may(deal: Deal, side: Side, name: str) -> bool:
    owner = deal.owners[name]
    return owner in (side, None) and deal.told[side, name] < (SHARED if owner is None else OWN)


def _merged(one: Json, other: Json) -> Json:
    both = {name: _merged(one[name], other[name]) for name in one.keys() & other.keys()}
    return one | other | both
