"""Where `customize.yaml` lies: CUSTOMIZE is empty, a path below the app's root, the YAML itself, or base64 of it.

A file in the package is versioned with it; the text in the app setting survives every deployment. Both are offered.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path, PurePosixPath

from shared.customize.document import LARGEST, Unreadable

ROOT = Path(__file__).resolve().parents[2]  # where host.json lies
ENDINGS = (".yaml", ".yml")
BASE64 = "base64:"
INLINE = ("version:", "{")


def source(setting: str, root: Path = ROOT) -> bytes:
    """The YAML that a setting stands for. Raises Unreadable."""
    if setting.startswith(BASE64):
        return _decoded(setting.removeprefix(BASE64))
    if "\n" in setting or setting.startswith(INLINE):
        return setting.encode("utf-8", "replace")
    return _file(setting, root.resolve())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(1, f"{BASE64} and then the file in base64, without anything else") from error


def _file(setting: str, root: Path) -> bytes:
    """Only what lies below the root, links followed: a setting is no way to read another file of the machine."""
    named = PurePosixPath(setting)
    plain = "\\" not in setting and "\0" not in setting and ":" not in setting
    if not plain or named.is_absolute() or ".." in named.parts or named.suffix.lower() not in ENDINGS:
        raise _not_there()
    try:
        file = (root / named).resolve(strict=True)
        if not file.is_relative_to(root) or not file.is_file():
            raise _not_there()
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except (OSError, RuntimeError) as error:  # a loop of links is the second before Python 3.13
        raise _not_there() from error


def _not_there() -> Unreadable:
    return Unreadable(
        1, 'empty, the path of a readable .yaml file below the app\'s folder, the YAML itself, or "base64:" and then it'
    )
