"""What azd and the workflow run: hooks that hide nothing, and variables that become nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HOOKS = ROOT / "infra" / "hooks"
SH = pytest.mark.skipif(os.name == "nt", reason="the other shell's hook is read below")
DEPLOYED = {
    "DATAVERSE_URL": "https://contoso.crm.dynamics.com",
    "FUNCTION_APP_URL": "https://func-cosell.example.com",
    "APP_IDENTITY_CLIENT_ID": "2f1d9c4e-7a3b-4c5d-8e6f-0a1b2c3d4e5f",
    "DATAVERSE_AUTH": "managed_identity",
}
FAKE = """#!/bin/sh
echo "cosell $* as ${DATAVERSE_AUTH:-a person}"
case "$*" in
*provision*) exit "$PROVISION" ;;
*doctor*) exit "$DOCTOR" ;;
esac
"""


def hook(
    folder: Path, variables: Mapping[str, str] = MappingProxyType({}), *, provision: int = 0, doctor: int = 0
) -> tuple[int, str]:
    """What the hook ends with and says, in front of a `cosell` that ends like this."""
    fake = folder / "cosell"
    fake.write_text(FAKE)
    fake.chmod(0o755)
    known = {"PATH": f"{folder}:/usr/bin:/bin", "PROVISION": str(provision), "DOCTOR": str(doctor), **variables}
    line = ["/bin/sh", "infra/hooks/after-deploy.sh"]
    done = subprocess.run(line, cwd=ROOT, env=known, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    return done.returncode, done.stdout + done.stderr


@SH
def test_a_deployment_provisions_and_asks_the_doctor(tmp_path: Path) -> None:
    """Both work from the deployed app's settings, as a person, with the app's address and identity."""
    code, said = hook(tmp_path, DEPLOYED)
    assert code == 0
    assert "cosell --settings azure provision --url https://func-cosell.example.com" in said
    assert f"--application {DEPLOYED['APP_IDENTITY_CLIENT_ID']} --key-from-azure as a person" in said
    assert "cosell --settings azure doctor --url https://func-cosell.example.com as a person" in said
    assert "NOT READY" not in said


@SH
@pytest.mark.parametrize(("provision", "doctor"), [(3, 3), (1, 0), (0, 1)])
@pytest.mark.parametrize("mode", ["", "test", "live"])
def test_what_is_not_ready_is_said_and_fails_a_live_installation(
    tmp_path: Path, provision: int, doctor: int, mode: str
) -> None:
    """A first deployment is not broken because nobody has signed in yet; one that is live and unwell is."""
    code, said = hook(tmp_path, {**DEPLOYED, "MODE": mode}, provision=provision, doctor=doctor)
    assert f"NOT READY: provision ended with {provision}, doctor with {doctor}" in said
    assert "cosell --settings azure login" in said
    assert code == ((doctor or provision) if mode == "live" else 0)


@SH
def test_without_dynamics_365_the_next_steps_are_told(tmp_path: Path) -> None:
    """Nothing is provisioned nowhere; how to name the environment is said."""
    code, said = hook(tmp_path)
    assert (code, "azd env set DATAVERSE_URL" in said, "cosell --settings azure provision" in said) == (0, True, False)


def test_both_shells_do_the_same() -> None:
    """Each command and each sentence of one script is in the other."""
    for name in ("before-provision", "after-deploy", "after-provision"):
        posix, windows = ((HOOKS / f"{name}.{end}").read_text(encoding="utf-8") for end in ("sh", "ps1"))
        sentences = [words for text in (posix, windows) for words in re.findall(r"NOT READY: [\w ]+|# [A-Z].*", text)]
        assert [words for words in sentences if words not in posix or words not in windows] == []
        for option in (
            "provision --url",
            "--application",
            "--key-from-azure",
            "doctor --url",
            "next-steps.txt",
            "stays_live.py infra/main.bicepparam",
        ):
            assert (option in posix) == (option in windows)


def test_azd_finds_what_it_is_to_run() -> None:
    """Each hook's script is there, in both shells; the service is the whole folder, built by Azure."""
    found = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    scripts = [each[shell]["run"] for each in found["hooks"].values() for shell in ("posix", "windows")]
    assert [script for script in scripts if not (ROOT / script).is_file()] == []
    assert [Path(script).suffix for script in scripts] == [".sh", ".ps1"] * len(found["hooks"])
    assert found["services"] == {
        "functions": {"project": ".", "host": "function", "language": "python", "remoteBuild": True}
    }
    assert not any("continueOnError" in each[shell] for each in found["hooks"].values() for shell in each)


# --- the workflow's variables -----------------------------------------------------------------------------------------


def exported(folder: Path, *arguments: str, **variables: str) -> dict[str, str]:
    """What the steps that follow see."""
    parameters, sink = folder / "main.bicepparam", folder / "env"
    parameters.write_text(
        "param mode = readEnvironmentVariable('MODE', 'test')\nx = readEnvironmentVariable('CUSTOMIZE', '')"
    )
    line = [sys.executable, str(HOOKS / "variables.py"), str(parameters), *arguments]
    known = {"GITHUB_ENV": str(sink), "VARIABLES": json.dumps(variables)}
    subprocess.run(line, env=known, check=True)  # noqa: S603 - ours
    text = sink.read_text(encoding="utf-8") if sink.exists() else ""
    return dict(re.findall(r"^(\w+)<<(?:end-[\w-]+)\n(.*?)\nend-[\w-]+$", text, re.MULTILINE | re.DOTALL))


def test_only_what_the_parameters_read_is_passed_on(tmp_path: Path) -> None:
    """No variable of the repository becomes PATH or anything else that steers a step."""
    given = exported(tmp_path, MODE="live", PATH="/opt/evil", LD_PRELOAD="x", AZURE_CLIENT_ID="id")
    assert given == {"MODE": "live"}


def test_what_nobody_set_is_left_to_the_template(tmp_path: Path) -> None:
    """An empty variable would stand in for the default, and be refused by it."""
    assert exported(tmp_path, MODE="") == {}


def test_a_value_of_several_lines_stays_one_value(tmp_path: Path) -> None:
    """Whatever a value holds, it cannot end itself and begin another variable."""
    text = "fields:\n  - a\nEOF\nPATH<<EOF\n/opt/evil"
    assert exported(tmp_path, CUSTOMIZE=text) == {"CUSTOMIZE": text}


def test_outputs_of_a_deployment_are_passed_on(tmp_path: Path) -> None:
    """In capitals, however Resource Manager writes them, and none that steers a step."""
    found = {"functioN_APP_NAME": {"type": "String", "value": "func-cosell"}, "PATH": {"value": "/opt/evil"}}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(found))
    assert exported(tmp_path, str(file)) == {"FUNCTION_APP_NAME": "func-cosell"}


# --- what is live stays live ------------------------------------------------------------------------------------------

AZ = """#!/bin/sh
case "$*" in
*"resource list --tag azd-env-name=contoso --query"*"--subscription sub-of-contoso "*) printf '%s' "$SITES" ;;
*"--subscription"*) exit 3 ;;
*"resource list --tag azd-env-name=contoso --query"*) printf '%s' "$SITES" ;;
*"webapp config appsettings list --ids /sites/func-cosell --query"*) printf '%s' "$THERE" ;;
*) exit 3 ;;
esac
"""


def looked(folder: Path, there: str, *, sites: str = "/sites/func-cosell", file: str = "main", **variables: str) -> str:
    """What is said before a deployment over an app with this MODE; "" where it goes on."""
    fake = folder / "az"
    fake.write_text(AZ)
    fake.chmod(0o755)
    line = [sys.executable, str(HOOKS / "stays_live.py"), str(ROOT / "infra" / f"{file}.bicepparam")]
    known = {"PATH": f"{folder}:/usr/bin:/bin", "AZURE_ENV_NAME": "contoso", "SITES": sites, "THERE": there}
    done = subprocess.run(line, env=known | variables, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


@SH
def test_a_deployment_does_not_end_what_is_live(tmp_path: Path) -> None:
    """Whoever has no MODE, or another one, is told what would happen before anything is changed."""
    assert "MODE is live in func-cosell, and this deployment would set it to test" in looked(tmp_path, "live")
    assert "would set it to test" in looked(tmp_path, "live", MODE="test")


@SH
def test_every_other_deployment_goes_on(tmp_path: Path) -> None:
    """The first one, one over an app in test, one that says live, and one of staging, which is never live."""
    assert looked(tmp_path, "", sites="") == ""
    assert looked(tmp_path, "test") == ""
    assert looked(tmp_path, "live", MODE="live") == ""
    assert looked(tmp_path, "live", file="staging") == ""


@SH
def test_not_knowing_is_no_leave(tmp_path: Path) -> None:
    """Where Azure does not tell, nothing is deployed."""
    assert looked(tmp_path, "live", AZURE_ENV_NAME="other") != ""
    assert "AZURE_ENV_NAME" in looked(tmp_path, "live", AZURE_ENV_NAME="")


@SH
def test_it_looks_in_the_subscription_that_is_deployed_to(tmp_path: Path) -> None:
    """The Azure CLI may be used to another one."""
    assert "is live" in looked(tmp_path, "live", AZURE_SUBSCRIPTION_ID="sub-of-contoso")
    assert looked(tmp_path, "live", AZURE_SUBSCRIPTION_ID="another") != ""
