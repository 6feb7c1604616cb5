"""Checkov over the templates: what it finds, what it could not read, and why some of it is left.

    python -m venv .venv-checkov && .venv-checkov/bin/pip install "checkov>=3.3,<3.4"
    .venv-checkov/bin/python tests/infra/scan.py

Advisory beside the tests: checkov reads less of the language than Microsoft's compiler does, skips such a file without
a word, and many of its checks are for other plans than Flex Consumption. So what was left out is named.
It has an environment of its own, since it pins older versions of what the project needs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "infra"
OPTIONS = ("--framework", "bicep", "--output", "json", "--quiet", "--compact", "--skip-download")
BROKEN = re.compile(r"Failed to run check (\w+) on (\S+?):")
NOT_ON_FLEX = "the plan refuses the property"
OTHER_RESOURCE = "looks for the site's own configuration in a list of app settings or in the sign-in"
SKIPPED: Mapping[str, str] = {
    "CKV_AZURE_13": "every route asks for a function key or a signature; signing in is an option of the status page",
    "CKV_AZURE_17": "Partner Center and Dataverse present no client certificate",
    "CKV_AZURE_35": "closed by the parameter privateNetwork; open or not, no key works and an identity needs a role",
    "CKV_AZURE_63": OTHER_RESOURCE,
    "CKV_AZURE_65": OTHER_RESOURCE,
    "CKV_AZURE_66": f"{NOT_ON_FLEX}, and {OTHER_RESOURCE}",
    "CKV_AZURE_78": f"{NOT_ON_FLEX}; passwords are off for FTP by a policy resource",
    "CKV_AZURE_80": "no .NET",
    "CKV_AZURE_88": "nothing is kept in files",
    "CKV_AZURE_109": "closed by the parameter privateNetwork; open or not, an identity needs a role",
    "CKV_AZURE_206": "replication is a parameter whose default is zone-redundant; checkov sees no values of parameters",
    "CKV_AZURE_212": NOT_ON_FLEX,
    "CKV_AZURE_213": f"{NOT_ON_FLEX}; GET /api/health says more, to whoever has its key",
    "CKV_AZURE_222": "webhooks come from the Internet",
    "CKV_AZURE_225": "zones are a parameter: not every region has them",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`found` is what nobody has given a reason for; `idle` are reasons that explain nothing any more."""

    found: tuple[str, ...]
    unread: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        yield from (f"found: {one}" for one in self.found)
        yield from (f"not read, and so not checked: {one}" for one in self.unread)
        yield from (f"not checked, because the check itself failed: {one}" for one in self.broken)
        yield from (f"skipped with a reason that nothing needs: {one}" for one in self.idle)
        yield "nothing found" if not self.found else f"{len(self.found)} found"


def judged(failed: Sequence[Mapping[str, Any]], *, unread: Sequence[str], log: str) -> Verdict:
    """What checkov's report comes to."""
    seen = {one["check_id"] for one in failed}
    found = [one for one in failed if one["check_id"] not in SKIPPED]
    return Verdict(
        found=tuple(f"{one['check_id']} {one['check_name']}: {one['file_path']} {one['resource']}" for one in found),
        unread=tuple(unread),
        broken=tuple(f"{check} on {Path(path).name}" for check, path in BROKEN.findall(log)),
        idle=tuple(sorted(SKIPPED.keys() - seen)),
    )


def unread(folder: Path) -> list[str]:
    """Templates that checkov's own parser gives up on: its report has their number and not their names."""
    from pycep import BicepParser  # type: ignore[import-not-found]  # noqa: PLC0415 - checkov brings it along

    failed = []
    for path in sorted(folder.rglob("*.bicep")):
        try:
            BicepParser().parse(file_path=path)
        except Exception as error:  # noqa: BLE001 - the parser's many errors have no common class
            failed.append(f"{path.relative_to(folder)} ({str(error).splitlines()[0]})")
    return failed


def main() -> int:
    program = Path(sys.executable).with_name("checkov")
    done = subprocess.run(  # noqa: S603 - the program beside this interpreter
        [str(program), "--directory", str(FOLDER), *OPTIONS], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    failed = report.get("results", {}).get("failed_checks", [])
    verdict = judged(failed, unread=unread(FOLDER), log=done.stderr)
    sys.stdout.write("\n".join(verdict.lines()) + "\n")
    return 1 if verdict.found or verdict.idle else 0


if __name__ == "__main__":
    sys.exit(main())
