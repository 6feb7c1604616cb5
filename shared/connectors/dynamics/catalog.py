"""The solution rows to add to an opportunity or take from it, and the detail rows that they point to."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.connectors.dynamics.batch import Operation
from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import Row, any_of, joined
from shared.connectors.dynamics.schema import SolutionNames
from shared.connectors.dynamics.solutions import (
    added,
    by_identifier,
    detail_body,
    detail_ident,
    removed,
    row_body,
    row_ident,
)
from shared.domain import deal
from shared.domain.values import Group, Solution, Values
from shared.errors import NeedsDecision

MOST_TRIES = 20


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Writes solutions of one organisation; without `names` there is nothing to write."""

    calls: Calls
    config: Config
    names: SolutionNames | None

    def missing(self, values: Values, row: Row | None) -> Sequence[Solution]:
        """What has to be added, in a stable order."""
        wanted = values.get(deal.SOLUTIONS)
        return added(wanted, row, self.names) if self.names and isinstance(wanted, Group) else ()

    async def details(self, solutions: Sequence[Solution]) -> Mapping[str, str]:
        """Ids of the detail rows by the solution's key; one that is not there yet is made, under a chosen id."""
        if not self.names or not solutions:
            return {}
        names = self.names
        asked = {
            "$select": joined((names.detail_id, names.identifier)),
            "$filter": any_of(names.identifier, [solution.id.strip() for solution in solutions]),
            "$orderby": "createdon asc",
        }
        found = dict(by_identifier(await self.calls.list(names.detail_set, asked), names))
        for solution in solutions:
            if solution.key not in found:
                found[solution.key] = await self._make(solution, names)
        return found

    async def _make(self, solution: Solution, names: SolutionNames) -> str:
        """A detail under the chosen id; where the one of that id says another solution by now, under the next."""
        taken = set[str]()
        while len(taken) < MOST_TRIES:
            ident = detail_ident(self.config.pair, solution, taken)
            path = f"{names.detail_set}({ident})"
            made = await self.calls.make(path, detail_body(names, solution), select=names.detail_id)
            if made is not None or await self._says(path, solution, names):
                return ident
            taken.add(ident)
        raise NeedsDecision(
            f"The detail rows that were made for the solution {solution.id} all say other solutions by now",
            advice="Give one of the rows of Microsoft Solution Details this identifier, then replay",
        )

    async def _says(self, path: str, solution: Solution, names: SolutionNames) -> bool:
        """Is the detail that is there the one that is meant? Another worker may have made it just now."""
        row = await self.calls.get(path, {"$select": names.identifier})
        return row is not None and row.text(names.identifier).strip().casefold() == solution.key

    def additions(
        self,
        opportunity: str,
        solutions: Iterable[Solution],
        details: Mapping[str, str],
        taken: Container[str] = (),
    ) -> list[Operation]:
        """Rows for these solutions, under other ids than those that are `taken`."""
        if not self.names:
            return []
        return [self._addition(self.names, opportunity, one, details[one.key], taken) for one in solutions]

    def _addition(
        self, names: SolutionNames, opportunity: str, solution: Solution, detail: str, taken: Container[str]
    ) -> Operation:
        path = f"{names.row_set}({row_ident(self.config.pair, opportunity, solution, taken)})"
        return self.calls.patching(path, row_body(names, opportunity, detail))

    def rows_of(self, row: Row) -> Container[str]:
        """Ids of the rows that an opportunity has: one of ours may point to another solution by now."""
        names = self.names
        return {child.text(names.row_id).lower() for child in row.children(names.collection)} if names else ()

    async def orphans(self, opportunity: str, solutions: Iterable[Solution]) -> frozenset[str]:
        """Ids of rows that were made for these solutions and whose opportunity is gone."""
        names, taken = self.names, set[str]()
        if not names:
            return frozenset()
        for solution in solutions:
            for _ in range(MOST_TRIES):
                ident = row_ident(self.config.pair, opportunity, solution, taken)
                if await self.calls.get(f"{names.row_set}({ident})", {"$select": names.row_id}) is None:
                    break
                taken.add(ident)
        return frozenset(taken)

    def removals(self, values: Values, row: Row) -> list[Operation]:
        wanted = values.get(deal.SOLUTIONS)
        if not self.names or not isinstance(wanted, Group | None) or deal.SOLUTIONS not in values:
            return []
        names = self.names
        return [self.calls.deleting(f"{names.row_set}({ident})") for ident in removed(wanted or Group(), row, names)]
