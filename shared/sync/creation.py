"""Creating the missing side of a deal exactly once (rules.md §4): a row under a computed id, a referral by a POST."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.identity import chosen_id
from shared.domain.intents import with_base
from shared.domain.link import Intent, Link, Purpose
from shared.domain.outcome import owed
from shared.domain.record import Mark, Note, Snapshot
from shared.domain.requirements import require
from shared.domain.values import Side, Value, Values, blank, frozen
from shared.errors import NeedsDecision
from shared.ports import Draft, Search
from shared.sync.adoption import adopt
from shared.sync.desk import Desk, Linked, Result
from shared.sync.posting import announce, attempt, last, wait
from shared.sync.settle import begin, finish, first_base, moved


def row_key(desk: Desk, referral: Snapshot) -> str:
    """The id that the referral's CRM row has or will have: computed, so that a second creation finds the first."""
    return chosen_id(desk.policy.pair, desk.crm.kind, referral.ref.id)


# --- a CRM row for a referral -------------------------------------------------------------------------------------


async def create_row(desk: Desk, referral: Snapshot, link: Link | None = None) -> Result:
    """The referral's row in the CRM, created under an id that can be computed again.

    `link` as it was read before the referral; without one, a link that has appeared meanwhile is a rival's.
    """
    if link is None:
        link = await desk.links.get(row_key(desk, referral))
        if link.linked or link.intents or link.moved:
            raise moved()
    if forbidden := desk.policy.forbids(referral.ref.id, *link.idents):
        return owed(forbidden)
    posted = last(link, Purpose.CREATE)
    if posted is not None and posted.open(desk.clock.now()):
        return desk.busy(posted)
    if referral.parent:
        referral = await desk.partner.widen(referral)
    intent = announce(desk, link.key, Side.CRM, referral, await desk.crm.held(referral.values))
    link = replace(link, partner=referral.ref.id, engagement=referral.parent, gone=None, kind=desk.kind)
    link = await begin(desk, link, intent)
    row = await attempt(desk, link, intent, _row_draft(desk, link, referral, intent))
    if not _ours(link, row):
        return await adopt(desk, referral, row)
    return await _note_row(desk, link, intent, referral, row)


def made(desk: Desk) -> str:
    """What Audit and telemetry say of a new row."""
    return f"Created from a referral of {desk.partner.title}"


def _row_draft(desk: Desk, link: Link, referral: Snapshot, intent: Intent) -> Draft:
    return Draft(
        purpose=Purpose.CREATE,
        id=link.key,
        source=referral.ref,
        source_link=referral.link,
        values=referral.values,
        marker=intent.id,
        note=Note(line=made(desk), mark=Mark.CHECK),
        origin=link.origin,
        source_record=referral,
    )


def _ours(link: Link, row: Snapshot) -> bool:
    """Did one of our own creations make this row? If not, the links were lost and it was there before.

    A CRM without the marker column proves nothing; the chosen id does then, while the link knows of a creation.
    """
    creations = {intent.id for intent in link.intents if intent.purpose is Purpose.CREATE}
    return row.marker in creations or (row.marker is None and len(creations) > 0)


async def _note_row(desk: Desk, link: Link, intent: Intent, referral: Snapshot, row: Snapshot) -> Linked:
    """The base of a fresh pair: what the row was created with, and what the referral showed then.

    Where an earlier worker made the row and died, his intent says so: what differs since is an edit.
    """
    maker = next((other for other in link.intents if other.id == row.marker), intent)

    def settled(current: Link) -> Link:
        based = first_base(first_base(current, row, marker=row.marker or ""), referral)
        if maker.id != intent.id:
            based = with_base(based, Side.CRM, maker.will[Side.CRM])
            based = with_base(based, Side.PARTNER, maker.seen[Side.PARTNER].shown)
        return replace(based, intents=(), invited=referral.invited, detached=False)

    link = await finish(desk, link, intent, settled)
    return Linked(
        link=link,
        partner=referral,
        crm=row,
        made=made(desk),
        code=Code.CREATED,
        carried={Side.CRM: _given(referral.values)},
        since=referral.modified,
    )


def _given(values: Values) -> tuple[str, ...]:
    """The fields that a new record was given a value for."""
    return tuple(name for name, value in values.items() if blank(value) is not None)


# --- a referral for a CRM row -------------------------------------------------------------------------------------


async def create_referral(desk: Desk, row: Snapshot, link: Link, *, insist: bool = False) -> Result:
    """The row's referral: a POST behind a recorded intent, and a search where its answer is missing.

    `insist`: a person has looked and wants one made, although the search could not be completed.
    """
    if link.linked:  # a rival was faster
        raise moved()
    if forbidden := desk.policy.forbids(row.ref.id):
        return owed(forbidden)
    values = _complete(row.values)
    if posted := last(link, Purpose.CREATE):
        if (later := wait(desk, posted)) is not None:
            return later
        found = await desk.partner.recover(_referral_draft(row, values, posted), posted.started)
        if found.record is not None:
            return await _note_referral(desk, link, posted, row, found.record, recovered=True)
        if found.search is Search.UNSURE and not insist:
            raise _unsure()
    require(row)
    intent = announce(desk, link.key, Side.PARTNER, row, await desk.partner.held(values))
    link = await begin(desk, replace(link, intents=()), intent)
    record = await attempt(desk, link, intent, _referral_draft(row, values, intent))
    return await _note_referral(desk, link, intent, row, record, recovered=False)


def _unsure() -> NeedsDecision:
    return NeedsDecision(
        "A referral may have been created and cannot be searched for completely",
        advice="Look it up in Partner Center: put its identifier on the opportunity, or replay to create one",
    )


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
        noted = replace(current, partner=record.ref.id, engagement=record.parent, intents=(), detached=False)
        based = first_base(first_base(noted, row), record, marker=intent.id)
        if recovered:  # the answer was never seen: the base is what was sent, and what the row showed then
            based = with_base(based, Side.PARTNER, intent.will[Side.PARTNER])
            based = with_base(based, Side.CRM, intent.seen[Side.CRM].shown)
        return based

    link = await finish(desk, link, intent, settled)
    return Linked(
        link=link,
        partner=record,
        crm=row,
        said=(f"Shared with {desk.partner.title} as a new referral",),
        code=Code.CREATED,
        carried={Side.PARTNER: _given(row.values)},
        since=row.modified,
    )
