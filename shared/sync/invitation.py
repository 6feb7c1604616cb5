"""Microsoft's referral beside ours: asked for once in the life of a deal, and looked up where no answer came."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.intents import with_base
from shared.domain.link import Intent, Link, Purpose
from shared.domain.record import Snapshot
from shared.domain.requirements import INVITATION, require
from shared.domain.values import Side, digests
from shared.ports import Draft
from shared.sync.desk import Desk, Linked, Result
from shared.sync.posting import announce, attempt, last, wait
from shared.sync.settle import begin, finish, without

OF_MICROSOFT = (deal.HELP, deal.MICROSOFT_STAGE)  # what an invitation makes known of Microsoft's side


async def invite(desk: Desk, pair: Linked, help_wanted: str) -> Linked:
    """Ask Microsoft for help: a second referral in the same engagement."""
    require(pair.crm, INVITATION)
    intent = announce(desk, pair.link.key, Side.PARTNER, pair.crm, {deal.HELP: help_wanted}, Purpose.INVITE)
    link = await begin(desk, pair.link, intent)
    draft = Draft(
        purpose=Purpose.INVITE,
        id="",
        source=pair.crm.ref,
        values={deal.HELP: help_wanted, deal.NOTES: pair.crm.values.get(deal.NOTES)},
        marker=intent.id,
        parent=pair.partner,
    )
    record = await attempt(desk, link, intent, draft)
    return await _noted(desk, replace(pair, link=link), intent, record)


async def _noted(desk: Desk, pair: Linked, intent: Intent, record: Snapshot) -> Linked:
    """The link knows whom was invited; the own referral's version may have moved with it."""

    def settled(current: Link) -> Link:
        # Where the new record is not listed yet, its intent's id stands for it: asked is asked.
        noted = replace(without(current, intent), invited=record.invited or intent.id)
        unseen = {name: value for name, value in record.values.items() if name in OF_MICROSOFT}
        return with_base(noted, Side.PARTNER, digests(unseen, current.key))

    link = await finish(desk, pair.link, intent, settled)
    return replace(
        pair,
        link=link,
        partner=record,
        said=(*pair.said, "Microsoft was asked for help"),
        code=pair.code or Code.INVITED,
        carried={**pair.carried, Side.PARTNER: (*pair.carried.get(Side.PARTNER, ()), deal.HELP)},
        since=pair.since or pair.crm.modified,
    )


async def resumed(desk: Desk, pair: Linked) -> Result:
    """An invitation whose answer was never noted: found in the engagement, or not made."""
    posted = last(pair.link, Purpose.INVITE)
    if posted is None:
        return pair
    if pair.partner.invited:
        return await _noted(desk, pair, posted, pair.partner)
    if (later := wait(desk, posted)) is not None:
        return later
    link = await finish(desk, pair.link, posted, lambda current: without(current, posted))
    return replace(pair, link=link)


def pending(link: Link) -> bool:
    """Is there an invitation whose outcome nobody knows?"""
    return last(link, Purpose.INVITE) is not None
