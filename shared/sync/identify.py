"""Which record is which (rules.md §2): what an unlinked referral is to the CRM."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.link import Purpose
from shared.domain.oneline import quoted
from shared.domain.record import Snapshot
from shared.errors import Misconfigured, NeedsDecision
from shared.sync.desk import Desk

CLOSED_BEFORE = "closed before it was ever synchronised"


class What(StrEnum):
    """What to do with a referral that no link names."""

    CREATE = "create"
    ADOPT = "adopt"
    FINISH = "finish"  # it was created by our own POST, which has not been noted yet
    LEAVE = "leave"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The answer, and the CRM record it concerns (`kind` where that is no deal).

    `reason` and `code` say why it is left alone, where it is.
    """

    what: What
    key: str = ""
    reason: str = ""
    code: Code = Code.NO_DEAL
    kind: str = ""


async def identify(desk: Desk, referral: Snapshot, baseline: datetime) -> Identity:
    """Rule 2, row by row, for a referral of ours that is not linked."""
    if referral.counterpart:
        return await _named(desk, referral, referral.counterpart)
    carriers = [key for key in await desk.crm.find(referral.ref.id) if await _free(desk, key, referral)]
    if len(carriers) > 1:
        raise NeedsDecision(
            f"Two opportunities carry the referral {referral.ref.id}: {' and '.join(sorted(carriers))}",
            advice="Clear the referral identifier on the one that is not its own, then replay",
        )
    if carriers:
        return Identity(what=What.ADOPT, key=carriers[0])
    return await _carried_by_lead(desk, referral) or _new(desk, referral, baseline)


async def _carried_by_lead(desk: Desk, referral: Snapshot) -> Identity | None:
    """A lead carries the referral's id; of several, which nobody of us makes, the first."""
    if desk.leads is None or not referral.lead:
        return None
    carriers = [key for key in await desk.leads.find(referral.ref.id) if await _free(desk, key, referral)]
    return Identity(what=What.ADOPT, key=carriers[0], kind=desk.leads.kind) if carriers else None


async def _named(desk: Desk, referral: Snapshot, named: str) -> Identity:
    """The referral names its row. Other rows that carry its id are clones: cloning copies the column."""
    if await _being_created(desk, named):
        return Identity(what=What.FINISH, key=named)
    row, kind = await _named_row(desk, named)
    if row is not None and await _free(desk, row.ref.id, referral) and _same(row.counterpart, "", referral.ref.id):
        return Identity(what=What.ADOPT, key=row.ref.id, kind=kind)
    if referral.values.get(deal.STAGE) in CLOSED:
        return Identity(what=What.LEAVE, reason=CLOSED_BEFORE, code=Code.CLOSED_BEFORE)
    if row is None and await _asked_for_again(desk, named):
        return Identity(what=What.CREATE, kind=early_kind(desk, referral))
    if row is None:
        raise NeedsDecision(
            f"The referral {referral.ref.id} names {quoted(named)}, which is no record of this CRM",
            advice="It belongs to another system, or its opportunity was deleted: clear its CRM id, then replay",
        )
    raise NeedsDecision(
        f"The referral {referral.ref.id} names the opportunity {named}, which belongs to another referral",
        advice="Clear the CRM id of the referral, or the referral identifier of the opportunity, then replay",
    )


async def _named_row(desk: Desk, named: str) -> tuple[Snapshot | None, str]:
    """The record of that id, and its kind where it is no deal."""
    row = await desk.deals.read(named)
    if row is not None or desk.leads is None:
        return row, ""
    return await desk.leads.read(named), desk.leads.kind


def early_kind(desk: Desk, referral: Snapshot) -> str:
    """The kind of record that a referral becomes, where that is not a deal yet."""
    pending = referral.values.get(deal.STAGE) is Stage.PENDING
    return desk.leads.kind if desk.leads and referral.lead and pending else ""


def _new(desk: Desk, referral: Snapshot, baseline: datetime) -> Identity:
    if referral.values.get(deal.STAGE) in CLOSED:
        return Identity(what=What.LEAVE, reason=CLOSED_BEFORE, code=Code.CLOSED_BEFORE)
    if referral.created < baseline:
        reason = "older than the first start: shared only on request"
        return Identity(what=What.LEAVE, reason=reason, code=Code.BEFORE_FIRST_START)
    if referral.lead and desk.policy.cosell_only:
        return Identity(what=What.LEAVE, reason="COSELL_ONLY is on and this is a lead", code=Code.COSELL_ONLY)
    return Identity(what=What.CREATE, kind=early_kind(desk, referral))


async def _being_created(desk: Desk, key: str) -> bool:
    """An intent to create a referral for this row: the announcement came before the answer, or instead of it."""
    link = await desk.links.get(key)
    return link.partner is None and any(intent.purpose is Purpose.CREATE for intent in link.intents)


async def _asked_for_again(desk: Desk, key: str) -> bool:
    """The row is gone, and a replay that asked for another one freed its link; the new one was not made yet."""
    link = await desk.links.get(key)
    return link.detached and not link.linked


async def _free(desk: Desk, key: str, referral: Snapshot) -> bool:
    """Does the row belong to no other referral, and did it not part with this one when that was closed?"""
    link = await desk.links.get(key)
    return link.partner in (None, referral.ref.id) and not link.detached and not link.moved


def _same(ident: str, *others: str) -> bool:
    """Ids that people copy differ in their case."""
    return ident.casefold() in {other.casefold() for other in others}


async def adoptable(desk: Desk, row: Snapshot) -> Snapshot | None:
    """The referral that an unlinked CRM row carries, if the referral agrees; None for a clone's copied column."""
    if await _taken(desk, row.counterpart, row):  # by the original of this clone, also while nobody can read it yet
        return None
    referral = await desk.partner.read(row.counterpart)
    if referral is None:
        raise NeedsDecision(
            f"The opportunity names the referral {row.counterpart}, which Partner Center does not know",
            advice="Clear its referral identifier to share it as a new referral, then replay",
        )
    origin = row.origin.id if row.origin else ""  # of a deal whose lead the referral still names
    agrees = referral.ours and _same(referral.counterpart, "", row.ref.id, origin)
    return referral if agrees and not await _taken(desk, referral.ref.id, row) else None


async def referral_of_lead(desk: Desk, row: Snapshot) -> str:
    """The referral that the lead of an unlinked row carries, where no link knows that lead any more; "" for none."""
    if desk.leads is None or row.origin is None or (await desk.links.get(row.origin.id)).tag is not None:
        return ""
    try:
        lead = await desk.leads.read(row.origin.id)
    except Misconfigured:  # leads that cannot carry a referral have none
        return ""
    carried = lead.counterpart if lead else ""
    return carried if carried and not await _taken(desk, carried, row) else ""


async def _taken(desk: Desk, referral: str, row: Snapshot) -> bool:
    owner = await desk.links.by_partner(referral)
    return owner is not None and owner.key != row.ref.id
