"""`customize.yaml` from the setting to values, or to a list of what is wrong in it, each with its line and its key."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.customize.document import Document, Place, Unreadable, parsed
from shared.customize.fault import Fault, Wrong, fault_at, short
from shared.customize.model import Wishes
from shared.customize.source import source
from shared.customize.validation import faults_of


@dataclass(frozen=True, kw_only=True)
class Customization:
    """What is wished, and where it is written, so that whoever finds it impossible can say so."""

    wishes: Wishes = field(default_factory=Wishes)
    document: Document = field(default_factory=lambda: Document(content={}), repr=False, compare=False)

    @property
    def empty(self) -> bool:
        return self.wishes == Wishes()

    def fault(self, place: Place, may_be: str) -> Fault:
        return fault_at(self.document, place, may_be)


NONE = Customization()


def customization(setting: str, root: Path | None = None) -> Customization:
    """What the setting stands for. Raises Wrong."""
    if not setting:
        return NONE
    try:
        document = parsed(source(setting, root))
    except Unreadable as error:
        shown = f'"{short(setting)}"' if "\n" not in setting else "there"
        raise Wrong((Fault(line=error.line, key="", shown=shown, may_be=str(error)),)) from error
    content = {} if document.content is None else document.content
    try:
        return Customization(wishes=_wishes().validate_python(content), document=document)
    except ValidationError as error:
        raise Wrong(tuple(faults_of(error, document, json_schema()))) from error


def faults(setting: str, root: Path | None = None) -> tuple[Fault, ...]:
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
