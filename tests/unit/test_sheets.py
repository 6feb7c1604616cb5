"""Tables from files: what is read, what is refused before it costs anything, and that no cell becomes a formula."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from cli.sheets import BadSheet, Sheet, read_bytes, read_sheet, write_sheet
from cli.sheets.sheet import LARGEST, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, MOST_TEXT
from cli.sheets.text import DELIMITERS
from cli.sheets.writing import csv_bytes, excel_bytes
from cli.sheets.zipped import DEEPEST, FEW_ELEMENTS, MOST_PARTS, MOST_UNPACKED
from shared.errors import Misconfigured

HEADER = ("Solution Identifier*", "Solution Name*")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", '=HYPERLINK("https://example.com")', "'quoted", "plain")
SHEET = "xl/worksheets/sheet1.xml"
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


def workbook(*rows: tuple[object, ...], hidden: bool = False) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    if hidden:
        book.create_sheet("Shown").append(["a"])
        sheet.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def changed(data: bytes, **parts: bytes | None) -> bytes:
    """The same zip with other parts: `sheet` is the first sheet, others are named by their file."""
    out = io.BytesIO()
    names = {"sheet": SHEET}
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        wanted = {one: old.read(one) for one in old.namelist()}
        wanted |= {names.get(name, name): text for name, text in parts.items() if text is not None}
        for name, text in wanted.items():
            new.writestr(name, text)
    return out.getvalue()


def cells(sheet: Sheet) -> list[tuple[str, ...]]:
    return [sheet.header.cells, *(line.cells for line in sheet.lines)]


@pytest.mark.parametrize("kind", [".xlsx", ".csv"])
def test_what_is_written_is_read_again(tmp_path: Path, kind: str) -> None:
    """A file that we write comes back cell for cell, also where a cell looks like a formula."""
    file = tmp_path / f"details{kind}"
    rows = [("SOL-1", text) for text in FORMULAS]
    write_sheet(file, "Details", HEADER, rows)

    assert cells(read_sheet(file)) == [HEADER, *((one, text.strip()) for one, text in rows)]


def test_no_cell_of_excel_is_a_formula() -> None:
    """In a workbook each cell says that it is a text, whatever it begins with."""
    book = load_workbook(io.BytesIO(excel_bytes("Details", HEADER, [FORMULAS[:2], FORMULAS[2:4]])))
    kinds = {cell.data_type for row in book["Details"].iter_rows() for cell in row}

    assert kinds <= {"s", "inlineStr"}


@pytest.mark.parametrize("text", FORMULAS[:6])
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    """In a CSV file an apostrophe stands before what a spreadsheet would compute."""
    line = csv_bytes("Details", ("a",), [(text,)]).decode("utf-8-sig").split("\r\n", 1)[1]

    assert line.lstrip('"').startswith("'")


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    """Writing never takes another file's place."""
    file = tmp_path / "details.csv"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(Misconfigured, match="there already"):
        write_sheet(file, "Details", HEADER, [])

    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_csv_is_read_as_excel_writes_it(encoding: str, delimiter: str) -> None:
    """Each of its encodings and delimiters leads to the same cells; quotes hold delimiters and line breaks."""
    lines = [("Identifier", "Name"), ("SOL-1", "Größe"), ("SOL-2", f"a{delimiter}b\nc")]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)

    assert cells(read_bytes(text.encode(encoding), "x.csv")) == lines


def test_excels_first_line_names_the_delimiter() -> None:
    """`sep=,` is believed, and rows are counted as Excel shows them."""
    sheet = read_bytes(b"sep=,\r\na;b,c\r\n1,2\r\n", "x.csv")

    assert (sheet.header.number, sheet.header.cells) == (2, ("a;b", "c"))


def test_cells_are_read_as_people_see_them() -> None:
    """Numbers without a point of the machine, yes and no as Excel shows them, empty rows left out and counted."""
    sheet = read_bytes(workbook(("a", "b"), (15974, 1.5), (None, None), (True, " x ")), "x.xlsx")

    assert [(line.number, line.cells) for line in sheet.lines] == [(2, ("15974", "1.5")), (4, ("TRUE", "x"))]


def test_the_first_tab_that_is_shown_is_read() -> None:
    """A hidden tab holds nothing for people; one that is asked for by name is read all the same."""
    data = workbook(("secret",), hidden=True)

    assert cells(read_bytes(data, "x.xlsx")) == [("a",)]
    assert cells(read_bytes(data, "x.xlsx", "Sheet")) == [("secret",)]
    with pytest.raises(BadSheet, match='its tabs are "Sheet", "Shown"'):
        read_bytes(data, "x.xlsx", "Nowhere")


def test_a_sheets_own_word_on_its_size_is_not_believed() -> None:
    """A dimension that says one cell hides no row."""
    data = workbook(("a",), ("b",))
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        text = old.read(SHEET).replace(b'ref="A1:A2"', b'ref="A1:A1"')

    assert cells(read_bytes(changed(data, sheet=text), "x.xlsx")) == [("a",), ("b",)]


def rows_of(*rows: str, head: bytes = b"") -> bytes:
    body = "".join(rows).encode()
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return head + start + body + b"</sheetData></worksheet>"


def text_cell(text: str) -> str:
    return f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'


REFUSED: dict[str, tuple[bytes, str]] = {
    "entities": (changed(workbook(("a",)), sheet=rows_of(text_cell("x"), head=ENTITIES)), "declares entities"),
    "an outside entity": (changed(workbook(("a",)), sheet=rows_of(text_cell("x"), head=OUTSIDE)), "declares entities"),
    "entities in UTF-16": (
        changed(workbook(("a",)), sheet=(ENTITIES.decode() + rows_of(text_cell("x")).decode()).encode("utf-16")),
        "declares entities",
    ),
    "entities in EBCDIC": (
        changed(
            workbook(("a",)),
            sheet=('<?xml version="1.0" encoding="cp037"?>' + ENTITIES.decode() + "<worksheet/>").encode("cp037"),
        ),
        "declares entities|damaged",
    ),
    "macros": (changed(workbook(("a",)), **{"xl/vbaProject.bin": b"x"}), "holds macros"),
    "a row far below": (changed(workbook(("a",)), sheet=rows_of('<row r="1048576"/>')), "rows below row"),
    "a row beyond all numbers": (changed(workbook(("a",)), sheet=rows_of(f'<row r="{"9" * 5000}"/>')), "rows below"),
    "too many rows": (changed(workbook(("a",)), sheet=rows_of(*["<row/>"] * (MOST_ROWS + 2))), "more than|cannot"),
    "depth": (changed(workbook(("a",)), sheet=b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1)), "unpacks to more"),
    "many small parts' elements": (
        changed(workbook(("a",)), **{"xl/styles.xml": b"<styleSheet>" + b"<x/>" * FEW_ELEMENTS + b"</styleSheet>"}),
        "unpacks to more",
    ),
    "many parts": (changed(workbook(("a",)), **{f"x{n}.xml": b"<x/>" for n in range(MOST_PARTS)}), "unpacks to more"),
    "no XML": (changed(workbook(("a",)), sheet=b"no XML"), "is damaged"),
    "no workbook": (changed(workbook(("a",)), **{"xl/workbook.xml": b"<workbook/>"}), "cannot be read|has no tab"),
    "a cut file": (workbook(("a",))[:-300], "no Excel file"),
    "the old kind": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "of the old kind, or has a password"),
    "no zip": (b"plain words", "no Excel file"),
    "nothing": (workbook(), "is empty"),
    "columns": (workbook(tuple("x" * (MOST_COLUMNS + 1))), "more than 100 columns"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_workbook_should_be_is_refused_in_words(name: str) -> None:
    """Each kind of bad workbook ends in a sentence that names the file and what to do."""
    data, words = REFUSED[name]
    with pytest.raises(BadSheet, match=words) as caught:
        read_bytes(data, "x.xlsx")

    assert str(caught.value).startswith("x.xlsx")


def bomb(announced: int | None = None) -> bytes:
    """A sheet of zeros that unpacks to more than may be; its directory may tell another size."""
    text = rows_of(text_cell("0" * (MOST_UNPACKED + 1024)))
    data = changed(workbook(("a",)), sheet=text)
    if announced is None:
        return data
    told, real = announced.to_bytes(4, "little"), len(text).to_bytes(4, "little")
    return data.replace(real, told)


@pytest.mark.parametrize("announced", [None, 1000])
def test_a_zip_bomb_costs_no_more_than_the_limit(announced: int | None) -> None:
    """A file that unpacks to 48 MB is refused by its own word, and one that lies about it is never unpacked whole."""
    data = bomb(announced)
    assert len(data) < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(BadSheet):
            read_bytes(data, "x.xlsx")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * 1024**2


def test_one_long_text_in_many_cells_is_no_table() -> None:
    """Cells that share a text are counted by what they hold, not by what lies in the file."""
    row = ("x" * LONGEST_CELL,) * MOST_COLUMNS
    with pytest.raises(BadSheet, match="more text than"):
        read_bytes(workbook(*[row] * (MOST_TEXT // LONGEST_CELL // MOST_COLUMNS + 1)), "x.xlsx")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\x81\x8d\x00", "no text"),
        (b'"a' + b"x" * 200_000, "is no CSV"),
        (b"a\n" * (MOST_ROWS + 1), "more than"),
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"x" * (LARGEST + 1), "larger than"),
    ],
)
def test_what_no_csv_file_should_be_is_refused_in_words(data: bytes, words: str) -> None:
    """Bytes that are no text, cells and files beyond the limits, and nothing at all."""
    with pytest.raises(BadSheet, match=words):
        read_bytes(data, "x.csv")


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    """What is neither Excel nor CSV is not guessed at, and a file that is not there is said to be missing."""
    with pytest.raises(BadSheet, match=r"neither \.xlsx nor \.csv"):
        read_bytes(b"a,b", "x.json")
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_sheet(tmp_path / "nowhere.csv")
