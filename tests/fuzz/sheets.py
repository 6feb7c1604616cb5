"""What an administrator's own files bring: workbooks and CSV files, from whoever wrote them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from functools import cache

from openpyxl import Workbook

from cli.sheets import BadSheet, read_bytes
from cli.sheets.writing import csv_bytes, excel_bytes
from cli.solution_file import HEADER, checked
from tests.fuzz.parser import Parser

ROWS = [("SOL-1", "Insights", "IP", "Fabrikam"), ("=1+1", "Größe; und mehr", "-1", "@x")]
ENTITY = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet><sheetData/></worksheet>'


def _excel(data: bytes) -> object:
    return read_bytes(data, "details.xlsx")


def _csv(data: bytes) -> object:
    return read_bytes(data, "details.csv")


def _part(data: bytes) -> object:
    """The bytes as the sheet of a workbook that is whole otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_workbooks()[0])) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, data if name.startswith("xl/worksheets/") else old.read(name))
    return read_bytes(out.getvalue(), "details.xlsx")


def _details(data: bytes) -> object:
    """The whole way of a file to the details that would be loaded."""
    return checked(read_bytes(data, "details.csv"), labels=lambda part: (part,), length=lambda _: 20)


@cache
def _workbooks() -> Sequence[bytes]:
    """Made once: the time of its making is in a workbook, and changes its length."""
    book = Workbook()
    sheet = book.active
    if sheet is not None:
        sheet.append(["Identifier", 1, 1.5, True, None, "=A1"])
    out = io.BytesIO()
    book.save(out)
    return [excel_bytes("Details", HEADER, ROWS), out.getvalue()]


def _texts() -> Sequence[bytes]:
    whole = csv_bytes("Details", HEADER, ROWS)
    plain = whole.decode("utf-8-sig")
    return [whole, plain.encode("utf-16"), plain.replace(",", ";").encode("cp1252"), b"sep=;\r\n" + plain.encode()]


def _sheets() -> Sequence[bytes]:
    with zipfile.ZipFile(io.BytesIO(_workbooks()[0])) as packed:
        return [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/")] + [ENTITY]


REFUSALS = (BadSheet,)
PARSERS = (
    Parser(name="workbook", read=_excel, samples=_workbooks, allowed=REFUSALS),
    Parser(name="sheet-of-a-workbook", read=_part, samples=_sheets, allowed=REFUSALS),
    Parser(name="csv-file", read=_csv, samples=_texts, allowed=REFUSALS),
    Parser(name="solution-file", read=_details, samples=_texts, allowed=REFUSALS),
)
