"""What a query asks of our telemetry: which events and metrics, and which of their fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from shared.domain.code import Code
from shared.domain.deal import Flow
from shared.domain.outcome import Kind
from shared.domain.registering import Step
from shared.domain.values import Side
from shared.platform.telemetry_names import DEPENDENCY, EVENTS, METRICS

COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
STATEMENT = re.compile(r";\s*$", re.MULTILINE)
BOUND = re.compile(r"let\s+(\w+)\s*=\s*(.*)", re.DOTALL)
TABLE = re.compile(r"\bApp(?:Events|Metrics|Dependencies|Requests|Exceptions|Traces)\b")
NAMES = re.compile(r"\bName\s+(?:in|!in)\s*\(([^)]*)\)|\bName\s*(?:==|!=|startswith|has)\s*(\"[^\"]*\")")
WORD = re.compile(r"\"([^\"]*)\"")
FIELD = re.compile(r"\bProperties(?:\.(\w+)|\[\"([^\"]+)\"\])")


# What a field can be, where that is a closed set; a system is a side in events and has its title in metrics.
VALUES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "code": frozenset(Code),
        "outcome": frozenset(Kind) | frozenset(Step),
        "direction": frozenset(Flow) | {""},
        "system": frozenset(Side) | {"Dynamics 365", "Partner Center"},
        "status": frozenset({"1xx", "2xx", "3xx", "4xx", "5xx", "none"}),
    }
)
# Asked for already and not sent yet: the timer that renews the refresh token. Empty this with its merge.
AWAITED: frozenset[str] = frozenset()
ALIAS = re.compile(r"\b(\w+) = tostring\(Properties\.(\w+)\)")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One statement: the tables that it reads, itself or through others, the rows by name, and the fields.

    `values` are the texts that a field is compared with.
    """

    tables: frozenset[str]
    names: frozenset[str]
    fields: frozenset[str]
    values: frozenset[tuple[str, str]]

    def wrong(self) -> list[str]:
        """What it asks for and nobody sends."""
        known = {**EVENTS, **METRICS}
        wrong = [f"nothing is called {name}" for name in self.names - known.keys()]
        may = {field for name in self.names & known.keys() for field in known[name]}
        if "AppDependencies" in self.tables:
            may |= {*DEPENDENCY}
        wrong += [f"no field {field} of {sorted(self.names)}" for field in self.fields - may]
        wrong += [
            f"{field} is never {value}" for field, value in self.values if value not in VALUES.get(field, {value})
        ]
        return sorted(wrong)


def asked(query: str) -> Iterator[Asked]:
    """Statement by statement: a field is one of the rows that this statement reads, and not of another one's."""
    bound: dict[str, Asked] = {}
    for statement in STATEMENT.split(COMMENT.sub("", query)):
        named = BOUND.match(statement.strip())
        each = _asked(named[2] if named else statement, bound)
        if named:
            bound[named[1]] = each
        yield each


def _asked(text: str, bound: dict[str, Asked]) -> Asked:
    sources = [bound[word] for word in set(re.findall(r"\b\w+\b", text)) & bound.keys()]
    own = {word for found in NAMES.finditer(text) for word in WORD.findall(found[0])}
    # Names of its own narrow what it reads through another statement; without any, it reads all of that one's.
    through = frozenset[str]() if own else frozenset().union(*(each.names for each in sources))
    return Asked(
        tables=frozenset(TABLE.findall(text)).union(*(each.tables for each in sources)),
        names=frozenset(own) | through,
        fields=frozenset(first or second for first, second in FIELD.findall(text)),
        values=frozenset(_compared(text)),
    )


def _compared(text: str) -> Iterator[tuple[str, str]]:
    """Each field with each text that it is held against, also under another name."""
    for alias, field in [*ALIAS.findall(text), *((rf"tostring\(Properties\.{field}\)", field) for field in VALUES)]:
        for found in re.findall(rf"\b{alias}\s*(?:(?:==|!=|=~)\s*(\"[^\"]*\")|!?in\s*\(([^)]*)\))", text):
            yield from ((field, word) for word in WORD.findall("".join(found)))


def sent(folders: tuple[Path, ...]) -> frozenset[str]:
    """Every text in the code that asks telemetry for something: an event's name is one of them."""
    files = [file for folder in folders for file in folder.rglob("*.py")]
    return frozenset(name for file in files for name in _texts(file))


def _texts(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for scope in ast.walk(tree):
        if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef) and any(map(_tells, ast.walk(scope))):
            yield from (
                node.value for node in ast.walk(scope) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )


def _tells(node: ast.AST) -> bool:
    """A call `….event(…)`, as ports.Telemetry has it."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "event"
