"""An Excel workbook as rows of texts, read row by row; formulas show what Excel computed last, links lead nowhere."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from openpyxl import load_workbook

from cli.sheets.sheet import MOST_COLUMNS, MOST_ROWS, BadSheet, Line, bounded
from cli.sheets.zipped import unpacked


def excel_lines(data: bytes, name: str, tab: str = "") -> list[Line]:
    """The lines of one tab. Raises BadSheet."""
    clean = unpacked(data, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that we do not look at, such as drop-down lists
            return list(bounded(name, _rows(clean, name, tab)))
    except BadSheet:
        raise
    except Exception as error:  # what the library's parsing runs into in a broken file is of any kind
        raise BadSheet(
            f"{name} cannot be read ({type(error).__name__}): open it in Excel and save it again as .xlsx"
        ) from error


def _rows(clean: bytes, name: str, tab: str) -> Iterator[list[str]]:
    book = load_workbook(io.BytesIO(clean), read_only=True, data_only=True, keep_links=False)
    shown = [sheet for sheet in book.worksheets if tab in ("", sheet.title) and (tab or sheet.sheet_state == "visible")]
    if not shown:
        tabs = ", ".join(f'"{sheet.title}"' for sheet in book.worksheets) or "none"
        lacks = f'no tab called "{tab}"' if tab else "no tab that is shown"
        raise BadSheet(f"{name} has {lacks}; its tabs are {tabs}")
    sheet = shown[0]
    sheet.reset_dimensions()  # a sheet's own word on its size is no more than that
    rows = sheet.iter_rows(max_row=MOST_ROWS + 1, max_col=MOST_COLUMNS + 1, values_only=True)
    yield from (_trimmed(map(_text, row)) for row in rows)


def _trimmed(cells: Iterable[str]) -> list[str]:
    """Without the empty cells at its end, which the library makes up."""
    row = list(cells)
    while row and not row[-1]:
        row.pop()
    return row


def _text(value: object) -> str:
    """A cell as a person reads it: 15974 and not 15974.0, TRUE and not True."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
