"""Nothing that reads foreign text is missing from the table: found in the source, and seen at work on the samples."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.parsers import PARSERS
from tests.fuzz.served import ROOT

# What turns text into something else, by its last name: a call of it is a place that a parser of the table must reach.
READERS = frozenset(
    (
        *("loads", "decode", "raw_decode", "json", "decompress", "urlsplit", "safe_load", "compose"),
        *("model_validate", "model_validate_json", "validate_python", "validate_json"),
        *("fromisoformat", "strptime", "parsedate_to_datetime", "b64decode", "urlsafe_b64decode"),
        *("load_pem_x509_certificates", "load_der_x509_certificate"),
    )
)
NAMES = frozenset({"int", "UUID"})  # called on something that is no constant
# Not foreign, each with its reason.
OURS = {"shared/sync/retry.py: waiting calls int": "arithmetic"}
Place = tuple[str, int]


def readers() -> dict[Place, str]:
    """Every function of ours that calls one, by its file and first line."""
    found: dict[Place, str] = {}
    for file in sorted([*(ROOT / "shared").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                first = min([function.lineno, *(each.lineno for each in function.decorator_list)])
                if called := sorted(_called(function)):
                    name = str(file.relative_to(ROOT))
                    found[name, first] = f"{name}: {function.name} calls {', '.join(called)}"
    return found


def _called(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in READERS:
            yield called.attr
        elif isinstance(called, ast.Name) and called.id in NAMES and not _constant(node):
            yield called.id


def _constant(call: ast.Call) -> bool:
    return all(isinstance(argument, ast.Constant) for argument in call.args)


def seen() -> set[Place]:
    """Which functions of ours ran while every parser read its samples."""
    codes: set[CodeType] = set()

    def note(frame: FrameType, _event: str, _argument: Any) -> None:
        codes.add(frame.f_code)

    samples = {name: parser.samples() for name, parser in PARSERS.items()}
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        for name, parser in PARSERS.items():
            for sample in samples[name]:
                parser.tried(sample)
    finally:
        sys.setprofile(before)
    places = ((Path(code.co_filename), code.co_firstlineno) for code in codes)
    return {(str(file.relative_to(ROOT)), line) for file, line in places if file.is_relative_to(ROOT)}


def test_every_reader_is_reached_by_a_parser() -> None:
    """A new place that reads foreign text needs a line in a table of parsers, or its reason here."""
    reached = seen()
    missing = {what for place, what in readers().items() if place not in reached}

    assert missing == set(OURS)


def test_reading_is_recognised() -> None:
    """The places are found: some that are known, each by the call it is known for."""
    found = list(readers().values())
    for part in ("foreign_json.py: _read calls decode", "messages.py: decoded calls model_validate_json"):
        assert any(part in what for what in found)
