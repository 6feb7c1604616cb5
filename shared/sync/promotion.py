"""A lead that was qualified goes on as a deal: its link moves to the opportunity, found or made (rules.md §4).

    lead ── qualified, referral accepted, nothing left to send ──► the opportunity made of it, by whomever: adopted
                                                              └──► none: made like any other, bound to its lead

Both links change in one transaction, so that at every moment exactly one of them has the referral.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.link import Base, Link
from shared.domain.outcome import Outcome, delayed, owed
from shared.domain.record import Note, Snapshot
from shared.domain.values import Digest, Side, blank, digest
from shared.errors import NeedsDecision
from shared.ports import Change, LinkMoved
from shared.sync import retry
from shared.sync.creation import row_key
from shared.sync.desk import Desk, Linked, Result
from shared.sync.settle import moved

EDITED: Digest = "edited"  # the digest of no value: whatever the record shows, somebody has edited it
ACCEPTED = frozenset({Stage.ACTIVE, Stage.WON})


def ripe(pair: Linked) -> bool:
    """A lead that was qualified, of a referral that is past its answer."""
    stage = pair.partner.values.get(deal.STAGE)
    return pair.crm.values.get(deal.STAGE) is Stage.QUALIFIED and stage is not Stage.PENDING


def unfinished(link: Link) -> bool:
    """Qualified and accepted and not moved yet, or moved and not made: it is under way, or its worker died."""
    if link.origin is not None and link.partner is not None and not link.linked:
        return True
    crm, partner = link.shown(Side.CRM).get(deal.STAGE), link.shown(Side.PARTNER).get(deal.STAGE)
    return not link.moved and crm == Stage.QUALIFIED and partner in ACCEPTED


async def of_lead(desk: Desk, row: Snapshot) -> Link | None:
    """The link of the lead that a row was made from, while the deal is still there."""
    if desk.leads is None or row.origin is None or row.origin.kind != desk.leads.kind:
        return None
    link = await desk.links.get(row.origin.id)
    return link if link.kind and link.partner and not link.moved and link.gone is None else None


async def promote(desk: Desk, pair: Linked) -> Result | Link | None:
    """The deal's pair, or its link where the opportunity has to be made yet, like any other.

    None where the referral ended before there was a deal.
    """
    if (known := await adopted(desk, pair)) is not None:
        return known
    if pair.partner.values.get(deal.STAGE) in CLOSED - ACCEPTED:
        return None
    if later := _not_yet(desk, pair):
        return later
    return await _take_over(desk.at(""), pair)


async def adopted(desk: Desk, pair: Linked) -> Result | None:
    """The deal's pair with the opportunity that was made of the lead; None where none is shown."""
    home = desk.at("")
    ids = (pair.partner.ref.id, pair.crm.ref.id, row_key(home, pair.partner))
    if forbidden := desk.policy.forbids(*ids):
        return owed(forbidden, "an opportunity")
    found = await _made_from(home, pair)
    if len(found) > 1:
        raise NeedsDecision(
            f"Several opportunities come from the lead {pair.crm.ref.id}: {' and '.join(found)}",
            advice="Clear the originating lead on all but the deal's own, then replay",
        )
    return await _adopt(home, pair, found[0]) if found else None


async def _made_from(home: Desk, pair: Linked) -> list[str]:
    """Opportunities of this lead that belong to no other deal."""
    found = []
    for key in await home.deals.made_from(pair.crm.ref):
        link = await home.links.get(key)
        if link.partner in (None, pair.partner.ref.id):
            found.append(key)
    return found


def _not_yet(desk: Desk, pair: Linked) -> Outcome | None:
    """Whoever qualified it by hand has made its opportunity in the same breath: it may only not be shown yet."""
    if pair.link.grown and pair.link.grown == pair.crm.marker:
        return None
    age = desk.clock.now() - pair.crm.modified
    if age >= retry.LAG:
        return None
    reason = "the lead was qualified, and its opportunity is not shown yet"
    return delayed(reason, Code.NOT_SHOWN_YET, retry.lagging(max(age, timedelta())))


async def _adopt(home: Desk, pair: Linked, key: str) -> Linked:
    link = await home.links.get(key)
    row = await _shared_row(home, key)
    if row is None or link.linked or link.intents:
        raise moved()
    bases = {side: Base(shown=_base(side, pair, row, key)) for side in Side}
    link = replace(link, base=bases, partner=pair.partner.ref.id, engagement=pair.partner.parent)
    link = await _move(home, pair, replace(link, invited=pair.link.invited, origin=pair.crm.ref, gone=None))
    return Linked(link=link, partner=pair.partner, crm=row, said=(_said(home),), code=Code.ADOPTED)


async def _shared_row(home: Desk, key: str) -> Snapshot | None:
    """The opportunity, its synchronisation switched on; read once more then, as a write's answer may show less.

    A closed one takes nothing any more, and how it ended has to be told all the same.
    """
    row = await home.deals.read(key)
    if row is None or row.shared:
        return row
    await home.deals.write(Change(record=row, share=True, note=Note(line=_said(home))))
    row = await home.deals.read(key)
    ended = row is not None and row.values.get(deal.STAGE) in CLOSED
    return replace(row, shared=True) if row and ended else row


def _base(side: Side, pair: Linked, row: Snapshot, key: str) -> dict[str, Digest]:
    """What a side of the deal showed when it was last settled, as far as the lead can tell.

    What differs from what was settled on the lead is an edit. Of what a lead does not show, a row that was just made
    has what somebody filled in, and nothing else; where both sides say something and it differs, there is no base.
    """
    here, there = (pair.partner, row) if side is Side.PARTNER else (row, pair.partner)
    settled = pair.link.shown(side)
    shown: dict[str, Digest] = {}
    for name, value in here.values.items():
        other = there.values.get(name)
        if name == deal.STAGE or blank(value) == blank(other):
            shown[name] = digest(value, key)
        elif name in settled and name in pair.link.shown(side.other):
            shown[name] = digest(value, key) if digest(value, pair.link.key) == settled[name] else EDITED
        elif name in there.values and (not value or not other):
            shown[name] = digest(value if not value else other, key)
    return shown


async def _take_over(home: Desk, pair: Linked) -> Link:
    """The link of the opportunity under its chosen id has the deal before there is a row: an ordinary creation then."""
    link = await home.links.get(row_key(home, pair.partner))
    if link.linked or link.intents:
        raise moved()
    taken = replace(link, partner=pair.partner.ref.id, engagement=pair.partner.parent, origin=pair.crm.ref, gone=None)
    return await _move(home, pair, taken)


async def _move(home: Desk, pair: Linked, after: Link) -> Link:
    before = replace(pair.link, partner=None, moved=after.key, intents=(), wake_at=None, waiting=(), unsaid=())
    before = replace(before, owed=(), owed_under="")
    try:
        return await home.links.move(before, replace(after, unsaid=(*pair.link.unsaid, *after.unsaid)))
    except LinkMoved as error:
        raise moved() from error


def _said(home: Desk) -> str:
    return f"Goes on with the referral in {home.partner.title} that its lead came from"
