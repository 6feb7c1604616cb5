"""A command that is imported once it is asked for: the product behind it takes a second, and help should not."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_group


class Later(TyperCommand):
    """Stands in the list of commands for what the module's `add` adds under this name; `help` is that one's too."""

    def __init__(self, name: str, module: str, help: str) -> None:  # noqa: A002 - as the class above calls it
        super().__init__(name, help=help)
        self.module = module

    def make_context(self, *given: Any, **extra: Any) -> Any:
        """The real command's: from here on it is that one which reads the line and runs."""
        return self.real().make_context(*given, **extra)

    def real(self) -> Any:
        """The command itself; Any, as releases of the library derive its class from different ones."""
        app = typer.Typer()
        import_module(self.module).add(app)
        return get_group(app).commands[str(self.name)]
