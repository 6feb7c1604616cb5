"""Which deals show a record that lies beside them: a row of their solutions, or the detail that rows point to.

A deal's own version does not move with either, and an event of either need not say which deal it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import is_guid
from shared.connectors.dynamics.schema import SolutionNames
from shared.connectors.dynamics.vocabulary import OPEN
from shared.domain.values import Ref

AT_ONCE = 25  # details in one query: its address stays short


@dataclass(frozen=True, kw_only=True)
class Showing:
    """Looks deals up in one organisation."""

    calls: Calls
    config: Config
    names: SolutionNames

    async def deals(self, beside: Ref) -> tuple[str, ...]:
        """Ids of the opportunities that show this record; none for any other kind of record."""
        if not is_guid(beside.id):
            return ()
        if beside.kind == self.names.row:
            return await self._of_row(beside.id)
        return await self.of_details((beside.id,)) if beside.kind == self.names.detail else ()

    async def _of_row(self, ident: str) -> tuple[str, ...]:
        query = {"$select": f"_{self.names.opportunity}_value"}
        row = await self.calls.get(f"{self.names.row_set}({ident})", query)
        found = row.lookup(self.names.opportunity) if row else ""
        return (found,) if found else ()

    async def of_details(self, idents: Iterable[str]) -> tuple[str, ...]:
        """Ids of the open opportunities to be synchronised that have a row with one of these details."""
        wanted = [ident for ident in idents if is_guid(ident)]
        found: set[str] = set()
        for start in range(0, len(wanted), AT_ONCE):
            found |= await self._some(wanted[start : start + AT_ONCE])
        return tuple(sorted(found))

    async def _some(self, idents: Sequence[str]) -> set[str]:
        names, opportunity = self.names, self.names.opportunity_bind
        any_of = " or ".join(f"_{names.detail_column}_value eq {ident}" for ident in idents)
        live = f"{opportunity}/statecode eq {OPEN} and {opportunity}/{self.config.names.sync} eq true"
        query = {"$select": f"_{names.opportunity}_value", "$filter": f"({any_of}) and {live}"}
        rows = [row async for row in self.calls.every(names.row_set, query)]
        return {ident for row in rows if (ident := row.lookup(names.opportunity))}
