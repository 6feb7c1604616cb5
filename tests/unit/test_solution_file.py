"""A file of solution details: columns by their labels, and everything that is wrong told at once."""

from __future__ import annotations

import pytest

from cli.sheets import Line, Sheet
from cli.solution_file import HEADER, Checked, checked
from shared.domain.values import Solution

WHOLE = ("SOL-1", "Insights", "IP", "Fabrikam")
GERMAN = {"id": ("msft_solutionidentifier", "Lösungsbezeichner"), "name": ("msft_name", "Lösungsname")}
LENGTHS = {"id": 10, "name": 20}


def looked_at(*rows: tuple[str, ...]) -> Checked:
    lines = [Line(number, row) for number, row in enumerate(rows, start=1)]
    sheet = Sheet(header=lines[0], lines=tuple(lines[1:]))
    return checked(sheet, labels=lambda part: GERMAN.get(part, ()), length=LENGTHS.get)


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        ("Solution Identifier", "Solution Name", "Type", "Publisher Name"),
        ("solution_identifier *", "SOLUTION NAME", "type", "publisher"),
        ("Lösungsbezeichner", "Lösungsname", "Solution Type", "Publisher name"),
        ("msft_solutionidentifier", "msft_name", "Type", "Publisher"),
    ],
)
def test_columns_are_known_by_their_labels(header: tuple[str, ...]) -> None:
    """A column is known whatever its case and signs, in the organisation's languages, and by its logical name."""
    found = looked_at(header, WHOLE)

    assert found.problems == ()
    assert found.details == {2: Solution(id="SOL-1", name="Insights", type="IP", publisher="Fabrikam")}


def test_columns_may_come_in_any_order_and_others_of_an_export_are_passed_over() -> None:
    """What Dynamics 365 adds for itself to an exported view is not ours."""
    found = looked_at(("(Do Not Modify) Row Checksum", "Name", "Identifier"), ("x", "Insights", "SOL-1"))

    assert (found.problems, found.details) == ((), {2: Solution(id="SOL-1", name="Insights")})


WRONG: dict[str, tuple[tuple[tuple[str, ...], ...], tuple[int, str, str]]] = {
    "unknown column": ((("Identifier", "Name", "Colour"), ("SOL-1", "a", "red")), (1, "Colour", "no column")),
    "a column twice": ((("Identifier", "Name", "Solution ID"), ("S", "a", "S")), (1, "Solution ID", "the same as")),
    "no identifier column": ((("Name",), ("a",)), (1, "Solution Identifier", "is missing")),
    "no name column": ((("Identifier",), ("S",)), (1, "Solution Name", "is missing")),
    "no identifier": ((HEADER, ("", "a")), (2, "Solution Identifier", "is empty")),
    "no name": ((HEADER, ("S", "")), (2, "Solution Name", "is empty")),
    "twice": ((HEADER, ("SOL-1", "a"), ("sol-1", "b")), (3, "Solution Identifier", "in row 2 already")),
    "too long": ((HEADER, ("SOL-1", "x" * 21)), (2, "Solution Name", "takes 20")),
    "an error of Excel": ((HEADER, ("#N/A", "a")), (2, "Solution Identifier", "could not compute")),
    "a line break": ((HEADER, ("SOL-1", "a\nb")), (2, "Solution Name", "line breaks")),
    "an invisible character": ((HEADER, ("SOL\u202e-1", "a")), (2, "Solution Identifier", "cannot be seen")),
    "a cell astray": ((HEADER, ("SOL-1", "a", "", "", "b")), (2, "column 5", "without a title")),
    "no rows": ((HEADER,), (2, "", "no solution")),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_by_row_and_column(case: str) -> None:
    """Each kind of mistake names its row, its column and what to do."""
    rows, (row, column, what) = WRONG[case]
    (problem,) = looked_at(*rows).problems

    assert (problem.row, problem.column) == (row, column)
    assert what in problem.what


def test_everything_wrong_is_told_at_once() -> None:
    """Three mistakes in three rows are three lines, in the order of the rows."""
    found = looked_at(HEADER, ("", "a"), ("SOL-2", ""), ("x" * 11, "c"))

    assert [one.row for one in found.problems] == [2, 3, 4]
