"""Where the function app is: named on the command line, or by azd's environment, which the template's outputs fill.

https://learn.microsoft.com/azure/developer/azure-developer-cli/manage-environment-variables
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.errors import Misconfigured

FOLDER = Path(".azure")
LINE = re.compile(r'^([A-Za-z_]\w*)="?(.*?)"?$')
NEEDED = {
    "app": ("FUNCTION_APP_NAME", "--app"),
    "group": ("AZURE_RESOURCE_GROUP", "--resource-group"),
    "subscription": ("AZURE_SUBSCRIPTION_ID", "--subscription"),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A function app in its resource group and subscription; `environment` is azd's name of it, "" where it is not."""

    app: str
    group: str
    subscription: str
    environment: str = ""

    @property
    def id(self) -> str:
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
        return f"{group}/providers/Microsoft.Web/sites/{self.app}"


def place(given: Mapping[str, str], variables: Mapping[str, str], folder: Path = FOLDER) -> Place:
    """What was given by name, else by the process's environment (azd fills it for its hooks), else by azd's files.

    Raises Misconfigured for what nobody named, and for a name that would change the address it stands in.
    """
    environment = _environment(variables, folder)
    known = {**_kept(folder / environment / ".env"), **variables} if environment else variables
    found = {name: given.get(name) or known.get(variable, "") for name, (variable, _) in NEEDED.items()}
    wrong = [name for name, text in found.items() if not re.fullmatch(r"[\w.()-]{1,90}", text)]
    if wrong:
        raise Misconfigured(tuple(_missing(name, found[name]) for name in wrong))
    return Place(**found, environment="" if any(given.values()) else environment)


def _missing(name: str, text: str) -> str:
    variable, option = NEEDED[name]
    is_now = f'is "{text[:90]}", which no such name can be' if text else "is not known"
    return f"{variable} {is_now}: run this beside azd's environment ({FOLDER}), or set it (go-live also takes {option})"


def _environment(variables: Mapping[str, str], folder: Path) -> str:
    if name := variables.get("AZURE_ENV_NAME"):
        return name
    try:
        found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    name = found.get("defaultEnvironment") if isinstance(found, dict) else ""
    return name if isinstance(name, str) else ""


def _kept(file: Path) -> Mapping[str, str]:
    """The lines of azd's file; names and ids, which are all that is asked for here, need no escapes."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {found[1]: found[2] for line in lines if (found := LINE.match(line.strip()))}
