"""What a Bicep file says, read from its syntax tree: parameters, resources, module calls and outputs as plain values.

Microsoft's compiler cannot be had without the network, and Bicep's grammar for tree-sitter is a package of PyPI.
A value is a text, number, truth or none, a tuple or a mapping of such; whatever has to be computed is an `Expression`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_bicep.language()))
ESCAPES = {r"\'": "'", r"\\": "\\", r"\n": "\n", r"\t": "\t", r"\$": "$"}
NOISE = frozenset({"comment", "diagnostic_comment"})
Value = Any  # None, bool, int, str, tuple, Mapping or Expression


@dataclass(frozen=True)
class Expression:
    """A value that only a deployment knows: its text in one line, and its syntax."""

    text: str
    node: Node = field(repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    def __contains__(self, part: str) -> bool:
        return part in self.text


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """`param`: `default` is None and `required` true where it has none; decorators by their names."""

    name: str
    type: str
    default: Value
    required: bool
    decorators: Mapping[str, tuple[Value, ...]]

    @property
    def description(self) -> str:
        return " ".join(str(self.decorators.get("description", ("",))[0]).split())


@dataclass(frozen=True, kw_only=True)
class Resource:
    """`resource`: `when` is the condition's text, `each` the loop's, "" for none."""

    symbol: str
    type: str
    version: str
    existing: bool
    when: str
    each: str
    body: Mapping[str, Value]

    def at(self, path: str) -> Value:
        """The value at a path like `properties.networkAcls.bypass`; None where there is none."""
        value: Value = self.body
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return value


@dataclass(frozen=True, kw_only=True)
class Module:
    """`module`: what it calls, and what with."""

    symbol: str
    path: str
    when: str
    body: Mapping[str, Value]

    @property
    def given(self) -> Mapping[str, Value]:
        found: Mapping[str, Value] = self.body.get("params", {})
        return found


@dataclass(frozen=True, kw_only=True)
class Output:
    name: str
    type: str
    value: Value
    description: str


def text(node: Node) -> str:
    return node.text.decode("utf-8") if node.text else ""


def below(node: Node, *kinds: str) -> Iterator[Node]:
    """Every node of these kinds in this one, itself included."""
    if node.type in kinds:
        yield node
    for child in node.children:
        yield from below(child, *kinds)


def name(node: Node) -> str:
    return text(next(child for child in node.children if child.type == "identifier"))


def one_line(node: Node) -> str:
    return " ".join(text(node).split())


def string(node: Node) -> Value:
    if any(child.type == "interpolation" for child in node.children):
        return Expression(one_line(node), node)
    written = text(node)
    if written.startswith("'''"):
        return written[3:-3]
    return re.sub(r"\\.", lambda found: ESCAPES[found[0]], written[1:-1])


def array(node: Node) -> Value:
    return tuple(value(child) for child in node.named_children if child.type not in NOISE)


def mapping(node: Node) -> Value:
    pairs = (child for child in node.named_children if child.type == "object_property")
    return {key(pair): value(pair.named_children[-1]) for pair in pairs}


def key(pair: Node) -> str:
    first = pair.named_children[0]
    return str(string(first)) if first.type == "string" else text(first)


READERS: Mapping[str, Callable[[Node], Value]] = {
    "string": string,
    "array": array,
    "object": mapping,
    "number": lambda node: int(text(node)),
    "boolean": lambda node: text(node) == "true",
    "null": lambda _: None,
}


def value(node: Node) -> Value:
    """The node as a plain value, or as an expression."""
    if text(node).startswith("-") and text(node)[1:].isdigit():
        return int(text(node))
    reader = READERS.get(node.type)
    return reader(node) if reader else Expression(one_line(node), node)


def below_calls(node: Node) -> Iterator[str]:
    """Functions that are called anywhere in it."""
    for call in below(node, "call_expression"):
        yield text(call.named_children[0]).rpartition(".")[2]


def strings(node: Node) -> Iterator[str]:
    """Texts in it as they are written, with their quotation marks."""
    return (text(one) for one in below(node, "string"))
