"""The tool's list of commands, which is shown without the product behind them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.commands import COMMANDS
from cli.later import Later


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_says_of_a_command_what_it_says_itself(command: Later) -> None:
    """What stands in the list is the first paragraph of the command's own help, word for word."""
    real = command.real()
    assert (real.name, real.help.split("\n\n")[0].replace("\n", " ")) == (command.name, command.help)


def test_help_does_without_the_product() -> None:
    """`cosell -h`, and each press of Tab that completes a command, imports neither the gateways nor Excel's library."""
    asked = (
        "import sys; from cli.app import app; print([m for m in sys.modules if m in ('shared.bootstrap', 'openpyxl')])"
    )
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
