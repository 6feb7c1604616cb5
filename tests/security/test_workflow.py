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
WORKFLOWS = ROOT / ".github" / "workflows"
CI, DEPLOY, INSTALL = (WORKFLOWS / f"{name}.yml" for name in ("ci", "deploy", "install"))
PINNED = re.compile(r"^\s*- uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
OUR_OWN = re.compile(r"^\s*uses: \./\.github/workflows/([\w-]+\.yml)$")  # of the same commit as what calls it
SIGNS_IN = {"contents": "read", "id-token": "write"}  # Azure lets the run in for what GitHub says of it
each_file = pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)


def read(file: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in read(file)["jobs"].values() for step in job.get("steps", [])]


def commands(job: str) -> list[str]:
    return [step["run"] for step in read(CI)["jobs"][job]["steps"] if "run" in step]


@each_file
def test_it_may_read_and_nothing_else(file: Path) -> None:
    """The token of a run reads the repository's contents; what signs in to Azure may say who it is, and no more."""
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    own = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert list(own.values()) == [SIGNS_IN] * len(own)
    assert set(own) == {CI: set(), DEPLOY: {"staging", "production"}, INSTALL: {"install"}}[file]
    checkouts = [step for step in steps(file) if "checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_file
def test_actions_are_pinned_by_commit(file: Path) -> None:
    """Each action is named by a full commit, with its version beside it for whoever renews it."""
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    own = [found[1] for line in lines if (found := OUR_OWN.match(line))]
    assert lines
    assert [line for line in lines if not PINNED.match(line) and not OUR_OWN.match(line)] == []
    assert [name for name in own if not (WORKFLOWS / name).is_file()] == []


def test_one_action_has_one_commit() -> None:
    """Whoever renews an action renews it everywhere."""
    used = {step["uses"] for file in FILES for step in steps(file) if "uses" in step}
    names = [each.partition("@")[0].casefold() for each in used]
    assert sorted(names) == sorted(set(names))


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


@pytest.mark.parametrize("file", [CI, DEPLOY], ids=lambda path: path.name)
def test_every_template_is_compiled(file: Path) -> None:
    """By Microsoft's own compiler, for each change and before each installation: the whole and each parameter file."""
    ran = [str(step.get("run", "")) for step in read(file)["jobs"]["templates"]["steps"]]
    compiled = [line.split()[4] for line in ran if re.match(r"az bicep (lint|build|build-params) ", line)]
    files = [f"infra/{path.name}" for path in sorted((ROOT / "infra").glob("*.bicepparam"))]
    assert compiled == ["infra/main.bicep", "infra/main.bicep", *files]


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


# --- deploying --------------------------------------------------------------------------------------------------------


def test_nobody_else_starts_a_deployment() -> None:
    """A tag, or a person by hand: no pull request and no stranger's push meets an identity that Azure lets in."""
    triggers = read(DEPLOY)[True]
    assert set(triggers) == {"push", "workflow_dispatch"}
    assert set(triggers["push"]) == {"tags"}
    assert set(read(INSTALL)[True]) == {"workflow_call"}


def test_production_comes_last_and_asks() -> None:
    """Tests and templates, then staging, then production in an environment of its own, whose reviewers approve."""
    jobs = read(DEPLOY)["jobs"]
    assert {name: job.get("needs", []) for name, job in jobs.items()} == {
        "test": [],
        "templates": [],
        "staging": ["test", "templates"],
        "production": ["staging"],
    }
    assert [jobs[name]["with"]["environment"] for name in ("staging", "production")] == ["staging", "production"]
    assert read(INSTALL)["jobs"]["install"]["environment"] == "${{ inputs.environment }}"
    assert jobs["staging"]["with"]["parameters"] == "infra/staging.bicepparam"
    assert read(DEPLOY)["concurrency"] == {"group": "deploy", "cancel-in-progress": False}


def test_the_doctor_has_the_last_word() -> None:
    """What is live stays so, what would change is shown before it changes, the doctor comes last; no failure passes."""
    ran = [str(step["run"]) for step in steps(INSTALL) if "run" in step]
    order = [
        next(i for i, line in enumerate(ran) if part in line)
        for part in ("stays_live", "what-if", "sub create", "doctor")
    ]
    assert order == sorted(order)
    assert order[-1] == len(ran) - 1
    assert not re.search(r"continue-on-error|\|\||; *true|if: *(always|failure)", INSTALL.read_text(encoding="utf-8"))
    advice = [step["run"] for step in steps(DEPLOY) if step.get("continue-on-error")]
    assert advice == ["python tests/infra/scan.py"]  # checkov, and what it could not read


def test_a_deployment_does_not_go_live() -> None:
    """MODE comes from the environment's own variables, and nobody registers a webhook or goes live in a workflow."""
    for file in (DEPLOY, INSTALL):
        ran = " ".join(str(step.get("run", "")) + str(step.get("env", "")) for step in steps(file))
        assert not re.search(r"go-live|webhook|appsettings|MODE", ran)


def test_azure_is_signed_in_to_without_a_secret() -> None:
    """Ids alone: what is given is no password, and a federated credential says which workflow is meant."""
    logins = [step for step in steps(INSTALL) if step.get("uses", "").startswith("azure/login@")]
    assert logins
    for login in logins:
        assert set(login["with"]) == {"client-id", "tenant-id", "subscription-id"}
        assert all(str(value).startswith("${{ vars.") for value in login["with"].values())


def test_the_doctor_is_signed_in_anew() -> None:
    """What GitHub says of a run holds for minutes, a deployment lasts longer, and the doctor asks for other tokens."""
    *_, before, last = steps(INSTALL)
    assert before.get("uses", "").startswith("azure/login@")
    assert "doctor" in last["run"]


def test_what_is_packed_is_a_copy() -> None:
    """The action deletes what .funcignore names in the folder that it packs, and `cosell` is installed from ours."""
    (packing,) = [step for step in steps(INSTALL) if step.get("uses", "").startswith("Azure/functions-action@")]
    assert packing["with"]["respect-funcignore"] is True
    folder = packing["with"]["package"]
    assert folder == "${{ runner.temp }}/package"
    copies = [step["run"] for step in steps(INSTALL) if "git archive" in str(step.get("run", ""))]
    assert len(copies) == 1
    assert '"$RUNNER_TEMP/package"' in copies[0]


def test_an_older_tag_is_installed_whole() -> None:
    """Rolling back checks out the tag in every job: its tests, its templates and its functions."""
    checkouts = [step for file in (DEPLOY, INSTALL) for step in steps(file) if "checkout" in step.get("uses", "")]
    assert [step["with"]["ref"] for step in checkouts] == ["${{ inputs.version }}"] * 3
    passed = [job["with"]["version"] for job in read(DEPLOY)["jobs"].values() if "uses" in job]
    assert passed == ["${{ inputs.version }}"] * 2
