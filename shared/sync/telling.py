"""Telling the seller why a deal is not in step, and recording that on its link (rules.md §8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.domain.intents import with_base
from shared.domain.link import Link
from shared.domain.outcome import Kind, Outcome
from shared.domain.record import Mark, Note, Snapshot
from shared.domain.values import Side
from shared.errors import Refused
from shared.ports import Change
from shared.sync.desk import Desk, Ended, concluded
from shared.sync.settle import moved, save


@dataclass
class Trail:
    """What a look has come to know, for whoever has to explain why it ended early, and the desk that it works at.

    `began` is before its first read: what was missing may be there by the time that a stalled look decides on it.
    """

    desk: Desk
    began: datetime
    key: str = ""
    referral: str = ""
    crm: Snapshot | None = None


def unchanged(link: Link) -> Link:
    return link


async def explain(
    trail: Trail, outcome: Outcome, *, text: str = "", change: Callable[[Link], Link] = unchanged
) -> Ended:
    """Tell the seller once, and record the outcome with whatever else changes on the link.

    `text` is what is told where the outcome's own words leave out whom it is about.
    """
    if not trail.key:
        return Ended(outcome=outcome, told=True)
    desk = trail.desk
    link = change(await _link(trail))
    if trail.crm is not None and _news(link, outcome) and not desk.policy.forbids(*link.idents, trail.referral):
        line = ". ".join(part for part in (text or outcome.reason, outcome.advice) if part)
        version = await _tell(desk.at(trail.crm.ref.kind), trail.crm, line)
        if trail.crm.ref.id == link.key:  # and not the lead whose deal has no row of its own yet
            link = with_base(link, Side.CRM, {}, version=version)
    return await _store(desk, link, outcome)


def _news(link: Link, outcome: Outcome) -> bool:
    before = link.outcome
    return before is None or (before.kind, before.reason) != (outcome.kind, outcome.reason)


async def _tell(desk: Desk, row: Snapshot, line: str) -> str:
    """The version after the Audit line. A row that takes none changes no outcome: its refusal is what parks it."""
    try:
        return (await desk.crm.write(Change(record=row, note=Note(line=line, mark=Mark.CROSS)))).version
    except Refused:
        return row.version


async def record(trail: Trail, ended: Ended) -> Ended:
    """Record an outcome that the seller need not be told; one without a link has nowhere to be recorded.

    An outcome that was decided on a link which has moved since says nothing of the deal as it is now.
    """
    if not trail.key or ended.outcome.kind is Kind.DELAYED:
        return ended
    link = await _link(trail)
    if ended.link is not None and ended.link.tag != link.tag:
        raise moved()
    return await _store(trail.desk, link, ended.outcome)


async def _link(trail: Trail) -> Link:
    """The link as it is stored now. A record without one belongs to the referral that led to it."""
    link = await trail.desk.links.get(trail.key)
    if link.partner is not None or not trail.referral or link.moved:
        return link
    return replace(link, partner=trail.referral, kind=trail.desk.kind)


async def note_delay(desk: Desk, link: Link | None, outcome: Outcome) -> None:
    """Until when the deal waits, so that other signals do not multiply the attempts."""
    if link is not None and link.tag is not None:
        await _store(desk, link, outcome)


async def _store(desk: Desk, link: Link, outcome: Outcome) -> Ended:
    link = concluded(link, outcome, desk.clock.now(), desk.policy.fingerprint)
    return Ended(outcome=outcome, link=await save(desk, link), told=True)
