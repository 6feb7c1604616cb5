"""$filter on definitions: comparisons, and, or, not; no functions on text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.odata_filter import Parser, Scope, Term, Test
from sandbox.dynamics.odata_text import literal, tokens
from sandbox.dynamics.odata_world import World
from sandbox.dynamics.schema import Table

_ENUM = "Microsoft.Dynamics.CRM."


class _MetadataParser(Parser):
    """Names lead through JSON objects instead of tables."""

    def _walk(self, table: Table, variable: str, path: list[str]) -> Term:
        del table

        def follow(scope: Scope) -> Any:
            value: Any = scope[variable]
            for step in path:
                if not isinstance(value, dict) or step not in value:
                    raise errors.DataverseError(errors.QUERY, f"Could not find a property named '{step}'.")
                value = value[step]
            return value

        return follow

    def _term(self) -> Term:
        """An enum may be written `Microsoft.Dynamics.CRM.AttributeTypeCode'String'`."""
        if self._peek().text.startswith(_ENUM) and self._peek(1).kind == "text":
            self._take()
            value = literal(self._take())
            return lambda _scope: value
        return super()._term()

    def _function(self) -> Test:
        raise errors.DataverseError(
            errors.SEGMENT_NOT_FOUND, f"The function '{self._peek().text}' is not supported on metadata.", status=400
        )


def compile_metadata_filter(world: World, table: Table, text: str) -> Callable[[dict[str, Any]], bool]:
    parser = _MetadataParser(world, {"": table}, tokens(text))
    test = parser.either()
    parser.end()
    return lambda item: test({"": item})
