"""Which organisation and tenant this installation belongs to: pinned at the first start, held to ever after.

A copy of a CRM carries the ids of live deals, so an installation that is pointed at another world must not write.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping

from shared.ports import Cursors, Gateway

NAME = "world"
CRM, PARTNER = "dataverse", "partner_center"
AGAIN = 60.0  # seconds after which a wrong world is looked at again
TELLS = {
    CRM: "DATAVERSE_URL leads to the organisation {found}",
    PARTNER: "the Partner Center settings lead to the tenant {found}",
}


class Pinned:
    """Compares the world with the pinned one; asks once a worker, and again only while it is wrong.

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
        self._asked = float("-inf")
        self._problems: tuple[str, ...] = ()

    async def problems(self) -> tuple[str, ...]:
        """What is not as it was pinned. Raises what the gateways raise when they cannot tell."""
        async with self._lock:
            if not self._right and self._tick() - self._asked >= AGAIN:
                await self._compare()
        return self._problems

    async def _compare(self) -> None:
        found = await self._found()
        while not await self._held_to(found):
            """Another worker pinned something in this moment: there are two names to pin, so this ends."""
        self._right, self._asked = not self._problems, self._tick()

    async def _held_to(self, found: dict[str, str]) -> bool:
        """Compare with what is pinned, and pin what is not; False where another worker was quicker."""
        text = await self._cursors.get(NAME)
        pinned = dict(json.loads(text)) if text else {}
        self._problems = tuple(_differences(pinned, found))
        if self._problems or pinned == pinned | found:
            return True
        return await self._cursors.swap(NAME, text, json.dumps(pinned | found))

    async def _found(self) -> dict[str, str]:
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


class Organisation:
    """The pinned Dataverse organisation, for the door that refuses another one's events; "" until it is pinned."""

    def __init__(self, cursors: Cursors) -> None:
        self._cursors = cursors
        self._known = ""

    async def __call__(self) -> str:
        if not self._known and (text := await self._cursors.get(NAME)):
            self._known = str(json.loads(text).get(CRM, ""))
        return self._known
