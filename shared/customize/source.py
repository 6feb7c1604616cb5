"""Where `customize.yaml` lies: CUSTOMIZE is empty, a path below the app's root, the YAML itself, or base64 of it.

A file in the package is versioned with it; the text in the app setting survives every deployment. Both are offered.
The administrator's tool may be installed apart from the app: for it the folder that it is run in counts as well.
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


def source(setting: str, root: Path | None = None) -> bytes:
    """The YAML that a setting stands for. Raises Unreadable."""
    if setting.startswith(BASE64):
        return _decoded(setting.removeprefix(BASE64))
    if "\n" in setting or setting.startswith(INLINE):
        return setting.encode("utf-8", "replace")
    file = file_of(setting, root)
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise _not_there() from error


def names_file(setting: str) -> bool:
    """Is it a path, and not the text itself?"""
    return bool(setting) and "\n" not in setting and not setting.startswith((BASE64, *INLINE))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(1, f"{BASE64} and then the file in base64, without anything else") from error


def file_of(setting: str, root: Path | None = None) -> Path:
    """The file that a path names. Raises Unreadable.

    Only what lies below a root, links followed: a setting is no way to read another file of the machine.
    """
    named = PurePosixPath(setting)
    plain = "\\" not in setting and "\0" not in setting and ":" not in setting
    if plain and not named.is_absolute() and ".." not in named.parts and named.suffix.lower() in ENDINGS:
        for folder in (root,) if root else (ROOT, Path.cwd()):
            if file := _below(folder.resolve(), named):
                return file
    raise _not_there()


def _below(root: Path, named: PurePosixPath) -> Path | None:
    try:
        file = (root / named).resolve(strict=True)
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, RuntimeError):  # a loop of links is the second before Python 3.13
        return None


def _not_there() -> Unreadable:
    return Unreadable(
        1, 'empty, the path of a readable .yaml file below the app\'s folder, the YAML itself, or "base64:" and then it'
    )
