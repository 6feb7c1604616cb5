"""Rows of the administrator's tool: printed as they come, several at once, and safe in a spreadsheet and a terminal."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.listing import listing
from cli.output import Output
from cli.pool import in_order
from cli.spreadsheet import STARTS, guarded, sheet
from shared.errors import CosellError

NASTY = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("http://x")']  # noqa: RUF001 - a formula too


@pytest.mark.parametrize("text", NASTY)
def test_a_formula_is_a_text_in_a_spreadsheet(text: str) -> None:
    """Whatever a cell begins with that would be calculated, an apostrophe comes first."""
    assert guarded(text) == f"'{text}"


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    """For any text; and a harmless one is not touched."""
    cell = guarded(text)
    assert not cell.startswith(STARTS)
    assert not cell.lstrip().startswith(STARTS)
    assert cell in (text, f"'{text}")


@given(st.lists(st.lists(st.text().filter(lambda text: "\x00" not in text), min_size=2, max_size=2), max_size=5))
def test_a_sheet_is_read_back_cell_by_cell(rows: list[list[str]]) -> None:
    """Commas, quotes and line ends stay inside their cells."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    file.seek(0)
    assert list(csv.reader(file)) == [[guarded(cell) for cell in row] for row in rows]


def test_a_sheet_is_its_owners_alone(tmp_path: Path) -> None:
    """It quotes deals; one that cannot be made is an error in words."""
    with sheet(tmp_path / "a.csv", ("one", "two")) as row:
        row(("=1", "x"))
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines() == ["one,two", "'=1,x"]
    assert (tmp_path / "a.csv").stat().st_mode & 0o077 == 0
    with pytest.raises(CosellError, match="cannot be written"), sheet(tmp_path / "no" / "a.csv", ("one",)):
        pass


def lines(output: Output) -> str:
    file = output.consoles[0].file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def printer() -> Output:
    return Output(consoles=(Console(file=io.StringIO(), width=80), Console(file=io.StringIO())))


def test_a_row_is_printed_when_it_comes() -> None:
    """One line each, in columns, without markup and without what a terminal obeys; nothing waits for the last row."""
    output = printer()
    with listing(output, "deals", {"id": 4, "reason": 0}) as row:
        row(("a", "[red]\x1b[31mred\u202e\nsecond line"))
        assert lines(output).splitlines() == ["id    reason", "a     [red] [31mred  second line"]


def test_a_long_cell_is_cut_and_the_last_one_is_not() -> None:
    """Columns stay columns; what was cut is whole in the document."""
    output = printer()
    with listing(output, "deals", {"id": 4, "reason": 0}) as row:
        row(("a" * 9, "b" * 99))
    assert lines(output).splitlines()[1] == f"aaa…  {'b' * 99}"


def test_rows_are_one_document_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    """Valid JSON with none, one and many rows."""
    for count in range(3):
        with listing(Output(json=True), "deals", {"id": 4, "reason": 0}) as row:
            for number in range(count):
                row((str(number), 'a "quoted"\nreason'))
        found = json.loads(capsys.readouterr().out)
        assert found["count"] == len(found["deals"]) == count
        assert all(one["reason"] == 'a "quoted"\nreason' for one in found["deals"])


async def numbers(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


async def drained(items: AsyncIterator[int]) -> list[int]:
    return [each async for each in items]


async def test_several_are_worked_on_at_once_and_come_in_order() -> None:
    """Never more than a few, and the slow ones hold nobody's place."""
    working = most = 0

    async def work(number: int) -> int:
        nonlocal working, most
        working += 1
        most = max(most, working)
        for _ in range(10 - number % 10):
            await asyncio.sleep(0)
        working -= 1
        return number

    assert await drained(in_order(numbers(50), work, at_once=4)) == list(range(50))
    assert 2 <= most <= 4


async def test_what_one_raises_ends_them_all() -> None:
    """Nobody goes on in the background."""
    ended = 0

    async def work(number: int) -> int:
        nonlocal ended
        try:
            await asyncio.sleep(0)
            if number == 3:
                raise CosellError("no")
            await asyncio.sleep(60 if number > 3 else 0)
        finally:
            ended += 1
        return number

    with pytest.raises(CosellError):
        await drained(in_order(numbers(50), work, at_once=4))
    assert len(asyncio.all_tasks()) == 1
