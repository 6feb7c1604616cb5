"""Rows that are printed as they come, however many there are: lines for a person, one JSON document for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.text import Text

from cli.output import Output, harmless

Row = Callable[[Sequence[str]], None]


@contextmanager
def listing(output: Output, name: str, columns: Mapping[str, int]) -> Iterator[Row]:
    """Call what comes out with each row's cells; `columns` are titles and widths, in characters (0 for the last one).

    The document is `{name: [{column: cell}], "count": n}`. Nothing but its end waits for the last row.
    """
    with _document(name, tuple(columns)) if output.json else _lines(output, columns) as row:
        yield row


@contextmanager
def _lines(output: Output, columns: Mapping[str, int]) -> Iterator[Row]:
    console = output.consoles[0]
    widths = tuple(columns.values())

    def line(cells: Sequence[str], style: str = "") -> None:
        texts = (_fitted(harmless(cell).replace("\n", " "), width) for cell, width in zip(cells, widths, strict=True))
        console.print(Text("  ".join(texts).rstrip(), style=style), soft_wrap=True)

    line(tuple(columns), "bold")
    yield line


def _fitted(text: str, width: int) -> str:
    """Within its column; the last one, of width 0, is as long as it is. --json has every text whole."""
    return f"{text[: width - 1]}…" if width and len(text) > width else text.ljust(width)


@contextmanager
def _document(name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    count = 0

    def element(cells: Sequence[str]) -> None:
        nonlocal count
        text = json.dumps(dict(zip(columns, cells, strict=True)), ensure_ascii=False)
        sys.stdout.write(f"{',' if count else ''}\n  {text}")
        count += 1

    sys.stdout.write(f"{{{json.dumps(name)}: [")
    yield element
    sys.stdout.write(f'\n], "count": {count}}}\n')
