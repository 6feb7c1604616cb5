"""The suites, each loaded when it is run: a missing tool of one does not keep another from running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from tests.proof.figure import Suite


def _suite(name: str) -> Callable[[], Suite]:
    def load() -> Suite:
        suite = import_module(f"tests.proof.{name}").SUITE
        if not isinstance(suite, Suite):
            raise TypeError(f"tests.proof.{name} has no suite")
        return suite

    return load


# In the order of the table: a line here and a module of that name is all that a new suite needs.
SUITES: Mapping[str, Callable[[], Suite]] = {
    name: _suite(name) for name in ("chaos", "input", "load", "parts", "upgrade")
}
