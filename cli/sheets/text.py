"""A CSV file as rows: in UTF-8 or as Excel writes it, with semicolons, commas or tabs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice

from cli.sheets.sheet import BadSheet, Line, bounded
from cli.sheets.writing import unguarded

DELIMITERS = (";", ",", "\t")
ENCODINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
SAID = "sep="  # Excel's own first line, which names the delimiter


def text_lines(data: bytes, name: str) -> Iterator[Line]:
    """The lines of a CSV file. Raises BadSheet for what is none."""
    text = _decoded(data, name)
    first, _, rest = text.partition("\n")
    said = first.rstrip("\r").casefold()
    if said.startswith(SAID) and len(said) == len(SAID) + 1:
        return bounded(name, _one_later(_rows(rest, said[-1], name)))
    return bounded(name, _rows(text, _delimiter(text, name), name))


def _decoded(data: bytes, name: str) -> str:
    """UTF-8 where it is that, else what Excel writes on Western systems (code page 1252)."""
    marked = next((encoding for mark, encoding in ENCODINGS.items() if data.startswith(mark)), "")
    for encoding in (marked,) if marked else ("utf-8", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadSheet(f"{name} is no text that can be read: save it as CSV UTF-8")


def _delimiter(text: str, name: str) -> str:
    """What cuts the first filled row into most cells."""
    return max(DELIMITERS, key=lambda delimiter: _width(text, delimiter, name))


def _width(text: str, delimiter: str, name: str) -> int:
    rows = islice(_rows(text, delimiter, name), 10)
    return next((len(row) for row in rows if any(cell.strip() for cell in row)), 0)


def _rows(text: str, delimiter: str, name: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in rows:
            yield [unguarded(cell) for cell in row]
    except csv.Error as error:
        raise BadSheet(f"{name}, line {rows.line_num} is no CSV ({error}): save it as CSV UTF-8") from error


def _one_later(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """The line that names the delimiter counts as a row."""
    yield []
    yield from rows
