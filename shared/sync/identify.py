"""Which record is which (rules.md §2): what an unlinked referral is to the CRM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain import deal
from shared.domain.lifecycle import CLOSED
from shared.domain.link import Purpose
from shared.domain.record import Snapshot
from shared.errors import NeedsDecision
from shared.sync.desk import Desk


class What(StrEnum):
    """What to do with a referral that no link names."""

    CREATE = "create"
    ADOPT = "adopt"
    FINISH = "finish"  # it was created by our own POST, which has not been noted yet
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The answer, the CRM record it concerns, and the reason where it is left alone."""

    what: What
    key: str = ""
    reason: str = ""


async def identify(desk: Desk, referral: Snapshot, baseline: datetime) -> Identity:
    """Rule 2, row by row, for a referral of ours that is not linked."""
    named = referral.counterpart
    if named and await _being_created(desk, named):
        return Identity(what=What.FINISH, key=named)
    candidates = await _candidates(desk, referral)
    if named in candidates:
        return Identity(what=What.ADOPT, key=named)  # a cloned row copies the column; the referral names the original
    if len(candidates) > 1:
        rows = " and ".join(sorted(candidates))
        raise NeedsDecision(
            f"Two opportunities carry the referral {referral.ref.id}: {rows}",
            advice="Clear the referral identifier on the one that is not its own, then replay",
        )
    if candidates:
        return Identity(what=What.ADOPT, key=candidates[0])
    if named:
        raise NeedsDecision(
            f'The referral {referral.ref.id} names "{named}", which is no record of this CRM',
            advice="It belongs to another system, or its opportunity was deleted: clear its CRM id, then replay",
        )
    return _new(desk, referral, baseline)


def _new(desk: Desk, referral: Snapshot, baseline: datetime) -> Identity:
    if referral.values.get(deal.STAGE) in CLOSED:
        return Identity(what=What.LEAVE, reason="closed before it was ever synchronised")
    if referral.created < baseline:
        return Identity(what=What.LEAVE, reason="older than the first start: shared only on request")
    if referral.lead and desk.policy.cosell_only:
        return Identity(what=What.LEAVE, reason="COSELL_ONLY is on and this is a lead")
    return Identity(what=What.CREATE)


async def _being_created(desk: Desk, key: str) -> bool:
    """An intent to create a referral for this row: the announcement came before the answer, or instead of it."""
    link = await desk.links.get(key)
    return link.partner is None and any(intent.purpose is Purpose.CREATE for intent in link.intents)


async def _candidates(desk: Desk, referral: Snapshot) -> list[str]:
    """Rows that carry the referral's id or are named by it, and belong to no other referral."""
    found = list(await desk.crm.find(referral.ref.id))
    named = referral.counterpart
    if named and named not in found and await _is_a_row(desk, named):
        found.append(named)
    free = []
    for key in found:
        link = await desk.links.get(key)
        if link.partner in (None, referral.ref.id):
            free.append(key)
    return free


async def _is_a_row(desk: Desk, key: str) -> bool:
    row = await desk.crm.read(key)
    return row is not None and row.counterpart == ""


async def adoptable(desk: Desk, row: Snapshot) -> Snapshot | None:
    """The referral that an unlinked CRM row carries, if the referral agrees; None for a clone's copied column."""
    referral = await desk.partner.read(row.counterpart)
    if referral is None:
        raise NeedsDecision(
            f"The opportunity names the referral {row.counterpart}, which Partner Center does not know",
            advice="Clear its referral identifier to share it as a new referral, then replay",
        )
    owner = await desk.links.by_partner(referral.ref.id)
    taken = owner is not None and owner.key != row.ref.id
    agrees = referral.ours and not taken and referral.counterpart in ("", row.ref.id)
    return referral if agrees else None
