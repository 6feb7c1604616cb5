"""Linking two records that nobody of us made a pair of (rules.md §3)."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.intents import with_base
from shared.domain.link import Base
from shared.domain.outcome import owed
from shared.domain.record import Snapshot
from shared.domain.values import blank, digest
from shared.sync.desk import Desk, Linked, Result
from shared.sync.settle import moved, save


async def adopt(desk: Desk, referral: Snapshot, row: Snapshot) -> Result:
    """Equal values are settled, differing ones have no base and wait for a person."""
    if forbidden := desk.policy.forbids(referral.ref.id, row.ref.id, row.origin.id if row.origin else ""):
        return owed(forbidden)
    link = await desk.links.get(row.ref.id)
    if link.linked:  # a rival was faster, and what was read before his link must not be merged under it
        raise moved()
    link = replace(link, partner=referral.ref.id, engagement=referral.parent, intents=(), gone=None, detached=False)
    link = replace(link, kind=desk.kind, origin=row.origin)
    for record in (referral, row):
        shown = {name: digest(value, link.key) for name, value in record.values.items() if _agreed(name, referral, row)}
        link = with_base(replace(link, base={**link.base, record.side: Base()}), record.side, shown)
    link = await save(desk, link)
    said = f"Linked with the referral in {desk.partner.title}"
    return Linked(link=link, partner=referral, crm=row, said=(said,), code=Code.ADOPTED)


def _agreed(name: str, referral: Snapshot, row: Snapshot) -> bool:
    """Equal on both sides, or a stage: that has a table of its own and needs to know where it started."""
    if name == deal.STAGE:
        return True
    one, other = referral.values.get(name), row.values.get(name)
    return blank(one) == blank(other)
