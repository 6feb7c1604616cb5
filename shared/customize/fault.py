"""What is wrong in `customize.yaml`, as one sentence that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from shared.customize.document import Document, Place
from shared.domain.oneline import one_line
from shared.errors import Misconfigured

SETTING = "CUSTOMIZE"
LONGEST_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something wrong: on which line, under which key, what is there, and what it may be."""

    line: int
    key: str
    shown: str
    may_be: str

    @property
    def where(self) -> str:
        return f"{SETTING} line {self.line}, {self.key}" if self.key else f"{SETTING} line {self.line}"

    def __str__(self) -> str:
        return f"{self.where} is {self.shown}; it may be {self.may_be}"


class Wrong(Misconfigured):
    """Everything that is wrong at once."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(tuple(map(str, faults)))
        self.faults = faults


def fault_at(document: Document, place: Place, may_be: str) -> Fault:
    """The fault of what is written at a place."""
    return Fault(line=document.line(place), key=_spelled(place), shown=_shown(document.at(place)), may_be=may_be)


def _spelled(place: Place) -> str:
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return short(words.removeprefix("."))


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return f'"{str(value).lower()}"'
    return f'"{short(str(value))}"' if isinstance(value, str | int | Decimal) else "there"


def short(text: str) -> str:
    """In one line, and not too long."""
    line = one_line(text)
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
