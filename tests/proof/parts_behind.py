"""What is left to be done: messages, parked signals, unfinished links, and hosts that are not well."""

from __future__ import annotations

from shared.domain.link import Link
from shared.platform.links import TableLinks
from shared.platform.storage import Account, Storage
from tests.proof.parts_ground import Ground


async def left_behind(ground: Ground) -> list[str]:
    """Signals, parked entries, unfinished links, hosts that are not well."""
    problems = [f"{count} messages on {queue}" for queue, count in (await ground.outstanding()).items()]
    answer = await ground.people.function("GET", "parked")
    problems += [f"parked: {entry['id']}, {entry['reason']}" for entry in answer.json()["parked"]]
    problems += [f"the link of {link.key} has {what}" for link in await links(ground) if (what := unfinished(link))]
    for _ in ground.fleet.up:  # the front end hands them round
        health = await ground.people.function("GET", "health")
        if health.status_code != 200:
            problems.append(f"health: {health.text}")
    return problems


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
