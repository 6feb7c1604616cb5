"""The tool's list of commands, which is shown without the product behind them."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer import BadParameter
from typer.testing import CliRunner

from cli.address import address_of
from cli.app import app
from cli.carrying.file import opened
from cli.commands import COMMANDS
from cli.later import Later
from cli.output import Output
from cli.settings import loaded
from shared.errors import AccessLost, Misconfigured, Remote
from shared.setting_model import Settings

NAMES = frozenset((field.alias or name).upper() for name, field in Settings.model_fields.items())


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_says_of_a_command_what_it_says_itself(command: Later) -> None:
    """What stands in the list is the first paragraph of the command's own help, word for word."""
    real = command.real()
    assert (real.name, real.help.split("\n\n")[0].replace("\n", " ")) == (command.name, command.help)


def test_help_does_without_the_product() -> None:
    """`cosell -h`, and each press of Tab that completes a command, imports neither the gateways nor Excel's library."""
    heavy = ("shared.bootstrap", "shared.core", "openpyxl")
    asked = f"import sys; from cli.app import app; print([m for m in sys.modules if m in {heavy}])"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)  # noqa: S603 - ours
    assert done.stdout.strip() == "[]"


def test_a_command_reads_its_own_line() -> None:
    """Help and errors behind a command's name are the command's own, with exit codes 0 and 2."""
    helped, wrong = (CliRunner().invoke(app, ["deals", "list", one]) for one in ("-h", "--nonsense"))
    assert (helped.exit_code, wrong.exit_code) == (0, 2)
    assert "--outcome" in helped.output


def test_the_release_is_printed() -> None:
    """`cosell --version` needs no setting and no command."""
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output.startswith("cosell ")) == (0, True)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("https://app.example.com", "https://app.example.com/api/door"),
        ("https://app.example.com/", "https://app.example.com/api/door"),
        ("https://app.example.com/api/door", "https://app.example.com/api/door"),
        ("https://gate.example.com/cosell", "https://gate.example.com/cosell"),
        ("", ""),
    ],
)
def test_an_address_is_taken_with_or_without_its_path(given: str, found: str) -> None:
    """An app's bare address gets the path of the function; one that has a path already is somebody's decision."""
    assert address_of(given, "/api/door") == found


@pytest.mark.parametrize(
    "given", ["http://app.example.com", "https://a:hush@app.example.com", "https://a.example/?code=hush"]
)
def test_an_address_with_more_than_a_path_is_refused_unsaid(given: str) -> None:
    """What may hold a key is not repeated."""
    with pytest.raises(BadParameter) as refused:
        address_of(given)
    assert "hush" not in str(refused.value)


def test_an_address_is_not_broken_over_lines() -> None:
    """A sentence is broken between words alone, however narrow the terminal, so that addresses can be copied."""
    paper, address = io.StringIO(), f"https://contoso.crm.dynamics.com/main.aspx?id={'a' * 60}"
    console = Console(file=paper, width=40)
    Output(consoles=(console, console)).say(f"It is found here, and nowhere else at all: {address}")
    assert address in paper.getvalue().split("\n")


def test_a_command_to_copy_is_one_line() -> None:
    """However narrow the terminal is: a shell would take what is broken for two commands."""
    paper = io.StringIO()
    console = Console(file=paper, width=40)
    long = "az functionapp config appsettings set --name a --resource-group b --settings MODE=live"
    Output(consoles=(console, console)).lines([long, "cosell doctor"])
    assert paper.getvalue().splitlines() == [long, "cosell doctor"]


def test_whoever_named_no_settings_is_told_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any setting the way to name a file is said beside what is missing; one wrong value needs no such hint."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper() in NAMES]:
        monkeypatch.delenv(name)
    assert "--settings" in str(loaded(None).problems[-1])
    monkeypatch.setenv("MODE", "Live!")
    assert not any("--settings" in str(problem) for problem in loaded(None).problems)


def test_an_advice_follows_one_full_stop() -> None:
    """Other people's messages end with a full stop or do not; two are never shown."""
    remote = Remote(system="Partner Center", status=401, message="The access token is not valid.")
    assert str(AccessLost(remote, advice="Sign in again")).endswith("is not valid. Sign in again")


def test_a_file_that_cannot_be_carried_is_named(tmp_path: Path) -> None:
    """Whoever mistook one file for another reads which one it was."""
    file = tmp_path / "notes.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"notes\.json"), opened(file):
        pass


def test_json_is_understood_behind_a_command(tmp_path: Path) -> None:
    """Where a person types it first: the document is the same as with the option before the command."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"MODE": "Live!"}), encoding="utf-8")
    behind, before = (
        CliRunner().invoke(app, ["--settings", str(file), *line])
        for line in (["doctor", "--json"], ["--json", "doctor"])
    )
    assert (behind.exit_code, json.loads(behind.stdout)) == (2, json.loads(before.stdout))


def test_what_is_piped_is_utf_8_whatever_the_code_page(tmp_path: Path) -> None:
    """A character that the system's code page lacks ends no command with a traceback."""
    (tmp_path / "s.json").write_text(json.dumps({"MODE": "✓"}), encoding="utf-8")
    line = [sys.executable, "-m", "cli", "--settings", str(tmp_path / "s.json"), "doctor", "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    done = subprocess.run(line, capture_output=True, env=environment, check=False)  # noqa: S603 - ours
    assert (done.returncode, "✓" in done.stdout.decode(), "✓" in done.stderr.decode()) == (2, True, True)
