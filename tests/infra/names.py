"""Names in a Bicep file: which are declared, which are used, and where the file cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from tests.infra.bicep import below, name, text
from tests.infra.template import Template

DECLARED = frozenset(
    {
        "parameter_declaration",
        "variable_declaration",
        "resource_declaration",
        "module_declaration",
        "type_declaration",
        "user_defined_function",
    }
)
# https://learn.microsoft.com/azure/azure-resource-manager/bicep/bicep-functions
FUNCTIONS = frozenset(
    [
        "array",
        "base64",
        "bool",
        "cidrSubnet",
        "concat",
        "contains",
        "empty",
        "endsWith",
        "environment",
        "filter",
        "first",
        "flatten",
        "format",
        "guid",
        "int",
        "intersection",
        "items",
        "join",
        "last",
        "length",
        "loadJsonContent",
        "loadTextContent",
        "map",
        "max",
        "min",
        "padLeft",
        "range",
        "readEnvironmentVariable",
        "reduce",
        "replace",
        "resourceGroup",
        "resourceId",
        "skip",
        "sort",
        "split",
        "startsWith",
        "string",
        "subscription",
        "subscriptionResourceId",
        "substring",
        "take",
        "tenant",
        "toLower",
        "toObject",
        "toUpper",
        "trim",
        "union",
        "uniqueString",
        "uri",
        "utcNow",
    ]
)


def wrong(template: Template) -> list[str]:
    """Where the file cannot be read: what the grammar calls an error, or misses."""
    nodes = below_all(template.root)
    return [f"{template.path.name}:{one.start_point[0] + 1}" for one in nodes if one.is_error or one.is_missing]


def below_all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from below_all(child)


def declared(template: Template) -> frozenset[str]:
    imports = (one for one in template.root.named_children if one.type == "import_functionality")
    taken = {text(found) for one in imports for found in below(one, "identifier")}
    return frozenset(name(one) for one in template.root.named_children if one.type in DECLARED) | taken


def used(node: Node, known: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names that are looked up, without those that a loop or lambda around them declares."""
    if node.type == "identifier" and text(node) not in known:
        yield text(node)
    for child in looked_up(node):
        yield from used(child, known | locals_of(node))


def looked_up(node: Node) -> Sequence[Node]:
    """Children in which names are looked up: not a decorator's, a key, or a declaration's own name."""
    if node.type == "decorator":
        return ()
    if node.type == "object_property":
        first = node.children[0]
        return node.children[1:] if first.type == "identifier" else node.children
    if node.type in DECLARED or node.type == "output_declaration":
        own = next(child for child in node.children if child.type == "identifier")
        return [child for child in node.children if child != own]
    return node.children


def locals_of(node: Node) -> frozenset[str]:
    if node.type == "for_statement":
        names = below(node.children[2], "identifier", "loop_variable", "loop_enumerator")
        return frozenset(text(one) for one in names)
    if node.type == "lambda_expression":
        return frozenset(text(one) for one in below(node.children[0], "identifier"))
    return frozenset()
