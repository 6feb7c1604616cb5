"""The table, for a terminal and for docs/reliability.md, where every suite keeps its longest run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.proof.figure import Figure, Harm, Proven
from tests.proof.suites import SUITES

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- prove: begin -->", "<!-- prove: end -->"
HEAD = ("suite", "`--runs`", "what was tried", "times", *Harm, "beside it")
RUNS = HEAD.index("`--runs`")

Row = tuple[str, ...]
Rows = Mapping[str, tuple[Row, ...]]


def table(proven: Proven) -> str:
    """The figures as a table in Markdown, which reads well enough in a terminal."""
    return _drawn(_rows(proven))


def written(proven: Proven, *, always: bool) -> str:
    """Put each suite's rows on the page, unless it shows a longer run of that suite; says what was done."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    shown, _, after = rest.partition(END)
    kept, found = _read(shown), _rows(proven)
    news = {name: rows for name, rows in found.items() if always or proven.scale.runs >= _runs(kept.get(name, ()))}
    if news:
        PAGE.write_text(f"{before}{BEGIN}\n{_drawn(_ordered(kept | news))}\n{END}{after}", encoding="utf-8")
    longer = [name for name in found if name not in news]
    said = [f"written: {', '.join(news)}"] if news else []
    said += [f"keeps its longer run of {', '.join(longer)} (--write replaces it)"] if longer else []
    return f"docs/{PAGE.name}: {'; '.join(said)}"


def _rows(proven: Proven) -> dict[str, tuple[Row, ...]]:
    runs = f"{proven.scale.runs:,}"
    return {name: tuple(_row(name, runs, figure) for figure in figures) for name, figures in proven.figures.items()}


def _row(name: str, runs: str, figure: Figure) -> Row:
    counts = (f"{figure.count(harm):,}" for harm in Harm)
    return (name, runs, figure.tried, f"{figure.times:,} {figure.unit}", *counts, figure.found)


def _read(shown: str) -> dict[str, tuple[Row, ...]]:
    """The rows that the page has, by suite."""
    found: dict[str, tuple[Row, ...]] = {}
    for line in shown.strip().splitlines()[2:]:
        row = tuple(cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|"))
        found[row[0]] = (*found.get(row[0], ()), row)
    return found


def _runs(rows: Iterable[Row]) -> int:
    return max((int(row[RUNS].replace(",", "")) for row in rows), default=0)


def _ordered(rows: Rows) -> Rows:
    """In the order of the command line, and then whatever else there is."""
    return {name: rows[name] for name in (*SUITES, *(name for name in rows if name not in SUITES)) if name in rows}


def _drawn(rows: Rows) -> str:
    lines = [HEAD, tuple("---" for _ in HEAD), *(row for group in rows.values() for row in group)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
