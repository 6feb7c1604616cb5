"""A table of solution details, checked as a whole before any of it is used: what is wrong, where, and what to do.

Columns are known by their labels as people write them, with or without the asterisk of a required one, in any language
that the organisation has, or by their logical names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from cli.output import harmless
from cli.sheets import Line, Sheet
from shared.connectors.dynamics.schema import squeezed
from shared.domain.values import Solution

TAB = "Microsoft Solution Details"
TITLES: Mapping[str, str] = {
    "id": "Solution Identifier",
    "name": "Solution Name",
    "type": "Type",
    "publisher": "Publisher Name",
}
REQUIRED = ("id", "name")
HEADER = tuple(f"{title}*" if part in REQUIRED else title for part, title in TITLES.items())
# As people shorten them.
ALSO: Mapping[str, tuple[str, ...]] = {
    "id": ("Identifier", "Solution ID"),
    "name": ("Name",),
    "type": ("Solution Type",),
    "publisher": ("Publisher",),
}
# Columns of an exported view, by which Dynamics 365 knows its rows again.
NOT_OURS = "(do not modify)"
# What Excel shows in place of a value that it could not compute.
ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})

Labels = Callable[[str], tuple[str, ...]]
Length = Callable[[str], int | None]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is wrong in one place: `row` as the spreadsheet counts it, the column's title, and what to do."""

    row: int
    column: str
    what: str


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The details of a table by their row, or what is wrong with it; nothing is loaded while anything is."""

    details: Mapping[int, Solution]
    problems: tuple[Problem, ...]


def checked(sheet: Sheet, *, labels: Labels, length: Length) -> Checked:
    """The whole table; `labels` are an organisation's own words for a part, `length` its limit in characters."""
    places: dict[str, int] = {}
    problems = list(_header(sheet.header, labels, places))
    details: dict[int, Solution] = {}
    if not problems:
        lengths = {part: length(part) for part in places}
        for line in sheet.lines:
            problems += (*_line(line, places, lengths), *_astray(line, sheet.header))
            details[line.number] = Solution(**{part: line.cell(place) for part, place in places.items()})
        problems += _twice(details)
        problems += [] if details else [Problem(row=sheet.header.number + 1, column="", what="there is no solution")]
    return Checked(details=details, problems=tuple(sorted(problems, key=lambda one: one.row)))


def _header(header: Line, labels: Labels, places: dict[str, int]) -> Iterator[Problem]:
    """Fills in which column holds what."""
    known = {squeezed(word): part for part in TITLES for word in (TITLES[part], *ALSO[part], *labels(part)) if word}
    for index, title in enumerate(header.cells):
        if not title or title.casefold().startswith(NOT_OURS):
            continue
        part = known.get(squeezed(title))
        if part is None:
            expected = ", ".join(TITLES.values())
            what = f"no column of solution details is called so: delete it, or call it one of {expected}"
            yield Problem(row=header.number, column=_shown(title), what=what)
        elif part in places:
            what = f"it says the same as column {places[part] + 1}: delete one of them"
            yield Problem(row=header.number, column=_shown(title), what=what)
        else:
            places[part] = index
    for part in REQUIRED:
        if part not in places:
            what = "the column is missing: add it, and fill it in for every solution"
            yield Problem(row=header.number, column=TITLES[part], what=what)


def _line(line: Line, places: Mapping[str, int], lengths: Mapping[str, int | None]) -> Iterator[Problem]:
    for part, place in places.items():
        text = line.cell(place)
        if what := _wrong(part, text, lengths[part]):
            yield Problem(row=line.number, column=TITLES[part], what=what)


def _astray(line: Line, header: Line) -> Iterator[Problem]:
    """Text in a column without a title, as an unquoted delimiter in a CSV file leaves it."""
    for index, text in enumerate(line.cells):
        if text and not header.cell(index):
            what = "text in a column without a title: delete it, or put the cells of this row right"
            yield Problem(row=line.number, column=f"column {index + 1}", what=what)


def _wrong(part: str, text: str, most: int | None) -> str:
    if not text:
        return "it is empty: fill it in" if part in REQUIRED else ""
    if text in ERRORS:
        return f"Excel could not compute it ({text}): write the value itself"
    if harmless(text) != text or "\n" in text or "\t" in text:
        return "it holds line breaks or characters that cannot be seen: write it anew"
    if most is not None and len(text) > most:
        return f"it has {len(text)} characters and the column of Dynamics 365 takes {most}: shorten it"
    return ""


def _twice(details: Mapping[int, Solution]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for row, solution in details.items():
        if solution.key and first.setdefault(solution.key, row) != row:
            what = f'"{_shown(solution.id)}" is in row {first[solution.key]} already: delete one of the two rows'
            yield Problem(row=row, column=TITLES["id"], what=what)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - a line of a report
