"""What concerns both systems: the world that was pinned, the time, and how long a read takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, failed, ok, warning
from cli.work import Tools
from shared.connectors.partner_center.listing import PATH
from shared.connectors.rest import Answer
from shared.platform.world import NAME, Pinned

SKEWED, UNUSABLE = timedelta(seconds=60), timedelta(seconds=300)
SLOW = 5.0  # seconds of one read
PLACE = "Correct the settings, or give the other organisation an installation with a storage account of its own"
TIME = "Set this machine's clock by a time server (on Azure it is right: then look at where this tool runs)"
BY_HAND = "Compare this machine's clock by hand"
FAR_OFF = "Nothing, if it passes; else look at the network between, and at the vendor's service health"


async def world(tools: Tools) -> Findings:
    """Compared and not pinned: that is for the first start of the functions."""
    pinned = Pinned(
        partner=tools.core.partner,
        crm=tools.core.crm,
        cursors=tools.world.cursors,
        tenant=tools.settings.partner_center_tenant_id,
    )
    wrong = await pinned.differences()
    if wrong:
        return tuple(failed(each, PLACE) for each in wrong)
    if await tools.world.cursors.get(NAME) is None:
        return ok("nothing is pinned yet: the first start does that")
    return ok("the organisation and tenant are those that are pinned")


async def _partner(tools: Tools) -> Answer:
    return await tools.core.partner.rest.call("GET", PATH, params={"$top": "1"})


async def _crm(tools: Tools) -> Answer:
    query = {"$select": "opportunityid", "$top": "1"}
    return await tools.core.crm.calls.rest.call("GET", "opportunities", params=query)


Read = Callable[[Tools], Awaitable[Answer]]
READS: tuple[tuple[str, Read], ...] = (("Partner Center", _partner), ("Dynamics 365", _crm))


async def clocks(tools: Tools) -> Findings:
    """Ours against the Date header of both (RFC 9110: the second in which the answer was made)."""
    found = [await _skew(tools, title, read) for title, read in READS]
    return tuple(found)


async def _skew(tools: Tools, title: str, read: Read) -> Finding:
    before = tools.world.clock.now()
    answer = await read(tools)
    middle = before + (tools.world.clock.now() - before) / 2
    return judged(_date(answer.headers.get("date", "")), middle, title)


def judged(theirs: datetime | None, ours: datetime, title: str) -> Finding:
    if theirs is None:
        return warning("its answers carry no date that can be read", BY_HAND, about=title)
    skew = ours - theirs
    words = f"this machine's clock is {abs(skew).total_seconds():.0f} s {'ahead' if skew > timedelta() else 'behind'}"
    well = ok(f"within {max(1, round(abs(skew).total_seconds()))} s of this machine's", about=title)
    if abs(skew) > UNUSABLE:
        return failed(words, TIME, about=title)
    return warning(words, TIME, about=title) if abs(skew) > SKEWED else well


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else None


async def round_trips(tools: Tools) -> Findings:
    found = [await _timed(tools, title, read) for title, read in READS]
    return tuple(found)


async def _timed(tools: Tools, title: str, read: Read) -> Finding:
    before = tools.world.tick()
    await read(tools)
    took = tools.world.tick() - before
    words = f"one read took {took:.2f} s"
    return warning(words, FAR_OFF, about=title) if took > SLOW else ok(words, about=title)
