# noqa: INP001 - a script of the workflow, and in no package
"""For the workflow: GitHub's variables, and a deployment's outputs, as variables of the steps that follow.

    python infra/hooks/variables.py infra/main.bicepparam            from VARIABLES, those that this file reads
    python infra/hooks/variables.py infra/main.bicepparam out.json   from the deployment's outputs

A variable that nobody set is left out: an empty one would stand in for the template's default. No other name passes,
so that a variable of the repository cannot become PATH or LD_PRELOAD of a step. Only the standard library is needed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

READ = re.compile(r"readEnvironmentVariable\('([A-Z][A-Z0-9_]*)'")
OUTPUT = re.compile(r"[A-Z][A-Z0-9_]*")
RESERVED = re.compile(r"PATH|LD_.*|GITHUB_.*|RUNNER_.*|PYTHON.*|BASH_ENV|ENV")


def given(parameters: Path, variables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Those variables that the parameter file reads."""
    for name in sorted(set(READ.findall(parameters.read_text(encoding="utf-8")))):
        if text := str(variables.get(name) or ""):
            yield name, text


def outputs(found: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """The outputs of a deployment, as Resource Manager tells them: names and addresses. It folds names as it likes."""
    for name, output in found.items():
        folded = name.upper()
        if OUTPUT.fullmatch(folded) and not RESERVED.fullmatch(folded):
            yield folded, str(output.get("value") or "")


def lines(pairs: Iterator[tuple[str, str]]) -> Iterator[str]:
    """The form in which a value may have several lines, with an end that no value can know."""
    for name, text in pairs:
        end = f"end-{uuid.uuid4()}"
        yield f"{name}<<{end}\n{text}\n{end}\n"


def main(arguments: list[str]) -> None:
    if len(arguments) > 1:
        pairs = outputs(json.loads(Path(arguments[1]).read_text(encoding="utf-8")))
    else:
        pairs = given(Path(arguments[0]), json.loads(os.environ["VARIABLES"]))
    with Path(os.environ["GITHUB_ENV"]).open("a", encoding="utf-8") as sink:
        sink.writelines(lines(pairs))


if __name__ == "__main__":
    main(sys.argv[1:])
