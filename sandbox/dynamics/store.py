"""The rows, the global version counter and the deletions, with all-or-nothing transactions."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """What a lookup holds."""

    table: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Deletion:
    version: int
    table: str
    id: str


class Store:
    """Rows are replaced and never changed in place, so an undo is the old row."""

    def __init__(self, seed: int = 0) -> None:
        self.rows: dict[str, dict[str, Row]] = {}
        self.links: dict[str, set[tuple[str, str]]] = {}
        self.deletions: list[Deletion] = []
        # Above what a fresh organisation has, so that nobody mistakes a version for a count.
        self.version = 1_000_000
        self._seed = seed
        self._random = random.Random(seed)  # noqa: S311 - repeatable ids, not secrets
        self._undo: list[Callable[[], object]] | None = None

    def restore(self, version: int) -> None:
        """Go on from a kept version, with ids that were not given out before it."""
        self.version = version
        self._random.seed(f"{self._seed}/{version}")

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def next_version(self) -> int:
        self.version += 1
        return self.version

    def table(self, name: str) -> dict[str, Row]:
        return self.rows.setdefault(name, {})

    def get(self, table: str, row_id: str) -> Row | None:
        return self.table(table).get(row_id)

    def of(self, ref: Ref | None) -> Row | None:
        return self.get(ref.table, ref.id) if ref else None

    def put(self, table: str, row_id: str, row: Row) -> None:
        rows = self.table(table)
        before = rows.get(row_id)
        rows[row_id] = row
        self._on_undo(lambda: rows.pop(row_id, None) if before is None else rows.__setitem__(row_id, before))

    def remove(self, table: str, row_id: str) -> None:
        rows = self.table(table)
        before = rows.pop(row_id)
        deletion = Deletion(version=self.next_version(), table=table, id=row_id)
        self.deletions.append(deletion)
        self._on_undo(lambda: rows.__setitem__(row_id, before))
        self._on_undo(lambda: self.deletions.remove(deletion))

    def link(self, relation: str, first: str, second: str) -> bool:
        """Whether the pair is new."""
        pairs = self.links.setdefault(relation, set())
        if (first, second) in pairs:
            return False
        pairs.add((first, second))
        self._on_undo(lambda: pairs.discard((first, second)))
        return True

    def unlink(self, relation: str, first: str, second: str) -> None:
        pairs = self.links.setdefault(relation, set())
        if (first, second) in pairs:
            pairs.discard((first, second))
            self._on_undo(lambda: pairs.add((first, second)))

    def children(self, table: str, column: str, parent: str) -> list[Row]:
        found = ((row, row.get(column)) for row in self.table(table).values())
        return [row for row, ref in found if isinstance(ref, Ref) and ref.id == parent]

    def _on_undo(self, action: Callable[[], object]) -> None:
        if self._undo is not None:
            self._undo.append(action)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Versions are not given back, as nowhere. A nested transaction is part of the outer one."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            for action in reversed(self._undo):
                action()
            raise
        finally:
            self._undo = None
