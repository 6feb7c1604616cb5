"""`cosell adopt`: takes over pairs that exist already, and lists or settles what differs on them (rules.md §3).

    a row or a referral that names the other ─► is that a pair? (identify) ─► linked by the usual look
                                                                                     │
           the winner's values go out by the usual look ◄─ a side is picked ◄─ differences listed

What becomes of a record is decided by the explanation of its next look: one that would be created is never touched.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.code import Code
from shared.domain.deal import Field
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, delayed
from shared.domain.picking import Difference, based_throughout, picked, without_base
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side
from shared.errors import Conflict, Refused, TooNew
from shared.messages import Signal
from shared.sync.desk import Desk
from shared.sync.explaining import Explainer, Found
from shared.sync.explanation import Explanation, State
from shared.sync.overlay import OverLinks
from shared.sync.settle import save
from shared.sync.sweep import Route

Look = Callable[[Signal], Awaitable[Outcome]]
PICK = "left: pick a side with --winner"


class What(StrEnum):
    """What was done with a candidate."""

    ADOPTED = "adopted"
    LINKED = "linked before"
    LEFT = "left"
    PERSON = "to be decided"


@dataclass(frozen=True, kw_only=True)
class Differs:
    """A difference, and what became of it."""

    difference: Difference
    result: str
    settled: bool = False


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """One pair, or a record that looked like half of one; `open` while something is left for a person."""

    opportunity: str
    referral: str
    what: What
    reason: str = ""
    differs: tuple[Differs, ...] = ()

    @property
    def open(self) -> bool:
        return self.what in (What.LEFT, What.PERSON) or any(not each.settled for each in self.differs)


@dataclass(frozen=True, kw_only=True)
class Adopting:
    """`look` takes one look for real; in a dry run nobody calls it. `winner` is picked for this run alone."""

    desk: Desk
    explainer: Explainer
    look: Look
    winner: Side | None = None
    dry_run: bool = False

    @property
    def _fields(self) -> tuple[Field, ...]:
        return self.desk.policy.fields

    async def one(self, route: Route, ref: Ref, counterpart: str) -> Adopted | None:
        """What became of a record that a walk showed; None for one that is no half of a pair, or is nothing new."""
        try:
            return await self._one(route, ref, counterpart)
        except (Conflict, TooNew, Refused) as error:  # of this deal alone: the others go on
            ids = (ref.id, counterpart) if route.side is Side.CRM else (counterpart, ref.id)
            return Adopted(opportunity=ids[0], referral=ids[1], what=What.LEFT, reason=str(error))

    async def _one(self, route: Route, ref: Ref, counterpart: str) -> Adopted | None:
        links = self.desk.links
        link = await (links.get(ref.id) if route.side is Side.CRM else links.by_partner(ref.id))
        link = link if link is not None and link.tag is not None else None
        if link is not None and link.linked:
            known = based_throughout(link, self._fields) or (route.side is Side.PARTNER and not link.kind)
            return None if known else await self._linked(await self.explainer.of(self.explainer.linked(link)))
        if route.side is Side.CRM and not counterpart:
            return None
        told = await self.explainer.of(Found(side=route.side, kind=ref.kind, id=ref.id, link=link))
        if route.side is Side.PARTNER and (self._walked_as_a_row(told) or not (counterpart or told.adopts)):
            return None
        return await self._pair(told)

    def _walked_as_a_row(self, told: Explanation) -> bool:
        """Its opportunity carries the referral's id and is shared: it was reported when the CRM was walked."""
        row, referral = told.sides.get(Side.CRM), told.sides.get(Side.PARTNER)
        if row is None or referral is None or not row.shared or row.ref.kind != self.desk.deals.kind:
            return False
        return row.counterpart.casefold() == referral.ref.id.casefold()

    async def _linked(self, told: Explanation) -> Adopted | None:
        done = await self._differences(told, told.link)
        return self._report(told, What.LINKED, "", done) if done else None

    async def _pair(self, told: Explanation) -> Adopted:
        if told.outcome.kind is Kind.PARKED:
            return self._report(told, What.PERSON, f"{told.outcome.reason}. {told.outcome.advice}")
        if not told.adopts:
            return self._report(told, What.LEFT, _not_a_pair(told))
        if told.outcome.kind is Kind.OWED:
            return self._report(told, What.LEFT, told.outcome.reason, await self._differences(told, told.after))
        if self.dry_run:
            return self._report(told, What.ADOPTED, "", await self._differences(told, told.after))
        outcome = await self.look(told.signal)
        link = await self.desk.links.by_partner(told.after.partner or "") if told.after else None
        if link is None or not link.linked:
            return self._report(told, What.LEFT, outcome.reason)
        return self._report(told, What.ADOPTED, outcome.reason, await self._differences(told, link))

    def _report(self, told: Explanation, what: What, reason: str, differs: tuple[Differs, ...] = ()) -> Adopted:
        return Adopted(
            opportunity=told.ident(Side.CRM),
            referral=told.ident(Side.PARTNER),
            what=what,
            reason=reason,
            differs=differs,
        )

    # --- what differs -------------------------------------------------------------------------------------------

    async def _differences(self, told: Explanation, link: Link | None) -> tuple[Differs, ...]:
        sides = _both(told.sides)
        if link is None or sides is None:
            return ()
        found = without_base(link, sides, winner=self.winner, titles=self.desk.titles, fields=self._fields)
        if self.winner is None or not found:
            return tuple(Differs(difference=each, result=PICK) for each in found)
        return await self._picked(told, link, found, self.winner)

    async def _picked(
        self, told: Explanation, link: Link, found: tuple[Difference, ...], winner: Side
    ) -> tuple[Differs, ...]:
        forbidden = self.desk.policy.forbids(*link.idents)
        stands = forbidden.reason if forbidden else ""
        if forbidden or not any(not each.fixed for each in found):
            return tuple(Differs(difference=each, result=f"left: {each.fixed or stands}") for each in found)
        if self.dry_run:
            outcome = await self._rehearsed(picked(link, found, winner))
            taken = {each.name for each in found} if outcome.kind is Kind.DONE else set()
        else:
            outcome, found, taken = await self._written(told.signal, link.key, found, winner)
        wins, stays = f"{self.desk.titles[winner]} wins", f"left: {outcome.kind}, {outcome.reason}"
        return tuple(
            Differs(difference=each, result=f"left: {each.fixed}")
            if each.fixed
            else Differs(difference=each, result=wins if each.name in taken else stays, settled=each.name in taken)
            for each in found
        )

    async def _rehearsed(self, link: Link) -> Outcome:
        """The look that would follow the pick, taken for nothing."""
        links = OverLinks(links=self.desk.links)
        explainer = replace(self.explainer, desk=replace(self.desk, links=links))
        return (await explainer.of(explainer.linked(await links.save(link)))).outcome

    async def _written(
        self, signal: Signal, key: str, known: tuple[Difference, ...], winner: Side
    ) -> tuple[Outcome, tuple[Difference, ...], set[str]]:
        """Pick a side on the link, then let the usual look write; which fields are agreed on afterwards.

        Link first, then both sides, as in every look.
        """
        link = await self.desk.links.get(key)
        desk = self.desk.at(link.kind)
        read = {side: await desk.gateway(side).read(each) for side, each in _ids(link).items()}
        sides = _both(read)
        if sides is None or link.intents:
            return delayed("somebody is at this deal: run it again", Code.BUSY), known, set()
        found = without_base(link, sides, winner=winner, titles=self.desk.titles, fields=self._fields)
        await save(self.desk, picked(link, found, winner))
        outcome = await self.look(signal.model_copy(update={"side": Side.CRM, "kind": desk.crm.kind, "id": key}))
        after = await self.explainer.of(self.explainer.linked(await self.desk.links.get(key)))
        return outcome, found, {view.name for view in after.fields if view.state is State.AGREED}


def _ids(link: Link) -> Mapping[Side, str]:
    return {Side.PARTNER: link.partner or "", Side.CRM: link.key}


def _both(sides: Mapping[Side, Snapshot | None]) -> Mapping[Side, Snapshot] | None:
    there = {side: record for side, record in sides.items() if record is not None}
    return there if set(there) == set(Side) else None


def _not_a_pair(told: Explanation) -> str:
    """Why a record that names another is no half of a pair."""
    if told.writes or told.owed:
        return "it names a record that is another deal's, or none: its next look would make it a deal of its own"
    return told.outcome.reason
