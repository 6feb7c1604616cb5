"""Atheris on one parser, in a process of its own: it finds its way by the lines that an input reaches.

There are wheels for Linux on x86_64 alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = "shared"  # what is instrumented: our own code
LONGEST = 4096  # bytes of an input
SECONDS = 3600  # for one parser
CRASHED = 77  # libFuzzer's own code for an input that ends the process; anything else but 0 is a fault of the driver


def installed() -> bool:
    return importlib.util.find_spec("atheris") is not None


def played(name: str, *, runs: int) -> list[tuple[str, str]]:
    """What escaped from a parser, and the command that plays it again."""
    folder = Path(tempfile.mkdtemp(prefix=f"cosell-{name}-"))
    command = [sys.executable, "-m", "tests.fuzz.coverage_guided", name, "--runs", str(runs), "--folder", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - ours
    if done.returncode == 0:
        return []
    crashes = sorted(folder.glob("*-*"))
    said = done.stderr.decode(errors="replace").strip().splitlines()
    what = next((line for line in said if "Escaped" in line), said[-1] if said else "no word")
    again = f"python -m tests.fuzz {name} --file {crashes[0]}" if crashes else " ".join(command[1:])
    return [(f"{name} under atheris: {what}"[:500], again)]


def main(arguments: Sequence[str]) -> int:
    """Run in the fuzzer's own process; it does not come back from what escapes."""
    parser = argparse.ArgumentParser("python -m tests.fuzz.coverage_guided", description=__doc__)
    parser.add_argument("parser")
    parser.add_argument("--runs", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=Path())
    asked = parser.parse_args(arguments)
    _fuzz(asked.parser, asked.runs, asked.folder)
    return 0


def _fuzz(name: str, runs: int, folder: Path) -> None:
    import atheris  # noqa: PLC0415  only where there is a wheel

    with atheris.instrument_imports(include=[PACKAGE], enable_loader_override=False):
        from tests.fuzz.parsers import PARSERS  # noqa: PLC0415  imports what is instrumented

    parser = PARSERS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate(parser.samples()):
        (corpus / f"sample{number}").write_bytes(sample)
    options = [f"-runs={runs}", "-seed=1", f"-max_len={LONGEST}", f"-artifact_prefix={folder}/", "-rss_limit_mb=2048"]
    atheris.Setup([name, *options, str(corpus)], parser.tried)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
