"""Where the tool finds the app settings: the environment, over a file in one of the forms that Azure's tools write."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from shared.errors import Misconfigured
from shared.settings import NOT_SET, Problem, Reading, environment, read

DEFAULT = Path("local.settings.json")
AZURE = Path("azure")  # in place of a file: the deployed app's own settings
NO_FILE = Problem(
    name="the settings file",
    shown=f"not named, and there is no {DEFAULT} in this folder",
    may_be="named before the command: cosell --settings FILE …",
)
EXAMPLE = "local.settings.json, or what `az functionapp config appsettings list` prints"


def loaded(file: Path | None) -> Reading:
    """The settings of the environment over those of the file; raises Misconfigured for a file of another form.

    `azure` is no file: the settings are then those of the app that azd deployed.
    """
    named = file if file is not None else DEFAULT if DEFAULT.is_file() else None
    found = read({**(_of(named) if named else {}), **environment()})
    if named is None and found.problems and all(problem.shown == NOT_SET for problem in found.problems):
        return replace(found, problems=(*found.problems, NO_FILE))
    return found


def _of(file: Path) -> Mapping[str, str]:
    if file == AZURE and not file.exists():
        from cli.azure.deployed import deployed  # noqa: PLC0415 - most commands do without

        return asyncio.run(deployed())
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Misconfigured((f"{file} cannot be read ({error.strerror}): it may be {EXAMPLE}",)) from error
    except ValueError as error:
        raise Misconfigured((f"{file} cannot be read as JSON ({error}): it may be {EXAMPLE}",)) from error
    if values := _values(found):
        return values
    raise Misconfigured((f"{file} holds no settings: it may be {EXAMPLE}",))


def _values(found: Any) -> Mapping[str, str]:
    """`{"Values": {name: value}}`, `{name: value}`, or `[{"name": …, "value": …}]`."""
    if isinstance(found, list):
        pairs = {one.get("name"): one.get("value") for one in found if isinstance(one, dict)}
    else:
        pairs = found.get("Values", found) if isinstance(found, dict) else {}
    return {str(name): str(value) for name, value in pairs.items() if isinstance(value, str | int | bool)}
