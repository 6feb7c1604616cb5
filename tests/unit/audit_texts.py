"""Every text of the code that a person could read, found in the source: literals, and f-strings with … for holes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(r"[a-z]{2,}[,;:.]? [a-z…]|… [a-z]{2,} |\. [A-Z]")  # more than one word: a key or a name is none
WORD = re.compile(r"[A-Za-z]{2}")
TELLERS = frozenset({"NotMet", "NeedsDecision", "Sentence", "spoken", "Note", "Move"})  # what reaches a seller


def modules() -> Iterator[Path]:
    """The core and the connectors: whoever else speaks, speaks to an administrator or a log."""
    for folder in ("domain", "sync", "connectors"):
        yield from sorted((ROOT / "shared" / folder).rglob("*.py"))
    yield ROOT / "shared/errors.py"


def name_of(module: Path) -> str:
    return module.relative_to(ROOT / "shared").as_posix()


def texts(module: Path) -> set[str]:
    """The texts of a module that are more than a word."""
    return {text for text in words(module) if WORDS.search(text)}


def words(module: Path) -> set[str]:
    """Every literal of a module, without its docstrings and without what is only a part of another literal."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    parts = set(map(id, _parts(tree)))
    found = (_text(node) for node in ast.walk(tree) if id(node) not in parts)
    return {text for text in found if WORD.search(text)}


def uncovered(message: str, known: Iterable[str]) -> str:
    """What of a message is in none of the known texts, holes apart."""
    covered: set[int] = set()
    for text in known:
        pieces = text.split("…")
        if not all(piece in message for piece in pieces):
            continue
        groups = (f"({re.escape(piece)})" if piece else "" for piece in pieces)
        for found in re.finditer(".+?".join(groups), message):
            for group in range(1, found.re.groups + 1):
                covered |= set(range(*found.span(group)))
    rest = "".join(" " if place in covered else letter for place, letter in enumerate(message))
    return " ".join(re.findall(r"[A-Za-z]+", rest))


def tells(module: Path) -> bool:
    """Does the module make anything whose words reach a seller?"""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    called = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return any(isinstance(name, ast.Name) and name.id in TELLERS for name in called)


def _parts(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value
        if isinstance(node, ast.JoinedStr):
            yield from node.values


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        pieces = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        return re.sub("…+", "…", "".join(pieces))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
