"""What is left to be done: messages, parked signals, unfinished links, and hosts that are not well."""

from __future__ import annotations

import asyncio
import time

import httpx

from shared.domain.link import Link
from shared.platform.links import TableLinks
from shared.platform.storage import Account, Storage
from tests.proof.parts_ground import Ground

REMEMBERED = 75.0  # seconds: a failed look at Microsoft's flows is good for sixty


async def left_behind(ground: Ground) -> list[str]:
    """Signals, parked entries, unfinished links, hosts that are not well."""
    problems = [f"{count} messages on {queue}" for queue, count in (await ground.outstanding()).items()]
    answer = await ground.people.function("GET", "parked")
    problems += [f"parked: {entry['id']}, {entry['reason']}" for entry in answer.json()["parked"]]
    problems += [f"the link of {link.key} has {what}" for link in await links(ground) if (what := unfinished(link))]
    return [*problems, *await _unwell(ground)]


async def _unwell(ground: Ground) -> list[str]:
    """What hosts complain of, also after a minute: for so long each remembers what it could not see in bad weather."""
    end = time.monotonic() + REMEMBERED
    while True:
        answers = [await ground.people.function("GET", "health") for _ in ground.fleet.up]  # the front end hands round
        sick = [f"health: {answer.text}" for answer in answers if answer.status_code != httpx.codes.OK]
        if not sick or time.monotonic() > end:
            return sick
        await asyncio.sleep(5)


async def links(ground: Ground) -> list[Link]:
    storage = Storage(Account(connection=ground.emulator.connection))
    try:
        return [link async for link in TableLinks(storage, "cosell").every()]
    finally:
        await storage.close()


def unfinished(link: Link) -> str:
    """What a link still has to do; an intent that was passed is only remembered, and forgotten after an hour."""
    work = {
        "an intent": any(not intent.passed for intent in link.intents),
        "something owed": link.owed,
        "something that it waits for": link.waiting,
        "something unsaid": link.unsaid,
    }
    return ", ".join(name for name, there in work.items() if there)
