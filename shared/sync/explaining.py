"""Explains one deal: the next look at it is rehearsed, by the very code that would take it, and nothing is written.

    id ─► which record is that ─► Reconcile on rehearsed gateways and stores ─► outcome and writes
                                        │                                        │
                                        └── the records it read ─► side by side ─┴─► Explanation

A rule that is changed in the reconcile is explained as it is changed: nothing of it is told twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.intents import Looked, resolve
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, delayed
from shared.domain.plan import make_plan
from shared.domain.policy import Policy
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side, digests
from shared.errors import Conflict, Misconfigured, Refused
from shared.messages import ID, MOST_ID, Look, Signal, Why
from shared.ports import Cursors, Gateway, Parked, ParkedEntry
from shared.sync.desk import Desk
from shared.sync.explanation import Explanation, views
from shared.sync.overlay import OverCursors, OverLinks
from shared.sync.reconcile import Reconcile
from shared.sync.rehearsal import Foresee, Rehearsed, Write, nothing_first

_ID = re.compile(ID.removesuffix("$"))
Standing = Callable[[], Awaitable[tuple[str, ...]]]


def is_id(text: str) -> bool:
    """Whether any record could be called so: nothing else becomes part of a key, an address or a query."""
    return len(text) <= MOST_ID and _ID.fullmatch(text) is not None


async def nothing_stands() -> tuple[str, ...]:
    """Nothing keeps the installation from working."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a look at a deal starts: a record, on its side, and the link as it lies in the store."""

    side: Side
    kind: str
    id: str
    link: Link | None = None


@dataclass(frozen=True, kw_only=True)
class _Played:
    """A look as it was played: its outcome, what it would have written, the records it read and the link it left."""

    outcome: Outcome
    link: Link | None
    writes: tuple[Write, ...]
    seen: Mapping[Side, Mapping[str, Snapshot]]


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Works on the desk of the reconcile; `foresee` is what the CRM would find or make before a new row."""

    desk: Desk
    cursors: Cursors
    parked: Parked
    standing: Standing = nothing_stands
    foresee: Foresee = nothing_first

    async def __call__(self, ident: str, *, why: Why = Why.AGAIN) -> Explanation | None:
        """The deal that a referral or an opportunity of this id belongs to; None where nobody knows the id.

        Raises what reading raises: Transient, AccessLost, Misconfigured.
        """
        found = await self.found(ident)
        return await self.of(found, asked=ident, why=why) if found else None

    async def found(self, ident: str) -> Found | None:
        """Where a look at the deal of this id starts; None where nobody knows the id."""
        if not is_id(ident):
            return None
        found = await self._found(ident)
        if found is None and ident != ident.lower():
            found = await self._found(ident.lower())  # ids are copied from addresses in either case
        return found

    async def _found(self, ident: str) -> Found | None:
        link = await self.desk.links.get(ident)
        if link.moved:  # the lead of a deal that goes on as an opportunity
            link = await self.desk.links.get(link.moved)
        if link.tag is None:
            link = await self.desk.links.by_partner(ident) or link
        if link.tag is not None:
            return self.linked(link)
        row, referral = await asyncio.gather(*(_peeked(gateway, ident) for gateway in self._deals))
        if row is not None:
            return Found(side=Side.CRM, kind=self.desk.deals.kind, id=ident)
        if isinstance(referral, Snapshot):
            return await self._of_referral(referral)
        if referral is not None:
            return Found(side=Side.PARTNER, kind=self.desk.partner.kind, id=ident)
        return await self._of_lead(ident)

    @property
    def _deals(self) -> tuple[Gateway, Gateway]:
        return self.desk.deals, self.desk.partner

    def linked(self, link: Link) -> Found:
        """A look at the deal of a stored link starts at its CRM record."""
        return Found(side=Side.CRM, kind=link.kind or self.desk.deals.kind, id=link.key, link=link)

    async def _of_lead(self, ident: str) -> Found | None:
        """An organisation whose leads cannot carry a referral has none that is meant."""
        leads = self.desk.leads
        try:
            row = await _peeked(leads, ident) if leads else None
        except Misconfigured:
            row = None
        return Found(side=Side.CRM, kind=leads.kind, id=ident) if leads and row is not None else None

    async def _of_referral(self, referral: Snapshot) -> Found:
        """An unlinked referral; the other party's leads to ours of the same engagement, as it does in a look."""
        own = () if referral.ours or not referral.parent else await self.desk.partner.ours_in(referral.parent)
        ident = own[0] if own else referral.ref.id
        link = await self.desk.links.by_partner(ident)
        return self.linked(link) if link else Found(side=Side.PARTNER, kind=self.desk.partner.kind, id=ident)

    async def of(self, found: Found, *, asked: str = "", why: Why = Why.AGAIN) -> Explanation:
        """A deal of which one knows already where a look at it starts."""
        link, signal = found.link, _signal(self.desk, found, why)
        played = await self._played(signal, self.desk.policy)
        freed = replace(self.desk.policy, live=True, dry_run=False)
        allowed = await self._played(signal, freed) if played.outcome.kind is Kind.OWED else None
        sides = await self._sides(found, allowed or played)
        resolved, left = self._resolved(link, sides)
        return Explanation(
            asked=asked or found.id,
            signal=signal,
            outcome=played.outcome,
            link=link,
            after=(allowed or played).link,
            resolved=resolved,
            sides=sides,
            titles=self.desk.titles,
            fields=views(resolved, sides, self.desk.policy.fields),
            names=deal.titles(self.desk.policy.fields),
            writes=played.writes,
            owed=allowed.writes if allowed else (),
            left=left,
            standing=await self.standing(),
            parked=await self._parked(link, sides, signal.ref),
        )

    async def _played(self, signal: Signal, policy: Policy) -> _Played:
        writes: list[Write] = []
        desk = self.desk
        partner = Rehearsed(gateway=desk.partner, clock=desk.clock, writes=writes)
        crm = Rehearsed(gateway=desk.deals, clock=desk.clock, writes=writes, foresee=self.foresee)
        leads = Rehearsed(gateway=desk.leads, clock=desk.clock, writes=writes, early=True) if desk.leads else None
        links = OverLinks(links=desk.links)
        reconcile = Reconcile(
            partner=partner,
            crm=crm,
            leads=leads,
            links=links,
            cursors=OverCursors(cursors=self.cursors),
            clock=desk.clock,
            policy=policy,
        )
        try:
            outcome = (await reconcile(signal)).outcome
        except Conflict as error:  # what is told to whoever comes second; the queue then waits some seconds
            outcome = delayed(str(error), Code.CONFLICT)
        return _Played(
            outcome=outcome,
            link=next(reversed(links.saved.values()), None),
            writes=tuple(writes),
            seen={Side.PARTNER: partner.seen, Side.CRM: {**crm.seen, **(leads.seen if leads else {})}},
        )

    async def _sides(self, found: Found, played: _Played) -> Mapping[Side, Snapshot | None]:
        """Both records, as the look read them where it did; the other one of an unlinked pair by the id it carries.

        Where neither names the other, it is the one that the look would link.
        """
        side, link, seen, desk = found.side, found.link, played.seen, self.desk.at(found.kind)
        first = await _read(desk.gateway(side), found.id, seen[side])
        other = (link.partner if link else None) or (first.counterpart if first else "")
        if not other and played.link and side is Side.PARTNER and played.link.key in seen[Side.CRM]:
            other = played.link.key
        second = await _read(desk.gateway(side.other), other or "", seen[side.other])
        return {side: first, side.other: second}

    def _resolved(
        self, link: Link | None, sides: Mapping[Side, Snapshot | None]
    ) -> tuple[Link | None, tuple[str, ...]]:
        """The link that a look would merge under, and why differences stay then."""
        there = {side: record for side, record in sides.items() if record is not None}
        if link is None or not link.linked or set(there) != set(Side):
            return link, ()
        looked = {side: _looked(record, link.key) for side, record in there.items()}
        resolved = resolve(link, looked, self.desk.clock.now())
        plan = make_plan(
            resolved.link,
            there,
            winner=self.desk.policy.winner,
            unclear=resolved.unclear,
            titles=self.desk.titles,
            fields=self.desk.policy.fields,
        )
        return resolved.link, tuple(dict.fromkeys(sentence.text for sentence in (*plan.left, *plan.lacking)))

    async def _parked(
        self, link: Link | None, sides: Mapping[Side, Snapshot | None], asked: Ref
    ) -> tuple[ParkedEntry, ...]:
        refs = {asked, *(record.ref for record in sides.values() if record)}
        if link is not None:
            kind = link.kind or self.desk.deals.kind
            refs |= {Ref(kind, link.key), Ref(self.desk.partner.kind, link.partner or "")}
        found = [await self.parked.get(self.desk.policy.pair, ref) for ref in sorted(refs) if ref.id]
        return tuple(entry for entry in found if entry)


def _looked(record: Snapshot, salt: str) -> Looked:
    return Looked(marker=record.marker, version=record.version, shown=digests(record.values, salt))


async def _peeked(gateway: Gateway, ident: str) -> Snapshot | Refused | None:
    """A record, or that it may not be seen: the look itself says what becomes of it then."""
    try:
        return await gateway.read(ident)
    except Refused as error:
        return error


async def _read(gateway: Gateway, ident: str, seen: Mapping[str, Snapshot]) -> Snapshot | None:
    if ident in seen:
        return seen[ident]
    try:
        return await gateway.read(ident) if is_id(ident) else None
    except Refused:
        return None


def _signal(desk: Desk, found: Found, why: Why) -> Signal:
    """The look that heal would ask for: at Microsoft's side too, once it was invited."""
    row = Look.LEAD if desk.at(found.kind).early else Look.OPPORTUNITY
    plain = Look.REFERRAL if found.side is Side.PARTNER else row
    invited = found.link is not None and found.link.invited
    return Signal(
        pair=desk.policy.pair,
        look=Look.COSELL if invited else plain,
        side=found.side,
        kind=found.kind,
        id=found.id,
        why=why,
        first_sent=desk.clock.now(),
    )
