"""Calls for provisioning: rows and definitions read whole, changes made one at a time and again where time mends them.

What is refused while another change runs (0x80071151, 0x80071154) and what a server does not know yet (it takes a new
name up to half a minute to be known everywhere) are the vendor's own advice to repeat:
learn.microsoft.com/power-apps/developer/data-platform/webapi/create-update-entity-definitions-using-web-api.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.odata import Row, row_of, rows_of
from shared.connectors.dynamics.verdicts import UnknownName
from shared.connectors.rest import Answer, Missing, Rest
from shared.errors import Refused, RemoteError

PATIENCE = 180.0  # seconds: adding a column alone may take more than ten
BUSY = frozenset({"0x80071151", "0x80071154"})
# Somebody has made it meanwhile, or the answer to our own call was lost.
EXISTS = frozenset({"0x80047013", "0x80060304", "0x80047010", "0x8004f023", "0x80060893", "0x80060894"})
LAG: Sequence[float] = (3.0, 7.0, 10.0, 10.0)
QUEUED: Sequence[float] = (2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
STRONG = {"Consistency": "Strong"}  # read past the cache of definitions


@dataclass(frozen=True, kw_only=True)
class Dataverse:
    """One environment; `solution` is the unique name of the solution that whatever is made joins."""

    rest: Rest
    solution: str
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def row(self, path: str, **options: str) -> Row | None:
        """One row or definition, None where there is none."""
        try:
            answer = await self.rest.call("GET", path, params=_options(options), headers=STRONG)
        except Missing:
            return None
        return row_of(answer.json())

    async def rows(self, path: str, **options: str) -> tuple[Row, ...]:
        """All pages of a list."""
        found: list[Row] = []
        url, params = path, _options(options)
        while url:
            body = (await self.rest.call("GET", url, params=params, headers=STRONG)).json()
            found += rows_of(body)
            url, params = row_of(body).text("@odata.nextLink"), None
        return tuple(found)

    async def create(self, path: str, body: Mapping[str, Any], *, join: bool = True) -> None:
        """A POST that joins our solution; what exists by now is as good as made."""
        headers = {"MSCRM.SolutionUniqueName": self.solution} if join else {}
        try:
            await self.change("POST", path, body, headers)
        except Refused as error:
            if error.remote.code.casefold() not in EXISTS:
                raise

    async def patch(self, path: str, body: Mapping[str, Any], *, match: str = "*") -> None:
        await self.change("PATCH", path, body, {"If-Match": match})

    async def delete(self, path: str) -> None:
        """What is gone already is deleted."""
        try:
            await self.change("DELETE", path, None, {}, known=False)
        except Missing:
            return

    async def change(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str],
        *,
        known: bool = True,
    ) -> Answer:
        """One write. With `known` an unknown name is one that the server has not heard of yet."""
        lag, queued = iter(LAG if known else ()), iter(QUEUED)
        while True:
            try:
                return await self.rest.call(method, path, headers={**STRONG, **headers}, json=body)
            except RemoteError as error:
                busy = error.remote.code.casefold() in BUSY
                unheard = isinstance(error, (Missing, UnknownName))
                wait = next(queued, None) if busy else next(lag, None) if unheard else None
                if wait is None:
                    raise
            await self.sleep(wait)


def _options(given: Mapping[str, str]) -> dict[str, str] | None:
    """`select="a,b"` → `$select`."""
    return {f"${name}": value for name, value in given.items()} or None
