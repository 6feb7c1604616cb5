"""Rows as a CSV file that a spreadsheet opens, and that no cell of makes it calculate anything.

A cell that begins like a formula is one to a spreadsheet, whoever wrote the text: an apostrophe before it keeps it a
text (https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shared.errors import Misconfigured

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets read these alike
OWNER_ALONE = 0o600  # a report quotes deals

Row = Callable[[Sequence[str]], None]


def guarded(text: str) -> str:
    """A text that is only ever a text."""
    return f"'{text}" if text.startswith(STARTS) or text.lstrip().startswith(STARTS) else text


@contextmanager
def sheet(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """Call what comes out with each row; the file is its owner's alone. Raises Misconfigured where none can be made."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE)
    except OSError as error:
        raise Misconfigured((f"{path} cannot be written ({error.strerror})",)) from error
    with open(descriptor, "w", encoding="utf-8-sig", newline="") as file:  # noqa: PTH123 - an open descriptor
        writer = csv.writer(file)
        writer.writerow(columns)

        def row(cells: Sequence[str]) -> None:
            writer.writerow([guarded(cell) for cell in cells])

        yield row
