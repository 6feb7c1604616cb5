"""$filter: a text becomes a test of rows; unknown columns are refused when it is read, not when it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.odata_text import Token, bad_query, is_literal, literal, tokens
from sandbox.dynamics.odata_world import World
from sandbox.dynamics.schema import Collection, Column, Table
from sandbox.dynamics.store import Ref, Row

# The rows a name may start from: "" is the filtered row, others are variables of any/all.
Scope = dict[str, Row]
Term = Callable[[Scope], Any]
Test = Callable[[Scope], bool]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}
_LISTS = {"In", "NotIn", "ContainValues", "DoesNotContainValues"}
_NAMESPACE = "Microsoft.Dynamics.CRM."


def compile_filter(world: World, table: Table, text: str) -> Callable[[Row], bool]:
    parser = Parser(world, {"": table}, tokens(text))
    test = parser.either()
    parser.end()
    return lambda row: test({"": row})


class Parser:
    """Recursive descent over or, and, not, comparison."""

    def __init__(self, world: World, tables: dict[str, Table], words: list[Token]) -> None:
        self._world = world
        self._tables = tables
        self._words = words
        self._at = 0

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else Token("end", "")

    def _take(self, text: str | None = None) -> Token:
        token = self._peek()
        if text is not None and token.text != text:
            raise bad_query(f"Syntax error: '{text}' expected, found '{token.text}'.")
        self._at += 1
        return token

    def end(self) -> None:
        if self._peek().kind != "end":
            raise bad_query(f"Syntax error: unexpected '{self._peek().text}'.")

    def either(self) -> Test:
        tests = [self._both()]
        while self._peek().text == "or":
            self._take()
            tests.append(self._both())
        return lambda scope: any(test(scope) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._peek().text == "and":
            self._take()
            tests.append(self._single())
        return lambda scope: all(test(scope) for test in tests)

    def _single(self) -> Test:
        token = self._peek()
        if token.text == "not":
            self._take()
            inner = self._single()
            return lambda scope: not inner(scope)
        if token.text == "(":
            self._take()
            inner = self.either()
            self._take(")")
            return inner
        if token.kind == "name" and self._peek(1).text == "(":
            return self._function()
        return self._comparison()

    def _function(self) -> Test:
        name = self._take().text
        if name in _TEXT:
            return self._text_function(_TEXT[name])
        short = name.removeprefix(_NAMESPACE)
        if name.startswith(_NAMESPACE) and short in _LISTS:
            return self._list_function(short)
        raise bad_query(f"An unknown function with name '{name}' was found.")

    def _text_function(self, holds: Callable[[str, str], bool]) -> Test:
        self._take("(")
        left = self._term()
        self._take(",")
        right = self._term()
        self._take(")")
        plain = self._world.plain
        return lambda scope: holds(str(plain(left(scope)) or ""), str(plain(right(scope)) or ""))

    def _list_function(self, name: str) -> Test:
        """In(PropertyName='x',PropertyValues=['a','b']) and its relatives."""
        self._take("(")
        self._take("PropertyName")
        self._take("=")
        name_of = str(literal(self._take()))
        listed = self._tables[""].columns.get(name_of)
        term = _getter(listed, "") if listed else self._column(self._tables[""], "", name_of)
        self._take(",")
        self._take("PropertyValues")
        self._take("=")
        wanted = {str(self._world.plain(value)) for value in self._list()}
        self._take(")")
        world, negated = self._world, name in ("NotIn", "DoesNotContainValues")
        several = name in ("ContainValues", "DoesNotContainValues")

        def test(scope: Scope) -> bool:
            kept = str(world.plain(term(scope)) if term(scope) is not None else "")
            return bool(wanted & set(kept.split(",") if several else [kept])) is not negated

        return test

    def _list(self) -> list[Any]:
        self._take("[")
        values = [literal(self._take())]
        while self._peek().text == ",":
            self._take()
            values.append(literal(self._take()))
        self._take("]")
        return values

    def _comparison(self) -> Test:
        if self._is_lambda():
            return self._lambda()
        left = self._term()
        operator = self._take().text
        right = self._term()
        plain = self._world.plain
        if operator in ("eq", "ne"):
            return lambda scope: (plain(left(scope)) == plain(right(scope))) is (operator == "eq")
        if operator not in _ORDER:
            raise bad_query(f"Syntax error: '{operator}' is no operator.")
        holds = _ORDER[operator]

        def test(scope: Scope) -> bool:
            first, second = plain(left(scope)), plain(right(scope))
            return first is not None and second is not None and type(first) is type(second) and holds(first, second)

        return test

    def _is_lambda(self) -> bool:
        ahead = 0
        while self._peek(ahead).kind == "name" and self._peek(ahead + 1).text == "/":
            ahead += 2
        return ahead > 0 and self._peek(ahead).text in ("any", "all") and self._peek(ahead + 1).text == "("

    def _lambda(self) -> Test:
        """As in collection/any(o:o/name eq 'x')."""
        path = self._take().text
        self._take("/")
        every = self._take().text == "all"
        table = self._tables[""]
        found = self._world.schema.collection(table.name, path)
        if found is None:
            raise errors.no_property(path, table.name)
        self._take("(")
        if self._peek().text == ")":
            self._take()
            return lambda scope: bool(self._children(found, scope[""][table.primary_id]))
        variable = self._take().text
        self._take(":")
        self._tables[variable] = self._world.schema.tables[found.child]
        inner = self.either()
        self._take(")")
        join = all if every else any
        return lambda scope: join(
            inner(scope | {variable: child}) for child in self._children(found, scope[""][table.primary_id])
        )

    def _children(self, found: Collection, parent: str) -> list[Row]:
        return self._world.store.children(found.child, found.column, parent)

    def _term(self) -> Term:
        token = self._take()
        if is_literal(token):
            value = literal(token)
            return lambda _scope: value
        if token.kind != "name":
            raise bad_query(f"Syntax error: unexpected '{token.text}'.")
        path = [token.text]
        while self._peek().text == "/":
            self._take()
            path.append(self._take().text)
        if path[0] in self._tables and path[0]:
            return self._walk(self._tables[path[0]], path[0], path[1:])
        return self._walk(self._tables[""], "", path)

    def _walk(self, table: Table, variable: str, path: list[str]) -> Term:
        if len(path) == 1:
            return self._column(table, variable, path[0])
        found = table.navigation(path[0])
        if found is None:
            raise errors.no_property(path[0], table.name)
        column, targets = found
        rest = self._walk(self._world.schema.tables[targets[0].table], "", path[1:])

        reachable = {each.table for each in targets}

        def follow(scope: Scope) -> Any:
            ref = scope[variable].get(column.name)
            row = self._world.store.of(ref) if isinstance(ref, Ref) and ref.table in reachable else None
            return rest({"": row}) if row is not None else None

        return follow

    def _column(self, table: Table, variable: str, name: str) -> Term:
        column = table.properties().get(name)
        if column is None:
            raise errors.no_property(name, table.name)
        return _getter(column, variable)


def _getter(column: Column, variable: str) -> Term:
    return lambda scope: scope[variable].get(column.name)
