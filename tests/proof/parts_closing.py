"""Endings of a proof over real parts: deals are won and lost on either side or on both at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sandbox.people import NotSeenError
from shared.domain.values import Side
from tests.proof.parts_deals import Deal
from tests.proof.parts_editing import Editing
from tests.proof.parts_people import Crowd

REVENUE = 5000.0


@dataclass
class Closing:
    """Who closes what; a side whose record is closed already closes nothing."""

    crowd: Crowd

    async def some(self, share: float, rounds: int) -> None:
        """A share of the deals is won or lost; the others are edited on."""
        rng = self.crowd.rng
        chosen = {deal.number for deal in self.crowd.deals if not deal.pending and rng.random() < share}
        others = [deal for deal in self.crowd.deals if deal.number not in chosen]
        ending = [deal for deal in self.crowd.deals if deal.number in chosen]
        await asyncio.gather(self.crowd.each(ending, self._close), Editing(self.crowd).rounds(rounds, others))

    async def announce(self) -> None:
        """Stray events of everything that is closed."""
        for deal in self.crowd.deals:
            if deal.closed:
                await self.crowd.people.portal("POST", "events", {"event": "referral-updated", "id": deal.referral})

    async def _close(self, deal: Deal) -> None:
        if await self.crowd.know(deal):
            sides = self.crowd.rng.choice(((Side.PARTNER,), (Side.CRM,), tuple(Side)))
            await asyncio.gather(*(self._close_one(deal, side, won=self.crowd.rng.random() < 0.5) for side in sides))

    async def _close_one(self, deal: Deal, side: Side, *, won: bool) -> None:
        try:
            if side is Side.PARTNER:
                ending = "Won" if won else "Lost"
                await self.crowd.people.edit_referral(deal.referral, status="Closed", substatus=ending)
            else:
                await (self.crowd.people.win(deal.row, REVENUE) if won else self.crowd.people.lose(deal.row))
        except NotSeenError:  # the other side's closing has arrived before
            return
        deal.closed[side] = won
        self.crowd.edits += 1
