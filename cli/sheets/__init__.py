"""Tables in Excel or CSV files: read within limits, and written so that no cell becomes a formula."""

from __future__ import annotations

from pathlib import Path

from cli.sheets.excel import excel_lines
from cli.sheets.sheet import LARGEST, BadSheet, Line, Sheet, sheet_of
from cli.sheets.text import text_lines
from cli.sheets.writing import write_sheet
from shared.errors import Misconfigured

__all__ = ["BadSheet", "Line", "Sheet", "read_bytes", "read_sheet", "write_sheet"]

ZIPPED, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
TEXTS = frozenset({".csv", ".tsv", ".txt"})


def read_sheet(file: Path, tab: str = "") -> Sheet:
    """The table in a file: of a workbook the tab of that name, else the first that is shown.

    Raises BadSheet, and Misconfigured where there is no such file.
    """
    try:
        with file.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise Misconfigured((f"{file} cannot be read ({error.strerror or error})",)) from error
    return read_bytes(data, file.name, tab)


def read_bytes(data: bytes, name: str, tab: str = "") -> Sheet:
    """The table in these bytes of a file; its name says what it is where the bytes do not."""
    if len(data) > LARGEST:
        raise BadSheet(f"{name} is larger than {LARGEST // 1024**2} MB: split it")
    suffix = Path(name).suffix.casefold()
    if data.startswith(OLD):
        raise BadSheet(f"{name} is an Excel file of the old kind, or has a password: save it as .xlsx without one")
    if data.startswith(ZIPPED) or suffix == ".xlsx":
        return sheet_of(name, excel_lines(data, name, tab))
    if suffix in TEXTS:
        return sheet_of(name, text_lines(data, name))
    raise BadSheet(f"{name} is neither .xlsx nor .csv: save it as one of them")
