"""The heart: one look at one deal, whatever woke it.

    signal ─► link read ─► both sides read ─► merged against what each side showed ─► plan
                                                                                       │
    outcome ◄─ settled by compare-and-set ◄─ conditional writes ◄─ intent recorded ◄───┘

Where to look further: which record is which, `identify`; the missing side, `creation`; a linked pair, `pairs`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from shared.domain import deal
from shared.domain.lifecycle import CLOSED
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome, delayed, done, left, parked, waiting
from shared.domain.policy import Policy
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side
from shared.errors import NeedsDecision, NotMet, Refused
from shared.messages import Look, Signal, Why
from shared.ports import Clock, Cursors, Gateway, Links
from shared.sync import retry
from shared.sync.adoption import adopt
from shared.sync.baseline import baseline
from shared.sync.creation import create_referral, create_row, row_key
from shared.sync.desk import Desk, Ended, Linked, Result
from shared.sync.identify import CLOSED_BEFORE, What, adoptable, identify
from shared.sync.pairs import FAILED, keep_in_step
from shared.sync.replay import freed, reopened
from shared.sync.settle import save
from shared.sync.telling import Trail, explain, note_delay, record


class Reconcile:
    """Looks at the deal that a signal names and brings its two sides into step."""

    def __init__(
        self, *, partner: Gateway, crm: Gateway, links: Links, cursors: Cursors, clock: Clock, policy: Policy
    ) -> None:
        self._desk = Desk(partner=partner, crm=crm, links=links, clock=clock, policy=policy)
        self._cursors = cursors

    async def __call__(self, signal: Signal) -> Ended:
        """The outcome, recorded on the link and told to the seller.

        Raises what only time or an administrator mends (Transient, AccessLost, Misconfigured) and bugs.
        """
        trail = Trail()
        try:
            ended = await (self._from_partner if signal.side is Side.PARTNER else self._from_crm)(signal, trail)
        except NotMet as error:
            return await explain(self._desk, trail, waiting(error.kept, error.records), text=error.reason)
        except NeedsDecision as error:
            return await explain(self._desk, trail, parked(error.reason, error.advice))
        except Refused as error:
            return await explain(self._desk, trail, parked(str(error.remote), error.advice))
        return ended if ended.told else await record(self._desk, trail, ended)

    # --- from the partner's side --------------------------------------------------------------------------------

    async def _from_partner(self, signal: Signal, trail: Trail) -> Ended:
        link = await self._desk.links.by_partner(signal.id)
        if link is not None and (skip := self._skip(link, signal)):
            return Ended(outcome=skip, told=True)
        trail.key, trail.referral = link.key if link else "", signal.id
        referral = await self._desk.partner.read(signal.id)
        if referral is None:
            return await self._absent(signal, link, trail, Side.PARTNER)
        if not referral.ours:
            return await self._other_party(signal, referral, trail)
        if link is None or not link.linked:
            return await self._new_referral(signal, referral, link, trail)
        return await self._linked_referral(signal, referral, link, trail)

    async def _linked_referral(self, signal: Signal, referral: Snapshot, link: Link, trail: Trail) -> Ended:
        if _nothing_new(link, referral, signal):
            return Ended(outcome=done("nothing new since the last look"), link=link, told=True)
        row = await self._desk.crm.read(link.key)
        if row is None:
            return await self._absent(signal, link, trail, Side.CRM)
        return await self._pair(Linked(link=link, partner=referral, crm=row), signal, trail)

    async def _other_party(self, signal: Signal, other: Snapshot, trail: Trail) -> Ended:
        """Microsoft's referral: ours of the same engagement is the one to look at, with Microsoft's beside it."""
        own = await self._desk.partner.ours_in(other.parent) if other.parent else ()
        if not own:
            return Ended(
                outcome=left("it is another organisation's referral, and none of ours is beside it"), told=True
            )
        return await self._from_partner(signal.model_copy(update={"id": own[0], "look": Look.COSELL}), trail)

    async def _new_referral(self, signal: Signal, referral: Snapshot, link: Link | None, trail: Trail) -> Ended:
        if link is not None and link.intents:  # its row was being created: finish that, whatever the row looks like
            return await self._continue(await create_row(self._desk, referral, link), signal, trail)
        since = await baseline(self._cursors, self._desk.clock)
        identity = await identify(self._desk, referral, since)
        if identity.what is What.LEAVE:
            return Ended(outcome=left(identity.reason), told=True)
        trail.key = identity.key or row_key(self._desk, referral)
        if identity.what is What.CREATE:
            return await self._continue(await create_row(self._desk, referral), signal, trail)
        if identity.what is What.FINISH:
            return await self._from_crm(signal.model_copy(update={"side": Side.CRM, "id": identity.key}), trail)
        row = await self._desk.crm.read(identity.key)
        if row is None:
            return await self._absent(signal, None, trail, Side.CRM)
        trail.crm = row
        return await self._continue(await adopt(self._desk, referral, row), signal, trail)

    # --- from the CRM's side ------------------------------------------------------------------------------------

    async def _from_crm(self, signal: Signal, trail: Trail) -> Ended:
        link = await self._desk.links.get(signal.id)
        if skip := self._skip(link, signal):
            return Ended(outcome=skip, told=True)
        trail.key, trail.referral = link.key, link.partner or ""
        if not link.linked or link.partner is None:
            return await self._unlinked_row(signal, link, trail)
        row, referral = await asyncio.gather(self._desk.crm.read(link.key), self._desk.partner.read(link.partner))
        if row is None or referral is None:
            return await self._absent(signal, link, trail, Side.CRM if row is None else Side.PARTNER, row)
        return await self._pair(Linked(link=link, partner=referral, crm=row), signal, trail)

    async def _unlinked_row(self, signal: Signal, link: Link, trail: Trail) -> Ended:
        if link.partner:  # its referral is known, its row was not created yet: look from there
            return await self._from_partner(signal.model_copy(update={"side": Side.PARTNER, "id": link.partner}), trail)
        row = await self._desk.crm.read(signal.id)
        if row is None:
            return await self._absent(signal, link, trail, Side.CRM)
        if not row.shared:
            return Ended(outcome=left(f"synchronisation is off for it in {self._desk.crm.title}"), told=True)
        trail.crm = row
        fresh = not link.intents and not link.detached
        if fresh and row.counterpart and (referral := await adoptable(self._desk, row)):
            return await self._continue(await adopt(self._desk, referral, row), signal, trail)
        if row.values.get(deal.STAGE) in CLOSED and not link.intents:
            return Ended(outcome=left(CLOSED_BEFORE), told=True)
        made = await create_referral(self._desk, row, link, insist=signal.why is Why.REPLAY)
        return await self._continue(made, signal, trail)

    # --- both ---------------------------------------------------------------------------------------------------

    async def _continue(self, result: Result, signal: Signal, trail: Trail) -> Ended:
        if isinstance(result, Outcome):
            return Ended(outcome=result)
        return await self._pair(result, signal, trail)

    async def _pair(self, pair: Linked, signal: Signal, trail: Trail) -> Ended:
        trail.key, trail.referral, trail.crm = pair.link.key, pair.partner.ref.id, pair.crm
        if signal.why is Why.REPLAY:
            if reopened(pair):
                return await self._renew(pair, signal, trail)
            pair = replace(pair, link=replace(pair.link, flips=(), detached=False, gone=None))
        return await keep_in_step(self._desk, pair, wide=signal.look is Look.COSELL or _was_asleep(pair.link))

    async def _renew(self, pair: Linked, signal: Signal, trail: Trail) -> Ended:
        """A reopened row gets a new referral, now that somebody asks for one; the closed one stays as it is."""
        trail.referral = ""
        link = await save(self._desk, freed(pair.link))
        return await self._continue(await create_referral(self._desk, pair.crm, link), signal, trail)

    def _skip(self, link: Link, signal: Signal) -> Outcome | None:
        """Reasons to look no further that need nothing but the link."""
        if signal.why is Why.REPLAY:
            return None
        if link.gone is not None:
            return left(f"its record in {self._desk.titles[link.gone]} is gone")
        if link.detached and link.linked:
            return left("reopened after its referral was closed for good")
        asleep = link.outcome is not None and link.outcome.kind == Kind.DELAYED and link.wake_at is not None
        if asleep and link.wake_at and self._desk.clock.now() + timedelta(seconds=1) < link.wake_at:
            return left("it is looked at again when its delay is over")
        return None

    async def _absent(
        self, signal: Signal, link: Link | None, trail: Trail, side: Side, row: Snapshot | None = None
    ) -> Ended:
        """What cannot be read for minutes is lag; a linked record that stays absent, or whose end was told, is gone."""
        title = self._desk.titles[side]
        linked = link is not None and link.linked
        if signal.why is not Why.GONE and (later := self._not_yet(signal, link if linked else None, title)):
            if linked:
                await note_delay(self._desk, link, later)
            return Ended(outcome=later, told=True)
        if link is None or not link.linked:
            return Ended(outcome=left(f"it does not exist in {title}"), told=True)
        trail.crm = row
        if side is Side.PARTNER and row is None:
            trail.crm = await self._desk.crm.read(link.key)
        if signal.why is Why.REPLAY and link.gone is not None:
            return await self._make_again(link, signal, trail, side)
        reason = f"Its record in {title} is gone: nothing is synchronised any more until an administrator replays it"
        bury = left(reason)
        return await explain(self._desk, trail, bury, change=lambda now: replace(now, gone=side, intents=()))

    def _not_yet(self, signal: Signal, link: Link | None, title: str) -> Outcome | None:
        """The lag is counted from the announcement, and for a linked record from the first look that missed it.

        An old signal says nothing of a record that was made a moment ago.
        """
        reason, now = f"announced and not readable yet in {title}", self._desk.clock.now()
        if link is None:
            since = signal.first_sent or now
        elif link.gone is not None:
            return None
        else:
            missed = link.outcome is not None and link.outcome.reason == reason
            since = link.outcome.at if link.outcome is not None and missed else now
        return delayed(reason, retry.lagging(now - since)) if now - since < retry.LAG else None

    async def _make_again(self, link: Link, signal: Signal, trail: Trail, side: Side) -> Ended:
        """The record that is gone is made again, because an administrator asks for it."""
        if side is Side.PARTNER and trail.crm is not None:
            trail.referral = ""
            link = await save(self._desk, freed(link))
            return await self._continue(await create_referral(self._desk, trail.crm, link), signal, trail)
        referral = await self._desk.partner.read(link.partner or "")
        if side is Side.PARTNER or referral is None:
            return Ended(outcome=left("both its records are gone"), told=True)
        await save(self._desk, freed(link))
        trail.key = row_key(self._desk, referral)
        return await self._continue(await create_row(self._desk, referral), signal, trail)

    @property
    def kinds(self) -> Mapping[Side, str]:
        """What a deal's record is called on each side."""
        return {side: self._desk.gateway(side).kind for side in Side}

    def side_of(self, system: str) -> Side | None:
        """Which side a system's name in an error means; None for anything that is neither."""
        return next((side for side, title in self._desk.titles.items() if title == system), None)

    async def delay(self, ref: Ref, side: Side, outcome: Outcome) -> None:
        """Note on the link until when it waits, so that other signals do not multiply the attempts."""
        links = self._desk.links
        link = await (links.by_partner(ref.id) if side is Side.PARTNER else links.get(ref.id))
        await note_delay(self._desk, link, outcome)


def _was_asleep(link: Link) -> bool:
    """What was said of Microsoft's side while the deal was delayed was acknowledged without a look."""
    return bool(link.invited) and link.outcome is not None and link.outcome.kind == Kind.DELAYED


def _nothing_new(link: Link, referral: Snapshot, signal: Signal) -> bool:
    """The one shortcut that is safe: this very version was settled, and nothing is unfinished (rules.md §7)."""
    unfinished = bool(link.intents or link.owed or link.waiting or link.unsaid)
    failed = link.outcome is not None and link.outcome.kind in FAILED
    narrow = signal.look is not Look.COSELL and signal.why in (Why.EVENT, Why.HEAL)
    return narrow and not unfinished and not failed and referral.version == link.version(Side.PARTNER)
