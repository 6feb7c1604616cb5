"""YAML as plain values, each with its line: mappings, lists, texts, numbers and truth values, and nothing else.

What YAML has beyond that is refused before anything is made of it: tags make objects, an alias in an alias grows
without end, and a country called NO is no truth value (in YAML 1.1 it is one; here true and false alone are).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yaml.events import Event, NodeEvent, ScalarEvent

LARGEST = 64 * 1024  # bytes
DEEPEST = 10
MOST_NODES = 5000
LONGEST_KEY = 200
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_DECIMAL = re.compile(r"[-+]?\d{1,18}\.\d{1,18}")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

Place = tuple[str | int, ...]


class Unreadable(ValueError):
    """No YAML, or more than is taken: `line` is where (from 1), the text says what it may be."""

    def __init__(self, line: int, may_be: str) -> None:
        super().__init__(may_be)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Document:
    """The content, and the line of each key and element by its place."""

    content: Any
    lines: Mapping[Place, int] = field(default_factory=dict)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest one around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def at(self, place: Place) -> Any:
        """What is written at a place; None where nothing is."""
        node = self.content
        for part in place:
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                return None
        return node


def parsed(data: bytes) -> Document:
    """Raises Unreadable."""
    if len(data) > LARGEST:
        raise Unreadable(1, f"a file of up to {LARGEST // 1024} KB")
    import yaml  # noqa: PLC0415  a tenth of a second of every cold start, for those few who need it

    try:
        return _Reader(yaml.parse(data.decode("utf-8-sig"), Loader=yaml.SafeLoader)).document()
    except UnicodeDecodeError as error:
        raise Unreadable(1, "text in UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Unreadable(line, f"YAML ({error.problem or 'it cannot be read'})") from error
    except yaml.YAMLError as error:  # a character that YAML does not have
        raise Unreadable(1, "YAML without control characters") from error


class _Reader:
    """Values of a stream of events; events come one by one, so that a hostile file is left as soon as it shows."""

    def __init__(self, events: Iterator[Event]) -> None:
        self._events = events
        self._lines: dict[Place, int] = {}
        self._nodes = 0

    def document(self) -> Document:
        kinds = []
        content = None
        for event in self._events:
            kind = type(event).__name__
            kinds.append(kind)
            if kind == "DocumentStartEvent" and kinds.count(kind) > 1:
                raise Unreadable(_line(event), "one document, without a second ---")
            if kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentStartEvent", "DocumentEndEvent"):
                content = self._node(event, ())
        return Document(content=content, lines=self._lines)

    def _node(self, event: Event, place: Place) -> Any:
        self._nodes += 1
        self._lines.setdefault(place, _line(event))
        if self._nodes > MOST_NODES or len(place) > DEEPEST:
            raise Unreadable(_line(event), f"up to {MOST_NODES} entries, nested up to {DEEPEST} deep")
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise Unreadable(_line(event), "written out: aliases (*name) and anchors (&name) are not taken")
        if getattr(event, "tag", None):
            raise Unreadable(_line(event), "a plain value: tags (!name) are not taken")
        if kind == "ScalarEvent":
            return _scalar(event, _whole(event))  # type: ignore[arg-type]  # its name says so
        return self._mapping(place) if kind == "MappingStartEvent" else self._sequence(place)

    def _mapping(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._key(event)
            if key in found:
                raise Unreadable(_line(event), f'written once: "{key}" is here twice')
            self._lines[*place, key] = _line(event)
            found[key] = self._node(next(self._events), (*place, key))
        return found

    def _sequence(self, place: Place) -> list[Any]:
        found: list[Any] = []
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            found.append(self._node(event, (*place, len(found))))
        return found

    def _key(self, event: Event) -> str:
        if type(event).__name__ != "ScalarEvent" or getattr(event, "anchor", None) or getattr(event, "tag", None):
            raise Unreadable(_line(event), "a plain text before the colon")
        text = _whole(event)
        if not 0 < len(text) <= LONGEST_KEY or text == "<<":
            raise Unreadable(_line(event), f"a plain text of up to {LONGEST_KEY} characters before the colon")
        return text


def _line(event: Event | NodeEvent) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _whole(event: Event) -> str:
    """Its text; an escape may make half a character, which nobody could write anywhere."""
    text = str(getattr(event, "value", ""))
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise Unreadable(_line(event), "text of whole characters")
    return text


def _scalar(event: ScalarEvent, text: str) -> Any:
    """A quoted text is a text; a plain one may be a number, true, false or nothing."""
    if not event.implicit[0]:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _DECIMAL.fullmatch(text) else text
