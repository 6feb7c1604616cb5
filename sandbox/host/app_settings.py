"""App settings as the platform gives them to an app: the environment, and a file's values below it."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sandbox.host.errors import SettingsError

# With either of these in the environment, Microsoft's code takes this machine for a host in Azure.
MISLEADING = ("CONTAINER_NAME", "WEBSITE_INSTANCE_ID")


def read_file(path: Path) -> dict[str, str]:
    """Read the `Values` of a local.settings.json; no file, no values."""
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig")).get("Values", {}).items()
    except (ValueError, AttributeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    wrong = sorted(name for name, value in values if not isinstance(value, str))
    if wrong:
        raise SettingsError(f"{path}: app settings are texts; put these in quotes: {', '.join(wrong)}")
    return dict(values)


def below_environment(values: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Give the file's values that the environment does not override, as Core Tools does."""
    return {name: value for name, value in values.items() if name not in environment}


@contextmanager
def applied(settings: Mapping[str, str]) -> Iterator[None]:
    """Put settings into the environment for the life of a host, and the environment back as it was after it."""
    before = dict(os.environ)
    for name in MISLEADING:
        os.environ.pop(name, None)
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
