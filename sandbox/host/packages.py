"""Packages from npm that the developer's tools need, pinned and installed once: `python -m sandbox.host.packages`.

Each set is a folder with a package.json and a package-lock.json, which names the version and the fingerprint of
everything that it brings along: a release of one of those must not break us overnight.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.host.node import find_node

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
PINS = ("package.json", "package-lock.json")


class PackagesError(RuntimeError):
    """npm could not install what is pinned."""


@dataclass(frozen=True, kw_only=True)
class Packages:
    """One pinned set; `tools` is where it is installed, in a folder named after its fingerprint."""

    name: str
    pins: Path
    tools: Path

    @property
    def folder(self) -> Path:
        pinned = b"".join((self.pins / each).read_bytes() for each in PINS)
        return self.tools / hashlib.sha256(pinned).hexdigest()[:12]

    @property
    def modules(self) -> Path:
        return self.folder / "node_modules"

    def install(self) -> bool:
        """Install what is pinned unless it is there; say whether anything was done.

        Built aside and moved into place, so that a folder with this name is whole and two installs cannot mix.
        Raises NodeError without Node.js, PackagesError when npm fails.
        """
        if self.modules.is_dir():
            return False
        self.tools.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.tools, prefix="new-", ignore_cleanup_errors=True) as name:
            built = Path(name) / self.folder.name
            built.mkdir()
            self._npm_ci(built)
            with suppress(OSError):  # another process was faster: its folder is as good
                built.rename(self.folder)
        return True

    def _npm_ci(self, folder: Path) -> None:
        for each in PINS:
            shutil.copyfile(self.pins / each, folder / each)
        done = subprocess.run(  # noqa: S603 — npm as found on this machine, with arguments of ours
            [*find_node().npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
        if done.returncode != 0:
            raise PackagesError(f"npm could not install {self.name}:\n{done.stdout}{done.stderr}")


AZURITE = Packages(name="azurite", pins=Path(__file__).parent / "npm", tools=TOOLS / "azurite")
# Clients of Dataverse that others wrote: the sandbox is held to them.
CLIENTS = Packages(name="clients", pins=ROOT / "tests" / "contract" / "clients", tools=TOOLS / "clients")
# Microsoft's Kusto language service: what alerts and workbook ask is held to it.
KUSTO = Packages(name="kusto", pins=ROOT / "tests" / "infra" / "kusto_language", tools=TOOLS / "kusto")
# What looks for what people with a disability cannot use on our page: the browser tests run it there.
AXE = Packages(name="axe", pins=ROOT / "tests" / "browser" / "npm", tools=TOOLS / "axe")
SETS = {each.name: each for each in (AZURITE, CLIENTS, KUSTO, AXE)}


def install(names: Iterable[str] = SETS) -> None:
    """All at once: most of the time is spent waiting for the registry."""
    find_node()  # before the threads, as it may have to be installed itself
    with ThreadPoolExecutor() as pool:
        list(pool.map(Packages.install, [SETS[name] for name in names]))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.host.packages", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(SETS)}; all when none is named")
    names = parser.parse_args(arguments).names or list(SETS)
    if not set(names) <= set(SETS):
        parser.error(f"the names are {', '.join(SETS)}")
    try:
        install(names)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
