"""The storage account: whether its tables and queues answer, and what lies in them that should not."""

from __future__ import annotations

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, ok, warning
from cli.work import Tools
from shared.domain.values import Ref, Side
from shared.platform.queues import POISON

PROBE = "doctor"  # the key of nothing
MOST = 1000  # parked entries that are counted
LOOK_AT_THEM = "Look at them with `cosell parked list`, then replay or drop each"
DRAINED = "The app parks them by itself within minutes: if they stay, it does not run, or its settings are wrong"


async def tables(tools: Tools) -> Findings:
    """Each of them is asked for something that is not there; one that was never needed is made by that."""
    world = tools.world
    await world.links.get(PROBE)
    await world.cursors.get(PROBE)
    await world.parked.get(tools.settings.pair, Ref(PROBE, PROBE))
    await world.pauses.until(Side.CRM)
    return ok("links, state and parked deals answer")


async def queues(tools: Tools) -> Findings:
    """Identities have a role for queues and another for tables, so they are asked apart."""
    await tools.world.signals.ping()
    waiting = {name: n for name, n in (await tools.world.signals.lengths()).items() if n and not name.endswith(POISON)}
    shown = ", ".join(f"about {count} on {name}" for name, count in waiting.items())
    return ok(f"they answer; {shown}" if shown else "they answer, and nothing waits")


async def poison(tools: Tools) -> Findings:
    lengths = await tools.world.signals.lengths()
    full = {name: count for name, count in lengths.items() if count and name.endswith(POISON)}
    if not full:
        return ok("nothing lies on a poison queue")
    shown = ", ".join(f"{count} on {name}" for name, count in full.items())
    return warning(f"messages that failed every attempt: {shown}", DRAINED)


async def parked(tools: Tools) -> Findings:
    count = 0
    async for _ in tools.world.parked.every():
        count += 1
        if count == MOST:
            break
    if not count:
        return ok("no deal waits for a person")
    shown = f"{MOST} or more deals wait" if count == MOST else "1 deal waits" if count == 1 else f"{count} deals wait"
    return warning(f"{shown} for a person's decision", LOOK_AT_THEM)


async def pauses(tools: Tools) -> Findings:
    """A system that is left alone: after a 429 for as long as it asked, after lost access until it is back."""
    found = [await _pause(tools, side) for side in Side]
    return tuple(each for each in found if each) or ok("both systems are worked with")


async def _pause(tools: Tools, side: Side) -> Finding | None:
    end = await tools.world.pauses.until(side)
    if end is None or end <= tools.world.clock.now():
        return None
    title = tools.core.partner.title if side is Side.PARTNER else tools.core.crm.title
    do = "After a 429 nothing; else mend its sign-in, named above"
    return warning(f"{title} is left alone until {end:%Y-%m-%d %H:%M:%S} UTC", do)
