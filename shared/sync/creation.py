"""Creating the missing side of a deal exactly once (rules.md §4), or adopting one that is there already (§3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from shared.domain import deal
from shared.domain.identity import chosen_id
from shared.domain.intents import with_base
from shared.domain.link import Base, Intent, Link, Purpose
from shared.domain.outcome import Outcome, delayed, owed
from shared.domain.record import Mark, Note, Snapshot
from shared.domain.requirements import INVITATION, require
from shared.domain.values import Side, Value, Values, blank, digest, digests, frozen
from shared.errors import CosellError, NeedsDecision, Unavailable
from shared.ports import Draft, Search
from shared.sync import retry
from shared.sync.desk import Desk
from shared.sync.settle import begin, finish, first_base, moved, released, save, without


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Both records of a deal and their link, ready to be kept in step; `said` is what the seller is told of it.

    `stored` is the link as it lies in the store, where it has not been changed since it was read.
    """

    link: Link
    partner: Snapshot
    crm: Snapshot
    said: tuple[str, ...] = ()
    stored: Link | None = None


Result = Linked | Outcome


def row_key(desk: Desk, referral: Snapshot) -> str:
    """The id that the referral's CRM row has or will have: computed, so that a second creation finds the first."""
    return chosen_id(desk.policy.pair, desk.crm.kind, referral.ref.id)


# --- a CRM row for a referral -------------------------------------------------------------------------------------


async def create_row(desk: Desk, referral: Snapshot) -> Result:
    """The referral's row in the CRM, created under an id that can be computed again."""
    link = await desk.links.get(row_key(desk, referral))
    if forbidden := desk.policy.forbids(referral.ref.id, link.key):
        return owed(forbidden)
    if link.linked:  # a rival was faster
        raise moved()
    if open_one := _open(desk, link, Purpose.CREATE):
        return desk.busy(open_one)
    if referral.parent:
        referral = await desk.partner.widen(referral)
    intent = _announce(desk, link.key, Side.CRM, referral, referral.values)
    link = replace(link, partner=referral.ref.id, engagement=referral.parent, gone=None)
    link = await begin(desk, link, intent)
    row = await _create(desk, link, intent, _row_draft(desk, link, referral, intent))
    if not _ours(link, row):
        return await adopt(desk, referral, row)
    return await _note_creation(desk, link, intent, referral, row)


def _row_draft(desk: Desk, link: Link, referral: Snapshot, intent: Intent) -> Draft:
    return Draft(
        purpose=Purpose.CREATE,
        id=link.key,
        source=referral.ref,
        source_link=referral.link,
        values=referral.values,
        marker=intent.id,
        note=Note(line=f"Created from a referral of {desk.partner.title}", mark=Mark.CHECK),
    )


def _ours(link: Link, row: Snapshot) -> bool:
    """Did one of our own creations make this row? If not, the links were lost and it was there before.

    A CRM without the marker column proves nothing; the chosen id does then, while the link knows of a creation.
    """
    creations = {intent.id for intent in link.intents if intent.purpose is Purpose.CREATE}
    return row.marker in creations or (row.marker is None and len(creations) > 0)


async def _note_creation(desk: Desk, link: Link, intent: Intent, referral: Snapshot, row: Snapshot) -> Linked:
    """The base of a fresh pair: what the row was created with, and what the referral showed then.

    Where an earlier worker made the row and died, his intent says so: what differs since is an edit.
    """
    maker = next((other for other in link.intents if other.id == row.marker), intent)

    def settled(current: Link) -> Link:
        based = first_base(first_base(current, row, marker=row.marker or ""), referral)
        if maker.id != intent.id:
            based = with_base(based, Side.CRM, maker.will[Side.CRM])
            based = with_base(based, Side.PARTNER, maker.seen[Side.PARTNER].shown)
        return replace(based, intents=())

    link = await finish(desk, link, intent, settled)
    return Linked(link=link, partner=referral, crm=row, said=())


# --- a referral for a CRM row -------------------------------------------------------------------------------------


async def create_referral(desk: Desk, row: Snapshot, link: Link) -> Result:
    """The row's referral: a POST behind a recorded intent, and a search where its answer is missing."""
    if link.linked:  # a rival was faster
        raise moved()
    if forbidden := desk.policy.forbids(row.ref.id):
        return owed(forbidden)
    values = _complete(row.values)
    if posted := _last(link, Purpose.CREATE):
        if (wait := _wait(desk, posted)) is not None:
            return wait
        found = await desk.partner.recover(_referral_draft(row, values, posted), posted.started)
        if found.search is Search.UNSURE:
            raise NeedsDecision(
                "A referral may have been created and cannot be searched for completely",
                advice="Look it up in Partner Center: put its identifier on the opportunity, or replay to create one",
            )
        if found.record is not None:
            return await _note_referral(desk, link, posted, row, found.record, recovered=True)
    require(row)
    intent = _announce(desk, link.key, Side.PARTNER, row, values)
    link = await begin(desk, replace(link, intents=()), intent)
    record = await _create(desk, link, intent, _referral_draft(row, values, intent))
    return await _note_referral(desk, link, intent, row, record, recovered=False)


def _complete(values: Values) -> Values:
    """What Partner Center wants said although the CRM may leave it open."""
    wanted: dict[str, Value] = dict(values)
    wanted[deal.VISIBLE] = bool(values.get(deal.VISIBLE)) or bool(blank(values.get(deal.HELP)))
    wanted[deal.INTENT] = blank(values.get(deal.INTENT)) or "HaveNotDecided"
    return frozen(wanted)


def _referral_draft(row: Snapshot, values: Values, intent: Intent) -> Draft:
    return Draft(purpose=Purpose.CREATE, id="", source=row.ref, source_link=row.link, values=values, marker=intent.id)


async def _note_referral(
    desk: Desk, link: Link, intent: Intent, row: Snapshot, record: Snapshot, *, recovered: bool
) -> Linked:
    def settled(current: Link) -> Link:
        noted = replace(current, partner=record.ref.id, engagement=record.parent, intents=())
        based = first_base(first_base(noted, row), record, marker=intent.id)
        if recovered:  # the answer was never seen: the base is what was sent, and what the row showed then
            based = with_base(based, Side.PARTNER, intent.will[Side.PARTNER])
            based = with_base(based, Side.CRM, intent.seen[Side.CRM].shown)
        return based

    link = await finish(desk, link, intent, settled)
    return Linked(link=link, partner=record, crm=row, said=(f"Shared with {desk.partner.title} as a new referral",))


# --- Microsoft's referral beside ours -----------------------------------------------------------------------------


async def invite(desk: Desk, pair: Linked, help_wanted: str) -> Result:
    """Ask Microsoft for help: a second referral in the same engagement, once in the life of the deal."""
    require(pair.crm, INVITATION)
    intent = _announce(desk, pair.link.key, Side.PARTNER, pair.crm, {deal.HELP: help_wanted}, Purpose.INVITE)
    link = await begin(desk, pair.link, intent)
    draft = Draft(
        purpose=Purpose.INVITE,
        id="",
        source=pair.crm.ref,
        values={deal.HELP: help_wanted, deal.NOTES: pair.crm.values.get(deal.NOTES)},
        marker=intent.id,
        parent=pair.partner,
    )
    record = await _create(desk, link, intent, draft)
    return await noted_invitation(desk, replace(pair, link=link), intent, record)


async def noted_invitation(desk: Desk, pair: Linked, intent: Intent, record: Snapshot) -> Linked:
    """The link knows whom was invited; the own referral's version may have moved with it."""

    def settled(current: Link) -> Link:
        # Where the new record is not listed yet, its intent's id stands for it: asked is asked.
        noted = replace(without(current, intent), invited=record.invited or intent.id)
        unseen = {name: value for name, value in record.values.items() if name == deal.HELP}
        return with_base(noted, Side.PARTNER, digests(unseen, current.key))

    link = await finish(desk, pair.link, intent, settled)
    return replace(pair, link=link, partner=record, said=(*pair.said, "Microsoft was asked for help"))


async def resumed_invitation(desk: Desk, pair: Linked) -> Result:
    """An invitation whose answer was never noted: found in the engagement, or not made."""
    posted = _last(pair.link, Purpose.INVITE)
    if posted is None:
        return pair
    if pair.partner.invited:
        return await noted_invitation(desk, pair, posted, pair.partner)
    if (wait := _wait(desk, posted)) is not None:
        return wait
    link = await finish(desk, pair.link, posted, lambda current: without(current, posted))
    return replace(pair, link=link)


# --- adoption -----------------------------------------------------------------------------------------------------


async def adopt(desk: Desk, referral: Snapshot, row: Snapshot) -> Result:
    """Link a pair that nobody of us made: equal values are settled, differing ones wait for a person (§3)."""
    if forbidden := desk.policy.forbids(referral.ref.id, row.ref.id):
        return owed(forbidden)
    link = await desk.links.get(row.ref.id)
    if link.linked:
        return Linked(link=link, partner=referral, crm=row)
    link = replace(link, partner=referral.ref.id, engagement=referral.parent, intents=(), gone=None)
    for record in (referral, row):
        shown = {name: digest(value, link.key) for name, value in record.values.items() if _agreed(name, referral, row)}
        link = with_base(replace(link, base={**link.base, record.side: Base()}), record.side, shown)
    link = await save(desk, link)
    return Linked(link=link, partner=referral, crm=row, said=(f"Linked with the referral in {desk.partner.title}",))


def _agreed(name: str, referral: Snapshot, row: Snapshot) -> bool:
    """Equal on both sides, or a stage: that has a table of its own and needs to know where it started."""
    if name == deal.STAGE:
        return True
    one, other = referral.values.get(name), row.values.get(name)
    return blank(one) == blank(other)


# --- intents of a creation ----------------------------------------------------------------------------------------


def _announce(
    desk: Desk, key: str, to: Side, source: Snapshot, values: Values, purpose: Purpose = Purpose.CREATE
) -> Intent:
    seen = Base(version=source.version, shown=digests(source.values, key))
    return replace(desk.intent(purpose), seen={source.side: seen}, will={to: digests(values, key)})


def _last(link: Link, purpose: Purpose) -> Intent | None:
    return next((intent for intent in reversed(link.intents) if intent.purpose is purpose), None)


def _open(desk: Desk, link: Link, purpose: Purpose) -> Intent | None:
    last = _last(link, purpose)
    return last if last is not None and last.open(desk.clock.now()) else None


def _wait(desk: Desk, posted: Intent) -> Outcome | None:
    """A POST's outcome is looked up only when it can no longer be on its way, nor missing from a list by lag."""
    now = desk.clock.now()
    if posted.open(now):
        return desk.busy(posted)
    ready = posted.started + timedelta(seconds=desk.policy.posting)
    if now < ready:
        return delayed("the outcome of an unanswered creation is looked up when it is certain", _until(desk, posted))
    return None


def _until(desk: Desk, posted: Intent) -> float:
    ready = posted.started + timedelta(seconds=desk.policy.posting)
    return max((ready - desk.clock.now()).total_seconds(), 0) + retry.soon(desk.clock.jitter())


async def _create(desk: Desk, link: Link, intent: Intent, draft: Draft) -> Snapshot:
    """Create; a clear no takes the intent back, no answer leaves it to be looked up.

    A row's creation may be repeated at once, under the same id: only its lease ends, and its marker stays known.
    """
    gateway = desk.crm if draft.id else desk.partner
    if not desk.in_time(intent):
        await finish(desk, link, intent, lambda current: without(current, intent))
        raise moved()
    try:
        return await gateway.create(draft)
    except Unavailable:
        if draft.id:
            await finish(desk, link, intent, lambda current: released(current, intent, desk.clock.now()))
        raise
    except CosellError:
        await finish(desk, link, intent, lambda current: without(current, intent))
        raise
