"""The heart: one look at one deal, whatever woke it.

    signal ─► link read ─► both sides read ─► merged against what each side showed ─► plan
                                                                                       │
    outcome ◄─ settled by compare-and-set ◄─ conditional writes ◄─ intent recorded ◄───┘

Where to look further: which record is which, `identify`; the missing side, `creation`; a linked pair, `pairs`; a lead
that becomes a deal, `promotion`.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.lifecycle import CLOSED
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, done, left, parked, waiting
from shared.domain.policy import Policy
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side
from shared.errors import NeedsDecision, NotMet, Refused
from shared.messages import Look, Signal, Why
from shared.ports import Clock, Cursors, Gateway, Links
from shared.sync.adoption import adopt
from shared.sync.baseline import ALWAYS, baseline
from shared.sync.creation import create_referral, create_row, row_key
from shared.sync.desk import Desk, Ended, Linked, Result
from shared.sync.identify import CLOSED_BEFORE, What, adoptable, early_kind, identify, referral_of_lead
from shared.sync.pairs import keep_in_step
from shared.sync.promotion import adopted, of_lead, promote, ripe, unfinished
from shared.sync.rehoming import rehome
from shared.sync.replay import freed, reopened
from shared.sync.settle import save
from shared.sync.shortcuts import not_yet, nothing_new, skipped, was_asleep
from shared.sync.telling import Trail, explain, note_delay, record

NOT_OURS = "it is another organisation's referral, and none of ours is beside it"
LEAD_ALONE = "its referral has ended, and a lead alone is none"
OWN_LEAD = "a lead of the CRM's own: it may become a referral once it is a deal"


class Reconcile:
    """Looks at the deal that a signal names and brings its two sides into step."""

    def __init__(
        self,
        *,
        partner: Gateway,
        crm: Gateway,
        links: Links,
        cursors: Cursors,
        clock: Clock,
        policy: Policy,
        leads: Gateway | None = None,
    ) -> None:
        self._desk = Desk(partner=partner, deals=crm, links=links, clock=clock, policy=policy, leads=leads)
        self._cursors = cursors

    async def __call__(self, signal: Signal) -> Ended:
        """The outcome, recorded on the link and told to the seller.

        Raises what only time or an administrator mends (Transient, AccessLost, Misconfigured) and bugs.
        """
        trail = Trail(desk=self._desk, began=self._desk.clock.now())
        try:
            ended = await (self._from_partner if signal.side is Side.PARTNER else self._from_crm)(signal, trail)
        except NotMet as error:
            return await explain(trail, waiting(error.kept, error.records), text=error.reason)
        except NeedsDecision as error:
            return await explain(trail, parked(error.reason, Code.NEEDS_DECISION, error.advice))
        except Refused as error:
            return await explain(trail, parked(str(error.remote), Code.REFUSED, error.advice))
        return ended if ended.told else await record(trail, ended)

    # --- from the partner's side --------------------------------------------------------------------------------

    async def _from_partner(self, signal: Signal, trail: Trail) -> Ended:
        link = await self._desk.links.by_partner(signal.id)
        trail.desk = self._desk.at(link.kind if link else "")
        if link is not None and (skip := skipped(trail.desk, link, signal)):
            return Ended(outcome=skip, link=link, told=True)
        trail.key, trail.referral = link.key if link else "", signal.id
        referral = await trail.desk.partner.read(signal.id)
        if referral is None:
            return await self._absent(signal, link, trail, Side.PARTNER)
        if not referral.ours:
            return await self._other_party(signal, referral, trail)
        if link is None or not link.linked:
            return await self._new_referral(signal, referral, link, trail)
        return await self._linked_referral(signal, referral, link, trail)

    async def _linked_referral(self, signal: Signal, referral: Snapshot, link: Link, trail: Trail) -> Ended:
        if nothing_new(link, referral, signal):
            return Ended(outcome=done("nothing new since the last look", Code.NOTHING_NEW), link=link, told=True)
        row = await trail.desk.crm.read(link.key)
        if row is None:
            return await self._absent(signal, link, trail, Side.CRM)
        return await self._pair(Linked(link=link, partner=referral, crm=row), signal, trail)

    async def _other_party(self, signal: Signal, other: Snapshot, trail: Trail) -> Ended:
        """Microsoft's referral: ours of the same engagement is the one to look at, with Microsoft's beside it."""
        own = await trail.desk.partner.ours_in(other.parent) if other.parent else ()
        if not own:
            return Ended(outcome=left(NOT_OURS, Code.OTHER_PARTY), told=True)
        return await self._from_partner(signal.model_copy(update={"id": own[0], "look": Look.COSELL}), trail)

    async def _new_referral(self, signal: Signal, referral: Snapshot, link: Link | None, trail: Trail) -> Ended:
        if link is not None and (link.intents or unfinished(link)):  # its row was being created: finish that
            return await self._continue(await create_row(trail.desk, referral, link), signal, trail)
        # Where a link knows the referral already, an earlier look was past this: what it owes or waits for goes on.
        asked = signal.why is Why.SYNC or link is not None
        since = ALWAYS if asked else await baseline(self._cursors, self._desk.clock)
        identity = await identify(trail.desk, referral, since)
        if identity.what is What.LEAVE:
            kept = left(identity.reason, identity.code)
            return Ended(outcome=kept, told=link is None)  # recorded: nothing is owed any more
        trail.desk = self._desk.at(identity.kind)
        trail.key = identity.key or row_key(trail.desk, referral)
        if link is not None and link.key != trail.key and identity.what is not What.FINISH:
            await rehome(trail.desk, link, trail.key)
        if identity.what is What.CREATE:
            return await self._continue(await create_row(trail.desk, referral), signal, trail)
        if identity.what is What.FINISH:
            return await self._from_crm(signal.model_copy(update={"side": Side.CRM, "id": identity.key}), trail)
        row = await trail.desk.crm.read(identity.key)
        if row is None:
            return await self._absent(signal, None, trail, Side.CRM)
        trail.crm = row
        return await self._continue(await adopt(trail.desk, referral, row), signal, trail)

    # --- from the CRM's side ------------------------------------------------------------------------------------

    async def _from_crm(self, signal: Signal, trail: Trail) -> Ended:
        link = await self._desk.links.get(signal.id)
        trail.desk = self._desk.at(link.kind or signal.kind)
        if link.moved and signal.why in (Why.REPLAY, Why.AGAIN):  # a look that was begun there or asked for
            return await self._from_crm(signal.model_copy(update={"id": link.moved, "kind": self._desk.kind}), trail)
        if skip := skipped(trail.desk, link, signal):
            return Ended(outcome=skip, link=link, told=True)
        trail.key, trail.referral = link.key, link.partner or ""
        if not link.linked or link.partner is None:
            return await self._unlinked_row(signal, link, trail)
        row, referral = await asyncio.gather(trail.desk.crm.read(link.key), trail.desk.partner.read(link.partner))
        if row is None or referral is None:
            return await self._absent(signal, link, trail, Side.CRM if row is None else Side.PARTNER, row)
        return await self._pair(Linked(link=link, partner=referral, crm=row), signal, trail)

    async def _unlinked_row(self, signal: Signal, link: Link, trail: Trail) -> Ended:
        if link.partner:  # its referral is known, its row was not created yet: look from there
            return await self._from_partner(signal.model_copy(update={"side": Side.PARTNER, "id": link.partner}), trail)
        if trail.desk.early and signal.why in (Why.EVENT, Why.GONE):
            return Ended(outcome=left(OWN_LEAD, Code.OWN_LEAD), told=True)
        row = await trail.desk.crm.read(signal.id)
        if row is None:
            return await self._absent(signal, link, trail, Side.CRM)
        lead = await of_lead(self._desk, row)  # the deal that it was made for is at its lead, unless they have parted
        if lead and not (lead.detached and (signal.why is Why.REPLAY or link.tag)):
            return await self._from_crm(signal.model_copy(update={"kind": lead.kind, "id": lead.key}), trail)
        if not row.shared:
            off = left(f"synchronisation is off for it in {trail.desk.crm.title}", Code.SWITCHED_OFF)
            return Ended(outcome=off, told=True)
        trail.crm = row
        return await self._new_row(signal, row, link, trail)

    async def _new_row(self, signal: Signal, row: Snapshot, link: Link, trail: Trail) -> Ended:
        """A row that somebody wants shared, and whose referral no link knows."""
        fresh = not link.intents and not link.detached
        if fresh and row.counterpart and (referral := await adoptable(trail.desk, row)):
            return await self._continue(await adopt(trail.desk, referral, row), signal, trail)
        if trail.desk.early:
            return Ended(outcome=left(OWN_LEAD, Code.OWN_LEAD), told=True)
        if fresh and (known := await referral_of_lead(self._desk, row)):
            return await self._from_partner(signal.model_copy(update={"side": Side.PARTNER, "id": known}), trail)
        if row.values.get(deal.STAGE) in CLOSED and not link.intents:
            return Ended(outcome=left(CLOSED_BEFORE, Code.CLOSED_BEFORE), told=True)
        made = await create_referral(trail.desk, row, link, insist=signal.why is Why.REPLAY)
        return await self._continue(made, signal, trail)

    # --- both ---------------------------------------------------------------------------------------------------

    async def _continue(self, result: Result, signal: Signal, trail: Trail) -> Ended:
        if isinstance(result, Outcome):
            return Ended(outcome=result)
        return await self._pair(result, signal, trail)

    async def _pair(self, pair: Linked, signal: Signal, trail: Trail) -> Ended:
        trail.key, trail.referral, trail.crm = pair.link.key, pair.partner.ref.id, pair.crm
        if signal.why is Why.REPLAY:
            if reopened(pair) and trail.desk.early:
                return Ended(outcome=left(LEAD_ALONE, Code.LEAD_ALONE), link=pair.link)
            if reopened(pair):
                return await self._renew(pair, signal, trail)
            ours = pair.link.grown if ripe(pair) else ""  # one that was opened again may be qualified once more
            pair = replace(pair, link=replace(pair.link, flips=(), detached=False, gone=None, grown=ours))
        wide = signal.look is Look.COSELL or was_asleep(pair.link)
        try:
            ended = await keep_in_step(trail.desk, pair, wide=wide)
        except NotMet:  # nobody can fill in a qualified lead, but the opportunity that a person made of it
            grown = await adopted(trail.desk, pair) if ripe(pair) and not pair.link.intents else None
            if grown is None:
                raise
            trail.desk = self._desk
            return await self._continue(grown, signal, trail)
        return await self._grown(pair, ended, signal, trail) if ripe(pair) else ended

    async def _grown(self, pair: Linked, ended: Ended, signal: Signal, trail: Trail) -> Ended:
        """A qualified lead goes on as a deal, once everything that was edited on it has reached the other side."""
        if ended.outcome.kind not in (Kind.DONE, Kind.LEFT) or ended.link is None:
            return ended
        if ended.outcome.wrote or ended.outcome.look_again:
            return replace(ended, outcome=replace(ended.outcome, look_again=True))
        grown = await promote(trail.desk, replace(pair, link=ended.link))
        if grown is None:
            return ended
        if isinstance(grown, Outcome):
            return Ended(outcome=grown, link=ended.link)
        trail.desk = self._desk
        if isinstance(grown, Link):  # whatever stands in the way of its row is the deal's own from here on
            trail.key = grown.key
            grown = await create_row(self._desk, pair.partner, grown)
        return await self._continue(grown, signal, trail)

    async def _renew(self, pair: Linked, signal: Signal, trail: Trail) -> Ended:
        """A reopened row gets a new referral, now that somebody asks for one; the closed one stays as it is."""
        trail.referral = ""
        link = await save(trail.desk, freed(pair.link))
        return await self._continue(await create_referral(trail.desk, pair.crm, link), signal, trail)

    async def _absent(
        self, signal: Signal, link: Link | None, trail: Trail, side: Side, row: Snapshot | None = None
    ) -> Ended:
        """What cannot be read for minutes is lag; a linked record that stays absent, or whose end was told, is gone."""
        title = trail.desk.titles[side]
        linked = link is not None and link.linked
        if signal.why is not Why.GONE and (later := not_yet(trail, signal, link if linked else None, title)):
            if linked:
                await note_delay(trail.desk, link, later)
            return Ended(outcome=later, link=link if linked else None, told=True)
        if link is None or not link.linked:
            return Ended(outcome=left(f"it does not exist in {title}", Code.NO_DEAL), told=True)
        trail.crm = row
        if side is Side.PARTNER and row is None:
            trail.crm = await trail.desk.crm.read(link.key)
        if signal.why is Why.REPLAY and link.gone is not None:
            return await self._make_again(link, signal, trail, side)
        reason = f"Its record in {title} is gone: nothing is synchronised any more until an administrator replays it"
        bury = left(reason, Code.GONE)
        return await explain(trail, bury, change=lambda now: replace(now, gone=side, intents=()))

    async def _make_again(self, link: Link, signal: Signal, trail: Trail, side: Side) -> Ended:
        """The record that is gone is made again, because an administrator asks for it."""
        if side is Side.PARTNER and trail.crm is not None:
            if trail.desk.early:
                return Ended(outcome=left(LEAD_ALONE, Code.LEAD_ALONE), told=True)
            trail.referral = ""
            link = await save(trail.desk, freed(link))
            return await self._continue(await create_referral(trail.desk, trail.crm, link), signal, trail)
        referral = await trail.desk.partner.read(link.partner or "")
        if side is Side.PARTNER or referral is None:
            return Ended(outcome=left("both its records are gone", Code.GONE), told=True)
        await save(trail.desk, freed(link))
        trail.desk = self._desk.at(early_kind(self._desk, referral))
        trail.key = row_key(trail.desk, referral)
        return await self._continue(await create_row(trail.desk, referral), signal, trail)

    @property
    def desk(self) -> Desk:
        """What it works with."""
        return self._desk

    async def showing(self, beside: Ref) -> tuple[str, ...]:
        """Keys of the deals that show a record of the CRM beside them."""
        return await self._desk.deals.showing(beside)

    async def delay(self, ref: Ref, side: Side, outcome: Outcome) -> None:
        """Note on the link until when it waits, so that other signals do not multiply the attempts."""
        links = self._desk.links
        link = await (links.by_partner(ref.id) if side is Side.PARTNER else links.get(ref.id))
        await note_delay(self._desk, link, outcome)
