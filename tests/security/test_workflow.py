"""The workflow may do no more than it must, runs code that cannot be exchanged, and lets nothing pass unlooked at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import dev
from sandbox.host.packages import SETS

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
CI = ROOT / ".github" / "workflows" / "ci.yml"
PINNED = re.compile(r"^\s*- uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
each_file = pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


def commands(job: str) -> list[str]:
    return [step["run"] for step in read(CI)["jobs"][job]["steps"] if "run" in step]


@each_file
def test_it_may_read_and_nothing_else(file: Path) -> None:
    """The token of a run reads the repository's contents; no job gives itself more, no step keeps the token."""
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in workflow["jobs"].values())
    checkouts = [step for step in steps(file) if "checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_file
def test_actions_are_pinned_by_commit(file: Path) -> None:
    """Each action is named by a full commit, with its version beside it for whoever renews it."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.match(line)] == []


@each_file
def test_strangers_code_meets_no_secret(file: Path) -> None:
    """A pull request's code runs without secrets: none is named, and the trigger that would give them is not used."""
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"pull_request_target|workflow_run|secrets\.|GITHUB_TOKEN|github\.token", text)
    # What an outsider chooses (a title, a branch's name) is pasted into no command.
    pasted = [name for step in steps(file) for name in re.findall(r"\$\{\{\s*([\w.]+)", str(step.get("run", "")))]
    assert set(pasted) <= {"matrix.python"}


def test_it_runs_when_code_or_knowledge_changes() -> None:
    """On pushes, on pull requests and every week, since a dependency's fault is found without a change of ours."""
    triggers = read(CI)[True]  # YAML 1.1 takes the word "on" for a truth
    assert set(triggers) == {"push", "pull_request", "schedule"}
    (weekly,) = triggers["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* \d", weekly["cron"])


def test_the_whole_check_runs_on_every_python() -> None:
    """The tests are the developer's own command, on each version that the product supports."""
    job = read(CI)["jobs"]["test"]
    assert sorted(job["strategy"]["matrix"]["python"]) == sorted(dev.VERSIONS)
    assert commands("test") == ["python dev.py --python ${{ matrix.python }} test"]


def test_a_package_that_was_skipped_is_a_failure() -> None:
    """All requirement files are audited strictly, without exceptions and without a way round a failure."""
    audits = [line for line in commands("audit") if "pip_audit" in line]
    assert [line.rpartition("-r ")[2] for line in audits] == list(dev.REQUIREMENTS)
    assert all(" --strict " in line and "--ignore" not in line and "--skip" not in line for line in audits)
    text = CI.read_text(encoding="utf-8")
    assert not re.search(r"continue-on-error|\|\||; *true|\bif:", text)


def test_all_that_comes_from_npm_is_audited() -> None:
    """What npm looks at is all that is installed from, and each package has its fingerprint and no address."""
    audits = [step for step in steps(CI) if str(step.get("run", "")).startswith("npm audit")]
    assert {ROOT / step["working-directory"] for step in audits} == {each.pins for each in SETS.values()}
    assert all("--package-lock-only" in step["run"] for step in audits)
    for pinned in SETS.values():
        locked = json.loads((pinned.pins / "package-lock.json").read_text(encoding="utf-8"))["packages"]
        packages = {name: package for name, package in locked.items() if name}
        assert packages
        assert [name for name, each in packages.items() if not each.get("integrity") or "resolved" in each] == []


def test_requirements_have_bounds() -> None:
    """A requirement says how far it may move, or why it may move freely; none comes from an address."""
    lines = [line for name in dev.REQUIREMENTS for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    named = [line for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    loose = [line for line in named if not re.search(r"(<|==)\s*[\d.]+", line.partition("#")[0]) and "#" not in line]
    assert loose == []
    assert [line for line in named if "://" in line.partition("#")[0] or "@" in line.partition("#")[0]] == []
