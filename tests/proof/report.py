"""The table, for a terminal and for docs/reliability.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.proof.figure import Figure, Harm, Proven

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- prove: begin -->", "<!-- prove: end -->"
HEAD = ("suite", "what was tried", "times", *Harm, "beside it")


def table(proven: Proven) -> str:
    """The figures as a table in Markdown, which reads well enough in a terminal."""
    rows = [HEAD, tuple("---" for _ in HEAD), *_rows(proven)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _rows(proven: Proven) -> Iterator[tuple[str, ...]]:
    for name, figures in proven.figures.items():
        for figure in figures:
            yield (name, figure.tried, _times(figure), *(str(figure.count(harm)) for harm in Harm), figure.found)


def _times(figure: Figure) -> str:
    return f"{figure.times:,} {figure.unit}"


def written(proven: Proven, *, every: bool, always: bool) -> str:
    """Put the table on its page, unless the page shows a longer run; says what was done."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    shown, _, after = rest.partition(END)
    longest = max((int(found.replace(",", "")) for found in re.findall(r"--runs ([\d,]+)", shown)), default=0)
    if not always and not (every and proven.scale.runs >= longest):
        return f"{PAGE.name} keeps the figures of a whole run with --runs {longest}; --write replaces them"
    said = f"`python dev.py prove --runs {proven.scale.runs}` with seeds from {proven.scale.seed}:"
    PAGE.write_text(f"{before}{BEGIN}\n{said}\n\n{table(proven)}\n{END}{after}", encoding="utf-8")
    return f"written to docs/{PAGE.name}"
