"""A table as texts, and how much of one is read: the limits are far beyond any catalogue of solutions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.errors import CosellError

LARGEST = 10 * 1024**2  # bytes of a file
MOST_ROWS = 20_000
MOST_COLUMNS = 100
LONGEST_CELL = 32_767  # characters, as in Excel
MOST_TEXT = 16 * 1024**2  # characters of all cells: one long text may stand in many of them


class BadSheet(CosellError):
    """The file cannot be read as a table; the text says what to do about it."""


@dataclass(frozen=True)
class Line:
    """One row: its number as a spreadsheet shows it, from 1, and its cells without the white space around them."""

    number: int
    cells: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not any(self.cells)

    def cell(self, index: int) -> str:
        return self.cells[index] if index < len(self.cells) else ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table whose first row names its columns; rows without any text are left out."""

    header: Line
    lines: tuple[Line, ...]


def sheet_of(name: str, lines: Iterable[Line]) -> Sheet:
    """The table of these lines. Raises BadSheet for one without a header."""
    filled = [line for line in lines if not line.empty]
    if not filled:
        raise BadSheet(f"{name} is empty: its first row names the columns")
    return Sheet(header=filled[0], lines=tuple(filled[1:]))


def bounded(name: str, rows: Iterable[Iterable[str]]) -> Iterator[Line]:
    """Rows as lines, as long as they stay within the limits."""
    text = 0
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise BadSheet(f"{name} has more than {MOST_ROWS:,} rows: delete the empty ones below, or split it")
        cells = tuple(row)
        if len(cells) > MOST_COLUMNS:
            raise BadSheet(f"{name}, row {number}: more than {MOST_COLUMNS} columns: delete those that are not needed")
        text += sum(map(len, cells))
        if text > MOST_TEXT or any(len(cell) > LONGEST_CELL for cell in cells):
            raise BadSheet(f"{name}, row {number}: there is more text than a table of this kind can hold")
        yield Line(number, tuple(cell.strip() for cell in cells))
