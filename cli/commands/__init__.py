"""The commands, one file each: a function that adds its command or group to the tool."""

from __future__ import annotations

from collections.abc import Callable

import typer

from cli.commands import (
    adopt,
    columns,
    deals,
    doctor,
    export,
    importing,
    parked,
    provision,
    solutions,
    sync,
    webhook,
)

COMMANDS: tuple[Callable[[typer.Typer], None], ...] = (
    columns.add,
    doctor.add,
    deals.add,
    sync.add,
    adopt.add,
    export.add,
    importing.add,
    parked.add,
    provision.add,
    solutions.add,
    webhook.add,
)
