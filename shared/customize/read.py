"""`customize.yaml` from the setting to values, or to a list of what is wrong in it, each with its line and its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.customize.document import Document, Place, Unreadable, parsed
from shared.customize.model import Wishes
from shared.customize.source import ROOT, source
from shared.domain.oneline import one_line
from shared.errors import Misconfigured

SETTING = "CUSTOMIZE"
LONGEST_SHOWN = 80
MOST_FAULTS = 50
KEY = "a column by its logical name: lower-case letters, digits and underscores"
_KEY_ERRORS = frozenset({"unexpected_keyword_argument", "extra_forbidden"})


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


@dataclass(frozen=True, kw_only=True)
class Customization:
    """What is wished, and where it is written, so that whoever finds it impossible can say so."""

    wishes: Wishes = field(default_factory=Wishes)
    document: Document = field(default_factory=lambda: Document(content={}), repr=False, compare=False)

    @property
    def empty(self) -> bool:
        return self.wishes == Wishes()

    def fault(self, place: Place, may_be: str) -> Fault:
        return _fault(self.document, place, may_be)


NONE = Customization()


def customization(setting: str, root: Path = ROOT) -> Customization:
    """What the setting stands for. Raises Wrong."""
    if not setting:
        return NONE
    try:
        document = parsed(source(setting, root))
    except Unreadable as error:
        shown = f'"{_short(setting)}"' if "\n" not in setting else "there"
        raise Wrong((Fault(line=error.line, key="", shown=shown, may_be=str(error)),)) from error
    try:
        return Customization(wishes=_wishes().validate_python(document.content or {}), document=document)
    except ValidationError as error:
        raise Wrong(tuple(_faults(error, document))) from error


def faults(setting: str, root: Path = ROOT) -> tuple[Fault, ...]:
    """What is wrong in it, without anything that only Dynamics 365 could tell."""
    try:
        customization(setting, root)
    except Wrong as error:
        return error.faults
    return ()


@cache
def json_schema() -> dict[str, Any]:
    """For editors, and for what is said of a fault. A single value stands for a constant wherever one is given."""
    found = _wishes().json_schema(by_alias=True)
    plain = {"type": ["string", "number", "boolean"]}
    for name in ("Given", "Words"):
        found["$defs"][name] = {"anyOf": [plain, found["$defs"][name]]}
    found["$defs"]["Rule"] = {"anyOf": [{"const": "name_and_postal_code"}, found["$defs"]["Rule"]]}
    found["$defs"]["Rule"]["anyOf"][1]["properties"]["domain"] = {
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "customize.yaml"} | found


@cache
def _wishes() -> TypeAdapter[Wishes]:
    return TypeAdapter(Wishes)


def _faults(error: ValidationError, document: Document) -> Iterator[Fault]:
    schema = json_schema()
    for one in error.errors(include_url=False, include_context=True)[:MOST_FAULTS]:
        place = _placed(one["loc"], document)
        at = place[:-1] if one["type"] in _KEY_ERRORS else place
        yield _fault(document, place, _may_be(one, _described(schema, at)))


def _placed(loc: Place, document: Document) -> Place:
    """The part of pydantic's place that is written in the file."""
    place: Place = ()
    for part in loc:
        if part == "[key]":
            break
        if document.at((*place, part)) is None and (*place, part) not in document.lines:
            return (*place, part) if isinstance(part, str) and part != "constant" else place
        place = (*place, part)
    return place


def _may_be(one: Any, described: Mapping[str, Any]) -> str:
    keys = ", ".join(sorted(described.get("properties", {})))
    if one["type"] in ("value_error", "literal_error"):
        return str(one["ctx"]["error" if one["type"] == "value_error" else "expected"])
    if "[key]" in one["loc"]:
        return KEY
    if keys:
        return f"one of {keys}" if one["type"] in _KEY_ERRORS else f"a mapping with {keys}"
    if described.get("description"):
        return str(described["description"])
    return str(one["msg"]).removeprefix("Input should be ")


def _described(schema: dict[str, Any], place: Place) -> Mapping[str, Any]:
    """The schema of what is at a place."""
    node: Any = schema
    for part in place:
        node = _resolved(schema, node)
        below = node.get("properties", {}).get(part) or next(iter(node.get("patternProperties", {}).values()), None)
        node = below if below is not None else node.get("items") or node.get("additionalProperties") or {}
        node = node if isinstance(node, dict) else {}
    return _resolved(schema, node)


def _resolved(schema: dict[str, Any], node: Any) -> dict[str, Any]:
    """The object behind a reference, and of several ways the one with keys."""
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            node = schema["$defs"][str(node["$ref"]).rpartition("/")[2]]
        else:
            ways = [way for way in node["anyOf"] if way.get("type") != "null"]
            node = next((way for way in ways if "properties" in way or "$ref" in way), ways[0])
    return dict(node)


def _fault(document: Document, place: Place, may_be: str) -> Fault:
    return Fault(line=document.line(place), key=_spelled(place), shown=_shown(document.at(place)), may_be=may_be)


def _spelled(place: Place) -> str:
    words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return _short(words.removeprefix("."))


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return f'"{str(value).lower()}"'
    return f'"{_short(str(value))}"' if isinstance(value, str | int | Decimal) else "there"


def _short(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= LONGEST_SHOWN else f"{line[: LONGEST_SHOWN - 1]}…"
