"""Keep what this version stores, for later versions to be held to.

    python -m tests.upgrade.freeze

Writes tests/samples/versions/<version>/ anew, but never that of a version which CHANGELOG.md lists with a date.
`read.json` (what each sample means) and `reader.json` (what that version accepts) are written by hand.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.upgrade.folders import ROOT, VERSIONS, current, released
from tests.upgrade.scenes import scenes
from tests.upgrade.writing import written


class Released(Exception):
    """The samples of this version are what installations hold: nobody may change them."""


def freeze(samples: Mapping[str, Any], *, version: str, changelog: str, folder: Path = VERSIONS) -> list[Path]:
    """Write the samples of a version that is not released."""
    if version in released(changelog):
        raise Released(
            f"{version} is released: installations hold rows like its samples. "
            "Raise the version in pyproject.toml and CHANGELOG.md, then freeze that one"
        )
    place = folder / version
    place.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in samples.items():
        paths.append(place / f"{name}.json")
        text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
        paths[-1].write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return paths


async def everything() -> dict[str, Any]:
    return {**await written(), "scenes": await scenes()}


def main() -> int:
    """Freeze the current version; 1 where that is not allowed."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        paths = freeze(asyncio.run(everything()), version=current(), changelog=changelog)
    except Released as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{path.relative_to(ROOT).as_posix()}\n" for path in paths)
    return 0


if __name__ == "__main__":
    sys.exit(main())
