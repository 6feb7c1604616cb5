"""What the end-to-end tests ask of a running host."""

from __future__ import annotations

from sandbox.people import Json, NotSeenError, People
from sandbox.stack import MASTER_KEY, Stack

MASTER = {"x-functions-key": MASTER_KEY}


async def asked(stack: Stack, path: str) -> Json:
    """An answer of the host's own administration."""
    answer = await stack.client.get(f"{stack.host}/admin/{path}", headers=MASTER)
    answer.raise_for_status()
    found: Json = answer.json()
    return found


async def invocations(stack: Stack) -> Json:
    return await asked(stack, "sandbox/invocations")


async def functions(stack: Stack) -> list[str]:
    """The names of all functions that the host found, disabled ones too."""
    return sorted(str(each["name"]) for each in await asked(stack, "functions"))  # type: ignore[index]  # a JSON list


async def waiting(stack: Stack) -> dict[str, int]:
    """How many messages lie on each queue, hidden and delayed ones too."""
    queues = (await invocations(stack))["queues"]
    return {state["queue"]: state["messages"] for state in queues.values() if state["messages"]}


async def parked(people: People) -> list[Json]:
    answer = await people.function("GET", "parked")
    if not answer.is_success:
        raise NotSeenError(answer.text)
    found: list[Json] = answer.json()["parked"]
    return found


async def delivered(people: People, system: str, count: int) -> list[Json]:
    """The first `count` webhook deliveries of a system, once they were made."""

    async def look() -> list[Json] | None:
        log = (await people.control(system, "GET", "webhooks"))["log"]
        return log if len(log) >= count else None

    return await people.see(f"{count} deliveries of {system}", look)
