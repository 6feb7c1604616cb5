"""The solution details of an organisation as a whole: to be listed, and loaded many at a time.

    file ─► Details that are there, by identifier ─► made | changed | as it is ─► change sets of a hundred

A detail is found by its identifier, whoever made it; a new one lies under an id that can be computed again, so that
loading the same file twice, or again after half of it, makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.batch import Operation
from shared.connectors.dynamics.calls import PAGE_SIZE, Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import Row, joined
from shared.connectors.dynamics.schema import SolutionNames, Table
from shared.connectors.dynamics.solutions import detail_body, detail_ident
from shared.domain.values import Ref, Solution

A_SET = 100  # rows that are written together or not at all; a batch takes 1,000


@dataclass(frozen=True, kw_only=True)
class Detail:
    """A detail row: its record, its version, and what it says."""

    ref: Ref
    version: str
    solution: Solution


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One wanted detail and what becomes of it: `body` is what has to be written, nothing where it is there."""

    solution: Solution
    ref: Ref
    version: str = ""  # "" for one that is made
    body: Mapping[str, Any]

    @property
    def made(self) -> bool:
        return not self.version

    @property
    def same(self) -> bool:
        return not self.body


@dataclass(frozen=True, kw_only=True)
class Library:
    """The details of one organisation; `table` is their metadata."""

    calls: Calls
    config: Config
    names: SolutionNames
    table: Table
    page_size: int = PAGE_SIZE

    @property
    def columns(self) -> Mapping[str, str]:
        """Column of each part of a solution, as far as this organisation has it: id, name, type, publisher."""
        names = self.names
        parts = {"id": names.identifier, "name": names.name, "type": names.type, "publisher": names.publisher}
        return {part: column for part, column in parts.items() if column}

    def labels(self, part: str) -> tuple[str, ...]:
        """What this organisation calls that column: its logical name and its label in every language."""
        column = self.columns.get(part, "")
        return (column, *self.table.columns[column].labels) if column in self.table else ()

    def length(self, part: str) -> int | None:
        """How many characters that column holds; None where nobody says."""
        return self.table.length(self.columns.get(part, ""))

    async def every(self) -> tuple[Detail, ...]:
        """All of them, the oldest first."""
        asked = {"$select": joined((self.names.detail_id, *self.columns.values())), "$orderby": "createdon asc"}
        return tuple(
            [self._detail(row) async for row in self.calls.every(self.names.detail_set, asked, self.page_size)]
        )

    def _detail(self, row: Row) -> Detail:
        names = self.names
        solution = Solution(
            id=row.text(names.identifier).strip(),
            name=row.text(names.name),
            type=row.text(names.type),
            publisher=row.text(names.publisher),
        )
        return Detail(ref=Ref(names.detail, row.text(names.detail_id).lower()), version=row.version, solution=solution)

    def planned(self, wanted: Iterable[Solution], held: Sequence[Detail]) -> list[Entry]:
        """What becomes of each; of several details with one identifier the oldest is the one that deals use."""
        known: dict[str, Detail] = {}
        for detail in held:
            known.setdefault(detail.solution.key, detail)
        taken = {detail.ref.id for detail in held}
        return [self._entry(solution, known.get(solution.key), taken) for solution in wanted]

    def _entry(self, solution: Solution, held: Detail | None, taken: set[str]) -> Entry:
        body = detail_body(self.names, solution)
        if held is None:
            ident = detail_ident(self.config.pair, solution, taken)
            return Entry(solution=solution, ref=Ref(self.names.detail, ident), body=body)
        there = detail_body(self.names, held.solution)
        # What the file leaves out is left alone: an empty cell takes nothing away.
        news = {name: text for name, text in body.items() if there.get(name) != text}
        return Entry(solution=solution, ref=held.ref, version=held.version, body=news)

    def sets(self, entries: Iterable[Entry]) -> Iterator[list[Entry]]:
        """What has to be written, as many at a time as go into one change set."""
        rest = [entry for entry in entries if not entry.same]
        yield from (rest[start : start + A_SET] for start in range(0, len(rest), A_SET))

    async def write(self, entries: Sequence[Entry]) -> None:
        """All of these or none. Raises Conflict where somebody edited one since it was read, and what else refuses."""
        await self.calls.commit([self._operation(entry) for entry in entries])

    def _operation(self, entry: Entry) -> Operation:
        path = f"{self.names.detail_set}({entry.ref.id})"
        return self.calls.patching(path, entry.body, match=entry.version)
