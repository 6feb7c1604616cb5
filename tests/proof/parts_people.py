"""The people of a proof over real parts: how many are at work, and the deals that they make on either side."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from sandbox.people import WANTED_HELP, People, help_option
from shared.domain.values import Side
from tests.proof.parts_deals import BASIC, EXTRA, FIELDS, Deal, listed
from tests.proof.parts_ground import Ground

# Azurite slows down sharply with depth and should hold 500 at most: people stop before, as what they have done brings
# more messages within seconds, and auto-heal others.
MOST_OUTSTANDING = 200
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
            deal.lead = deal.pending and self.rng.random() < 0.5
            share_out(deal, self.rng)
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
        kind = "lead" if deal.lead else "inbound" if deal.pending else "portal"
        solutions = {"details": {"requirements": {"solutions": [listed(BASIC)]}}}
        made = await self.people.referral(kind, name=name, customerProfile=profile, team=[SELLER], **solutions)
        deal.referral = str(made["id"])

    async def know(self, deal: Deal) -> bool:
        """Are both of its records known by now?"""
        if not deal.both:
            crm = deal.origin is Side.CRM
            read = self.people.read_opportunity(deal.row) if crm else self.people.read_referral(deal.referral)
            shown = await read
            if deal.lead and await self._is_lead(named := str(shown["externalReferenceId"] or "")):
                deal.lead_row = named
            else:
                deal.learn(shown)
        return deal.both

    async def _is_lead(self, ident: str) -> bool:
        """What the referral names: a lead, until its deal has gone on as an opportunity."""
        return bool(ident) and bool((await self.people.crm("GET", f"leads?$filter=leadid eq {ident}"))["value"])

    def new_phase(self) -> None:
        for deal in self.deals:
            share_out(deal, self.rng)


def share_out(deal: Deal, rng: random.Random) -> None:
    """Which side edits what in a phase: each field belongs to one side, or to both (a conflict, any winner)."""
    deal.last = {}
    deal.told.clear()
    deal.owners = {name: rng.choice((Side.PARTNER, Side.CRM, None)) for name in FIELDS}
    deal.owners[EXTRA] = rng.choice(list(Side))  # a list has no halves in a portal: one owner
