"""One Bicep file as its declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tree_sitter import Node

from tests.infra.bicep import NOISE, PARSER, Module, Output, Parameter, Resource, Value, name, string, text, value

FOLDER = Path(__file__).parents[2] / "infra"
# An assignment in a parameters file has no type, for which the grammar has no rule; a variable looks the same.
ASSIGNMENT = re.compile(r"^param ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A file and everything that it declares, by name."""

    path: Path
    root: Node = field(repr=False)
    parameters: Mapping[str, Parameter]
    variables: Mapping[str, Value]
    resources: tuple[Resource, ...]
    modules: tuple[Module, ...]
    outputs: Mapping[str, Output]

    @property
    def made(self) -> tuple[Resource, ...]:
        """Resources that this file makes, without those that it only refers to."""
        return tuple(one for one in self.resources if not one.existing)

    def resource(self, kind: str, symbol: str = "") -> Resource:
        """The one resource of this type (and name) that is made here."""
        found = [one for one in self.made if one.type == kind and symbol in ("", one.symbol)]
        if len(found) != 1:
            raise LookupError(f"{self.path.name} makes {len(found)} of {kind} {symbol}")
        return found[0]

    def module(self, symbol: str) -> Module:
        return next(one for one in self.modules if one.symbol == symbol)


@cache
def read(name: str) -> Template:
    """A file of infra/, by its path in there."""
    return parse(FOLDER / name, (FOLDER / name).read_text(encoding="utf-8"))


def parse(path: Path, source: str) -> Template:
    if path.suffix == ".bicepparam":
        source = ASSIGNMENT.sub("var ", source)
    root = PARSER.parse(source.encode("utf-8")).root_node
    decorated = tuple(with_decorators(root))
    kinds = {
        kind: [(one, said) for one, said in decorated if one.type == kind] for kind in {n.type for n, _ in decorated}
    }
    return Template(
        path=path,
        root=root,
        parameters={name(one): parameter(one, said) for one, said in kinds.get("parameter_declaration", ())},
        variables={name(one): value(one.named_children[-1]) for one, _ in kinds.get("variable_declaration", ())},
        resources=tuple(resource(one) for one, _ in kinds.get("resource_declaration", ())),
        modules=tuple(module(one) for one, _ in kinds.get("module_declaration", ())),
        outputs={name(one): output(one, said) for one, said in kinds.get("output_declaration", ())},
    )


def with_decorators(root: Node) -> Iterator[tuple[Node, Mapping[str, tuple[Value, ...]]]]:
    """Each declaration with the decorators that stand before it."""
    said: Mapping[str, tuple[Value, ...]] = {}
    for child in root.named_children:
        if child.type == "decorators":
            calls = [one.named_children[0] for one in child.named_children]
            said = {name(call): value_of_arguments(call) for call in calls}
        elif child.type not in NOISE:
            yield child, said
            said = {}


def value_of_arguments(call: Node) -> tuple[Value, ...]:
    return tuple(value(one) for one in call.named_children[-1].named_children)


def parameter(node: Node, said: Mapping[str, tuple[Value, ...]]) -> Parameter:
    kind = next(child for child in node.children if child.type == "type")
    default = [child for child in node.named_children if child.start_byte > kind.start_byte and child != kind]
    return Parameter(
        name=name(node),
        type=text(kind),
        default=value(default[-1]) if default else None,
        required=not default and not text(kind).endswith("?"),
        decorators=said,
    )


def resource(node: Node) -> Resource:
    kind, _, version = str(string(next(child for child in node.children if child.type == "string"))).partition("@")
    body, when, each = inside(node.named_children[-1])
    return Resource(
        symbol=name(node),
        type=kind,
        version=version,
        existing=any(child.type == "existing" for child in node.children),
        when=when,
        each=each,
        body=body,
    )


def module(node: Node) -> Module:
    path = str(string(next(child for child in node.children if child.type == "string")))
    body, when, _ = inside(node.named_children[-1])
    return Module(symbol=name(node), path=path, when=when, body=body)


def inside(node: Node) -> tuple[Mapping[str, Value], str, str]:
    """The object of a declaration, the condition and the loop around it."""
    when = each = ""
    while node.type in ("if_statement", "for_statement"):
        head = " ".join(text(child) for child in node.children[1:-1] if child.type not in ("object", "if_statement"))
        when, each = (head[1:-1], each) if node.type == "if_statement" else (when, head.rstrip(" :"))
        node = next(child for child in reversed(node.named_children) if child.type in ("object", "if_statement"))
    body: Mapping[str, Value] = value(node)
    return body, when, each


def output(node: Node, said: Mapping[str, tuple[Value, ...]]) -> Output:
    kind = next(child for child in node.children if child.type == "type")
    described = " ".join(str(said.get("description", ("",))[0]).split())
    return Output(name=name(node), type=text(kind), value=value(node.named_children[-1]), description=described)
