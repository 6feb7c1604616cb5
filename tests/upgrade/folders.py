"""The versions that samples are kept of: which there are, which is this one, and which are out for good."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "tests/samples/versions"
RELEASED = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}", re.MULTILINE)
BY_HAND = ("read.json", "reader.json")  # what is expected and accepted: no program writes these


def current() -> str:
    """The version that the code says it is."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def released(changelog: str) -> frozenset[str]:
    """The versions that a changelog lists with a date."""
    return frozenset(RELEASED.findall(changelog))


def versions() -> list[str]:
    """All versions with samples, oldest first."""
    names = [folder.name for folder in VERSIONS.iterdir() if folder.is_dir()]
    return sorted(names, key=lambda name: tuple(map(int, name.split("."))))


def kept(version: str, name: str) -> Any:
    """One file of a version's folder."""
    return json.loads((VERSIONS / version / f"{name}.json").read_text(encoding="utf-8"))
