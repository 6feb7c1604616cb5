"""The people of a proof over real parts: they make deals on both sides, edit them on both at once, and close them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from sandbox.people import IN_PROGRESS, ON_HOLD, WANTED_HELP, Json, NotSeenError, People, help_option
from shared.domain.values import Side
from tests.proof.parts_deals import BASIC, EXTRA, FIELDS, STAGE, Deal
from tests.proof.parts_ground import Ground

# Azurite slows down sharply with depth and should hold 500 at most: people stop well before, as what they have done
# brings more messages within seconds, and auto-heal others.
MOST_OUTSTANDING = 150
HANDS = 6  # people at work at the same time
LOOKED = 0.3  # seconds that a look at the queues is good for
CUSTOMERS = 25
SELLER = {"firstName": "Dana", "lastName": "Rivera", "phoneNumber": "+1 425 555 0100", "email": "dana@fabrikam.example"}


@dataclass
class Crowd:
    """`deals` are all that were made; an edit counts only when the side it was made on took it."""

    ground: Ground
    rng: random.Random
    deals: list[Deal] = field(default_factory=list)
    accounts: list[tuple[str, str]] = field(default_factory=list)
    edits: int = 0
    _looked: float = float("-inf")
    _room: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def people(self) -> People:
        return self.ground.people

    async def each(self, deals: Iterable[Deal], act: Callable[[Deal], Awaitable[None]]) -> None:
        """Some at a time, and none while too many messages lie on the queues."""
        waiting = iter(list(deals))

        async def hands() -> None:
            for deal in waiting:
                await self._room_for_more()
                await act(deal)

        await asyncio.gather(*(hands() for _ in range(HANDS)))

    async def _room_for_more(self) -> None:
        async with self._room:
            while time.monotonic() - self._looked > LOOKED:
                count = sum((await self.ground.outstanding()).values())
                if count < MOST_OUTSTANDING:
                    self._looked = time.monotonic()
                else:
                    await asyncio.sleep(1)

    # --- making -------------------------------------------------------------------------------------------------

    async def settle_down(self) -> None:
        """The customers that the CRM knows already; those of Partner Center's deals are not among them."""
        await self.people.currency("USD")
        for number in range(5):
            account = await self.people.account(name=f"Contoso {number}", address1_postalcode=f"9800{number}")
            self.accounts.append((account, await self.people.contact(account)))

    async def make(self, count: int) -> None:
        """Half on either side; of Partner Center's some wait for an answer, for some of the CRM's help is asked."""
        start = len(self.deals)
        for number in range(start, start + count):
            origin = Side.CRM if number % 2 else Side.PARTNER
            deal = Deal(number=number, origin=origin, customer=f"Northwind {number // 2 % CUSTOMERS}")
            deal.helped = origin is Side.CRM and self.rng.random() < 0.3
            deal.pending = origin is Side.PARTNER and self.rng.random() < 0.3
            self._share_out(deal)
            self.deals.append(deal)
        await self.each(self.deals[start:], self._make)

    async def _make(self, deal: Deal) -> None:
        name = str(FIELDS["name"].values[0])
        if deal.origin is Side.CRM:
            account, contact = self.accounts[deal.number % len(self.accounts)]
            asked = {WANTED_HELP: help_option("Quotes Or Licensing")} if deal.helped else {}
            deal.row = await self.people.opportunity(account, contact, name=name, **asked)
            return
        profile = {"name": deal.customer, "address": {"postalCode": "98004"}}
        kind = "inbound" if deal.pending else "portal"
        solutions = {"details": {"requirements": {"solutions": [_solution(BASIC)]}}}
        made = await self.people.referral(kind, name=name, customerProfile=profile, team=[SELLER], **solutions)
        deal.referral = str(made["id"])

    # --- editing ------------------------------------------------------------------------------------------------

    def new_phase(self) -> None:
        """Which side edits what: each field belongs to one side, or to both (a conflict, any winner)."""
        for deal in self.deals:
            self._share_out(deal)

    def _share_out(self, deal: Deal) -> None:
        deal.last = {}
        deal.told.clear()
        deal.owners = {name: self.rng.choice((Side.PARTNER, Side.CRM, None)) for name in FIELDS}
        deal.owners[EXTRA] = self.rng.choice(list(Side))  # a list has no halves in a portal: one owner

    async def edit(self, rounds: int, deals: Iterable[Deal] | None = None) -> None:
        """Every deal on both sides at once, in rounds."""
        chosen = list(self.deals if deals is None else deals)
        for _ in range(rounds):
            self.rng.shuffle(chosen)
            await self.each(chosen, self._edit)

    async def _edit(self, deal: Deal) -> None:
        await self._known(deal)
        if deal.pending:
            await self._accept(deal)
            return
        names = self.rng.sample(list(FIELDS), 3)
        await asyncio.gather(*(self._said(deal, side, names) for side in Side))
        if self.rng.random() < 0.3:
            await self._toggle(deal)

    async def _said(self, deal: Deal, side: Side, names: list[str]) -> None:
        """One edit of a side: those of the fields that are its own, or everybody's."""
        mine = [name for name in names if self._may(deal, side, name)]
        values = {name: self.rng.choice(FIELDS[name].values) for name in mine}
        if not values or not (deal.referral if side is Side.PARTNER else deal.row):
            return
        if side is Side.PARTNER:
            change: Json = {}
            for name, value in values.items():
                change = _merged(change, FIELDS[name].in_portal(value))
            await self.people.edit_referral(deal.referral, **change)
        else:
            columns = {key: each for name, value in values.items() for key, each in FIELDS[name].in_crm(value).items()}
            await self.people.edit_opportunity(deal.row, **columns)
        deal.last |= values
        deal.told.update((side, name) for name in values)
        self.edits += 1

    @staticmethod
    def _may(deal: Deal, side: Side, name: str) -> bool:
        """Twice at most what is one's own, once what is everybody's: who turns a value back and forth is parked."""
        owner = deal.owners[name]
        return owner in (side, None) and deal.told[side, name] < (1 if owner is None else 2)

    async def _toggle(self, deal: Deal) -> None:
        """One solution comes or goes, on the side that owns it."""
        if not self._may(deal, deal.owners[EXTRA] or Side.CRM, EXTRA):
            return
        present = not deal.last.get(EXTRA, False)
        if deal.owners[EXTRA] is Side.PARTNER and deal.referral:
            wanted = [_solution(each) for each in (BASIC, EXTRA)[: 1 + present]]
            await self.people.edit_referral(deal.referral, details={"requirements": {"solutions": wanted}})
        elif deal.owners[EXTRA] is Side.CRM and deal.row:
            rows = await self.people.solutions(deal.row)
            if present == (EXTRA in rows):
                return
            if present:
                await self.people.solution(deal.row, EXTRA)
            else:
                await self.people.crm("DELETE", f"msft_mspartnersolutions({rows[EXTRA]})")
        else:
            return
        deal.last[EXTRA] = present
        deal.told[deal.owners[EXTRA] or Side.CRM, EXTRA] += 1
        self.edits += 1

    async def _accept(self, deal: Deal) -> None:
        if self.rng.random() < 0.5 or not deal.row:
            await self.people.edit_referral(deal.referral, status="Active", substatus="Accepted")
        else:
            row = await self.people.read_opportunity(deal.row)
            if row["statuscode"] != ON_HOLD:
                return
            await self.people.edit_opportunity(deal.row, statuscode=IN_PROGRESS)
        deal.last[STAGE] = "Active"
        deal.pending = False
        self.edits += 1

    async def _known(self, deal: Deal) -> None:
        if not deal.both:
            crm = deal.origin is Side.CRM
            read = self.people.read_opportunity(deal.row) if crm else self.people.read_referral(deal.referral)
            deal.learn(await read)

    # --- closing ------------------------------------------------------------------------------------------------

    async def close_some_and_edit(self, share: float, rounds: int) -> None:
        """A share of the deals is won or lost, on either side or on both at once; the others are edited on."""
        chosen = {deal.number for deal in self.deals if not deal.pending and self.rng.random() < share}
        others = [deal for deal in self.deals if deal.number not in chosen]
        ending = [deal for deal in self.deals if deal.number in chosen]
        await asyncio.gather(self.each(ending, self._close), self.edit(rounds, others))

    async def _close(self, deal: Deal) -> None:
        await self._known(deal)
        if not deal.both:
            return
        for side in self.rng.choice(((Side.PARTNER,), (Side.CRM,), (Side.PARTNER, Side.CRM))):
            won = self.rng.random() < 0.5
            if await (self._close_referral if side is Side.PARTNER else self._close_row)(deal, won=won):
                deal.closed[side] = won
                self.edits += 1

    async def _close_referral(self, deal: Deal, *, won: bool) -> bool:
        try:
            await self.people.edit_referral(deal.referral, status="Closed", substatus="Won" if won else "Lost")
        except NotSeenError:  # the other side's closing has arrived
            return False
        return True

    async def _close_row(self, deal: Deal, *, won: bool) -> bool:
        try:
            await (self.people.win(deal.row, 5000) if won else self.people.lose(deal.row))
        except NotSeenError:  # the other side's closing has arrived
            return False
        return True

    async def announce_closed(self) -> None:
        """Stray events of everything that is closed."""
        for deal in self.deals:
            if deal.closed:
                await self.people.portal("POST", "events", {"event": "referral-updated", "id": deal.referral})


def _merged(one: Json, other: Json) -> Json:
    both = {name: _merged(one[name], other[name]) for name in one.keys() & other.keys()}
    return one | other | both


def _solution(identifier: str) -> Json:
    return {"id": identifier, "name": identifier, "type": "Name", "solutionType": "IP", "publisherName": "Fabrikam"}
