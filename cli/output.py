"""How the tool speaks: tables and sentences for a person, or one JSON document for a program."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from textwrap import fill

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red"}


def _consoles() -> tuple[Console, Console]:
    return Console(highlight=False), Console(stderr=True, highlight=False)


@dataclass(frozen=True, kw_only=True)
class Output:
    """Everything printed goes through here. With `json` only `document` reaches standard output.

    Texts come from other people's records: they are printed as they are, never as markup, and without control
    characters that a terminal would obey.
    """

    json: bool = False
    consoles: tuple[Console, Console] = field(default_factory=_consoles)

    def say(self, text: str = "") -> None:
        """A sentence for a person, broken between words alone: an address can be copied, however long it is."""
        width = self._person.width
        lines = (
            fill(line, width, break_long_words=False, break_on_hyphens=False) for line in harmless(text).split("\n")
        )
        self._person.print(Text("\n".join(lines)), soft_wrap=True)

    def lines(self, texts: Sequence[str]) -> None:
        """Commands for a person to copy, each in one line however long: broken it would be two."""
        self._person.print(Text("\n".join(map(harmless, texts))), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: bool = False) -> None:
        """Rows of texts; a cell that is ok, warning or failed is coloured. `whole`: no name in front is broken."""
        made = Table(box=None, pad_edge=False, header_style="bold")
        for index, column in enumerate(columns):
            made.add_column(column, overflow="fold", no_wrap=whole and not index)
        for row in rows:
            made.add_row(*(Text(harmless(cell), style=COLOURS.get(cell, "")) for cell in row))
        self._person.print(made)

    def document(self, value: Mapping[str, object]) -> None:
        """The command's whole result for a program; nothing for a person."""
        if self.json:
            sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Progress]:
        """A bar on standard error where a person sees it, so that what is printed can be piped; advance task 0."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = self.consoles[1]
        with Progress(
            *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
        ) as bar:
            bar.add_task(title, total=total)
            yield bar

    @property
    def _person(self) -> Console:
        """With --json what is meant for a person goes to standard error."""
        return self.consoles[1] if self.json else self.consoles[0]


def counted(count: int, one: str) -> str:
    """How many of something with a regular plural, as a person says it."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def harmless(text: str) -> str:
    """A text without the characters that a terminal obeys or that turn its direction."""
    return "".join(each if each in "\n\t" or each.isprintable() else " " for each in text)
