"""Which organisation and tenant this installation belongs to: pinned at the first start, held to ever after.

A copy of a CRM carries the ids of live deals, so an installation that is pointed at another world must not write.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from shared.errors import CosellError, Misconfigured
from shared.ports import Cursors, Gateway

NAME = "world"
CRM, PARTNER = "dataverse", "partner_center"
AGAIN = 60.0  # seconds after which a wrong world is looked at again
SPOILT = (
    f'the row "{NAME}" of the table cosellstate cannot be read: restore it, or delete it once you have made sure that '
    "the settings lead to the right organisation and tenant"
)
RIGHT_FOR = 3600.0  # seconds; an environment can be copied over at the same address, and then has another id
TELLS = {
    CRM: "DATAVERSE_URL leads to the organisation {found}",
    PARTNER: "the Partner Center settings lead to the tenant {found}",
}


class Pinned:
    """Compares the world with the pinned one; asks once an hour, and more often only while it is wrong.

    `tenant` is Partner Center's where the settings name it; otherwise the gateway is asked.
    """

    def __init__(
        self,
        *,
        partner: Gateway,
        crm: Gateway,
        cursors: Cursors,
        tenant: str = "",
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._partner, self._crm, self._cursors = partner, crm, cursors
        self._tenant, self._tick = tenant, tick
        self._right = False
        self._lock = asyncio.Lock()
        self._again = float("-inf")
        self._problems: tuple[str, ...] = ()

    async def problems(self) -> tuple[str, ...]:
        """What is not as it was pinned. Raises what the gateways raise when they cannot tell."""
        async with self._lock:
            if self._tick() >= self._again:
                await self._look()
        return self._problems

    async def differences(self) -> tuple[str, ...]:
        """The same asked at once, for who only looks: nothing is pinned by it."""
        return tuple(_differences(_pins(await self._cursors.get(NAME)), await self.found()))

    async def _look(self) -> None:
        try:
            await self._compare()
        except CosellError:
            if not self._right:
                raise
            self._again = self._tick() + AGAIN  # it was right, and an outage is no other world
            return
        self._right = not self._problems
        self._again = self._tick() + (RIGHT_FOR if self._right else AGAIN)

    async def _compare(self) -> None:
        found = await self.found()
        while not await self._held_to(found):
            """Another worker pinned something in this moment: there are two names to pin, so this ends."""

    async def _held_to(self, found: dict[str, str]) -> bool:
        """Compare with what is pinned, and pin what is not; False where another worker was quicker."""
        text = await self._cursors.get(NAME)
        pinned = _pins(text)
        self._problems = tuple(_differences(pinned, found))
        if self._problems or pinned == pinned | found:
            return True
        return await self._cursors.swap(NAME, text, json.dumps(pinned | found))

    async def found(self) -> dict[str, str]:
        """The world that the settings lead to now, by the names that it is pinned under."""
        crm = (await self._crm.ping()).organisation
        partner = self._tenant or (await self._partner.ping()).organisation
        return {name: text.casefold() for name, text in ((CRM, crm), (PARTNER, partner)) if text}


def _differences(pinned: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return [
        f"{TELLS[name].format(found=found[name])}, but this installation belongs to {pinned[name]}: "
        "correct the setting, or give the other organisation an installation with a storage account of its own"
        for name in found
        if pinned.get(name, found[name]) != found[name]
    ]


def _pins(text: str | None) -> dict[str, Any]:
    """What is pinned; raises Misconfigured for what does not say it, since nobody can tell whose deals these are.

    What another release pinned besides stays as it is.
    """
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name, ""), str) for name in TELLS):
        raise Misconfigured((SPOILT,))
    return found


class Organisation:
    """The pinned Dataverse organisation, for the door that refuses another one's events; "" until it is pinned."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._known = ""

    async def __call__(self) -> str:
        if not self._known and (text := await self._cursors.get(NAME)):
            self._known = str(_pins(text).get(CRM, ""))
        return self._known
