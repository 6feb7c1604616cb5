"""Writing a table for a spreadsheet: every cell is a text, and none becomes a formula when somebody opens the file.

A cell that begins with one of `= + - @`, a tab or a line break is a formula or a command to a spreadsheet (OWASP, "CSV
Injection"). In Excel's own format a cell says of itself that it is a text; in CSV an apostrophe before it says so, and
reading takes that apostrophe away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from cli.output import harmless
from shared.errors import Misconfigured

TEMPTING = ("=", "+", "-", "@", "\t", "\r", "\n")
MARK = "'"
WIDTH = 40  # characters of a column


def write_sheet(file: Path, tab: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A new file, .xlsx or .csv by its name; what is there stays. Raises Misconfigured."""
    made = {".xlsx": excel_bytes, ".csv": csv_bytes}.get(file.suffix.casefold())
    if made is None:
        raise Misconfigured((f"{file.name} is neither .xlsx nor .csv: call it one of them",))
    try:
        with file.open("xb") as opened:
            opened.write(made(tab, header, rows))
    except FileExistsError as error:
        raise Misconfigured((f"{file} is there already: name another, or move it away",)) from error
    except OSError as error:
        raise Misconfigured((f"{file} cannot be written ({error.strerror or error})",)) from error


def excel_bytes(tab: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet(tab)
    sheet.freeze_panes = "A2"
    for number in range(len(header)):
        sheet.column_dimensions[get_column_letter(number + 1)].width = WIDTH
    for bold, row in ((True, header), *((False, row) for row in rows)):
        cells = [WriteOnlyCell(sheet) for _ in row]
        for cell, text in zip(cells, row, strict=True):
            cell.value = harmless(text)
            cell.data_type = "s"  # said, not guessed: what begins with "=" stays a text
            cell.quotePrefix = text.startswith(TEMPTING)
            cell.font = Font(bold=bold)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_bytes(_tab: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """With the mark by which Excel knows UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[guarded(cell) for cell in row] for row in (header, *rows)])
    return out.getvalue().encode("utf-8-sig")


def guarded(text: str) -> str:
    """The text as a cell of a CSV file, which a spreadsheet takes for nothing but a text."""
    return f"{MARK}{text}" if text.startswith((*TEMPTING, MARK)) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` made the cell of; any other is as it is."""
    return cell[1:] if cell.startswith(MARK) and cell[1:].startswith((*TEMPTING, MARK)) else cell
