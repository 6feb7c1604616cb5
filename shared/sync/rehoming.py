"""A referral whose row was not made yet and that belongs under another record by now.

What was to be a lead, and is owed or waits, may have been accepted meanwhile: then it becomes an opportunity. Its link
lies under the id that the lead would have had, and would keep the referral from every other one for ever.
"""

from __future__ import annotations

from dataclasses import replace

from shared.domain.link import Link
from shared.ports import LinkMoved
from shared.sync.desk import Desk
from shared.sync.settle import moved


async def rehome(desk: Desk, link: Link, key: str) -> None:
    """The referral goes from a link without a row to the link of `key`, in one transaction."""
    after = await desk.links.get(key)
    if after.linked or after.intents or after.moved:
        raise moved()
    before = Link(pair=link.pair, key=link.key, kind=link.kind, tag=link.tag)
    try:
        await desk.links.move(before, replace(after, partner=link.partner, engagement=link.engagement, kind=desk.kind))
    except LinkMoved as error:
        raise moved() from error
