"""What each part of the page shows, as values for its template; storage that is away is said in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.outcome import Kind
from shared.domain.values import Ref
from shared.errors import RemoteError
from shared.platform.office import SHUT
from shared.platform.status.asked import Asked, Visitor
from shared.platform.status.checks import Checks
from shared.platform.status.kept import Kept
from shared.platform.status.plot import pictures
from shared.platform.status.survey import OTHER, Counts, Lately, Survey
from shared.platform.status.tickets import Tickets
from shared.ports import Clock

SHOWN = 30  # outcomes at once, the newest
LONGEST = 8.0  # seconds that a part is waited for; it is asked for again by itself
FRESH = 30.0  # seconds that a look through the links is shown again
GROUPS = (
    ("in_step", "in step", "good"),
    (Kind.WAITING, "wait for data", "warn"),
    (Kind.OWED, "held back", "warn"),
    (Kind.DELAYED, "tried again soon", ""),
    (Kind.PARKED, "parked", "bad"),
    ("ended", "ended", ""),
    (OTHER, "not settled yet", ""),
)
Context = Mapping[str, Any]
Show = Callable[["Parts", Visitor, Asked], Awaitable[Context]]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A parked entry with what its two buttons need."""

    ref: Ref
    reason: str
    advice: str
    at: datetime
    replay: Mapping[str, str]
    drop: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Finds out what the parts show. `ready` is False while the storage settings are wrong."""

    checks: Checks
    survey: Survey
    tickets: Tickets
    clock: Clock
    counts: Kept[Counts]
    lately: Kept[Lately]
    ready: bool = True
    longest: float = LONGEST

    async def show(self, name: str, visitor: Visitor, asked: Asked) -> Context:
        if name == "health":  # which bounds each of its looks by itself
            return {"lights": await self.checks.every()}
        if not self.ready:
            return {"away": SHUT}
        try:
            async with asyncio.timeout(self.longest):
                return {"away": "", **await LOOKS[name](self, visitor, asked)}
        except TimeoutError:
            return {"away": f"no answer in {self.longest:g} s"}
        except RemoteError as error:
            return {"away": str(error)}

    async def deals(self, _visitor: Visitor, _asked: Asked) -> Context:
        found = await self.counts()
        groups = [(title, found.by[name], tone) for name, title, tone in GROUPS if found.by[name] or tone == "good"]
        return {"groups": groups, "looked": found.looked, "linked": found.linked, "whole": found.whole}

    async def outcomes(self, _visitor: Visitor, asked: Asked) -> Context:
        wanted, found = asked.query.get("outcome", ""), await self.lately()
        wanted = wanted if wanted in set(Kind) else ""
        told = [one for one in found.told if wanted in ("", one.kind)]
        rest = max(0, len(told) - SHOWN)
        return {"told": told[:SHOWN], "rest": rest, "wanted": wanted, "kinds": list(Kind), "whole": found.whole}

    async def parked(self, visitor: Visitor, _asked: Asked) -> Context:
        found = await self.survey.waiting_for_people()
        cards = [
            await self.card(visitor, one.ref, reason=one.reason, advice=one.advice, at=one.at) for one in found.entries
        ]
        return {"cards": cards, "whole": found.whole}

    async def latency(self, _visitor: Visitor, _asked: Asked) -> Context:
        found = await self.lately()
        return {"pictures": pictures(found.trips, self.clock.now()), "whole": found.whole}

    async def card(self, visitor: Visitor, ref: Ref, *, reason: str, advice: str, at: datetime) -> Card:
        return Card(
            ref=ref,
            reason=reason,
            advice=advice,
            at=at,
            replay=await self._button(visitor, "replay", ref),
            drop=await self._button(visitor, "drop", ref),
        )

    async def _button(self, visitor: Visitor, verb: str, ref: Ref) -> Mapping[str, str]:
        ticket = await self.tickets.make(visitor.bound, act_of(verb, ref))
        return {"to": visitor.to("parked", ref.kind, ref.id, verb), "ticket": ticket}


def act_of(verb: str, ref: Ref) -> str:
    """What a ticket allows: one thing, done to one record."""
    return f"{verb} {ref}"


LOOKS: Mapping[str, Show] = {
    "deals": Parts.deals,
    "parked": Parts.parked,
    "latency": Parts.latency,
    "outcomes": Parts.outcomes,
}
PARTS = ("health", *LOOKS)
