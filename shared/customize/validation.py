"""Pydantic's errors as faults of a file: each at its place, with what may stand there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from shared.customize.document import Document, Place
from shared.customize.fault import Fault, fault_at

MOST_FAULTS = 50
KEY = "a column by its logical name: lower-case letters, digits and underscores"
_KEY_ERRORS = frozenset({"unexpected_keyword_argument", "extra_forbidden"})


def faults_of(error: ValidationError, document: Document, schema: dict[str, Any]) -> Iterator[Fault]:
    """`schema` is the file's JSON Schema, which knows the keys of each place and the sentences about them."""
    for one in error.errors(include_url=False, include_context=True)[:MOST_FAULTS]:
        place = _placed(one["loc"], document)
        at = place[:-1] if one["type"] in _KEY_ERRORS else place
        yield fault_at(document, place, _may_be(one, _described(schema, at)))


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
