"""The administrator's tool on the bench: its commands work on the same tables and systems as the app."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from rich.console import Console

from cli.output import Output
from cli.work import Asked
from shared.platform.outside import Outside
from shared.settings import Settings, read
from tests.integration.bench import Bench


async def left_open() -> None:
    """The bench goes on after a command has ended."""


@dataclass
class Tool:
    """What a command line would be given, and what was printed since the last look."""

    bench: Bench
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self._said, self._aside = io.StringIO(), io.StringIO()

    def asked(self, *, json: bool = False) -> Asked:
        """Reads the bench's settings as they are now."""
        consoles = (Console(file=self._said, width=160), Console(file=self._aside, width=160))
        output = Output(json=json, consoles=consoles)
        return Asked(reading=read(self.bench.base), output=output, world=self._world)

    def _world(self, _settings: Settings) -> Outside:
        return replace(self.bench._outside(), close=left_open)

    @property
    def said(self) -> str:
        """What a person was told, once."""
        text = self._said.getvalue()
        self._said.seek(0)
        self._said.truncate()
        return text

    @property
    def document(self) -> Mapping[str, Any]:
        """What a program was told: one JSON document and nothing else on standard output."""
        found: Mapping[str, Any] = json.loads(self.capsys.readouterr().out)
        return found
