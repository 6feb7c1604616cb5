"""What the documents tell a reader to type exists: commands with their options, settings by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cli.app import app
from cli.later import Later
from shared.setting_model import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")
# The platform's, the test command's, azd's own, and what an error or a library calls something.
OTHERS = frozenset(
    {
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER_ARG",
        "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY",
        "HOST_FUNCTION_KEY",
        "HOST_MASTER_KEY",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "NODE_EXTRA_CA_CERTS",
        "COSELL_VENV",
        "CHAOS_SEED",
        "APPLICATION_INSIGHTS_ID",
        "AZURE_SUBSCRIPTION_ID",
        "AZURE_TENANT_ID",
    }
)
TOOL: Any = typer.main.get_command(app)
VARIABLE = re.compile(r"readEnvironmentVariable\('(\w+)'")
OUTPUT, PARAMETER = re.compile(r"^output (\w+) ", re.MULTILINE), re.compile(r"^param (\w+) ", re.MULTILINE)
CAMEL = re.compile(r"[a-z]+[A-Z]\w*")
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code(document: Path) -> Iterator[str]:
    """Lines of code blocks, and code within the text."""
    for block, span in CODE.findall(document.read_text(encoding="utf-8")):
        yield from block.splitlines() or [span]


@cache
def made(command: Any) -> Any:
    """The command itself, where the list of commands holds what imports it when asked."""
    return command.real() if isinstance(command, Later) else command


def unknown(line: str) -> list[str]:
    """Words after `cosell` that are no command, or options that the command does not have."""
    words = ["", *re.sub(r"^.*?\bcosell(?= )", "", line).split()]
    command: Any = TOOL
    wrong: list[str] = []
    for before, word in pairwise(words):
        known = {option for parameter in command.params for option in parameter.opts} | {"--help", "--json"}
        if word.startswith("--"):
            wrong += [word] if word.rstrip(".,;)") not in known else []
        elif (group := getattr(command, "commands", None)) and not before.startswith("--"):
            if word not in group:
                return [*wrong, word]
            command = made(group[word])
    return wrong


def commands(document: Path) -> list[str]:
    return [line for line in code(document) if re.match(r"(?:[$>] |python dev\.py |[A-Z_]+=\S+ )*cosell [a-z-]", line)]


@each_document
def test_every_command_can_be_typed(document: Path) -> None:
    """Each `cosell …` of a document is a command of the tool, with options that it has."""
    wrong = {line: words for line in commands(document) if (words := unknown(line))}
    assert wrong == {}


def test_a_command_that_is_none_is_found() -> None:
    """The law above can fail: for a command, an option, and one of another command."""
    assert unknown("cosell doctors") == ["doctors"]
    assert unknown("cosell deals list --winner dynamics") == ["--winner"]
    assert unknown("cosell --settings azure adopt --winner dynamics --dry-run") == []
    assert len(commands(ROOT / "docs/commands.md")) > 20


def of_the_template() -> set[str]:
    """The variables that fill the parameters, and the names of the outputs."""
    filled = "".join(file.read_text(encoding="utf-8") for file in ROOT.glob("infra/*.bicepparam"))
    return {*VARIABLE.findall(filled), *OUTPUT.findall((ROOT / "infra/main.bicep").read_text(encoding="utf-8"))}


@each_document
def test_every_setting_is_one(document: Path) -> None:
    """Each name in capitals is an app setting, a name of the template's, or one of the few others listed here."""
    known = {field.alias or name.upper() for name, field in Settings.model_fields.items()} | OTHERS
    known |= of_the_template()
    named = {word for line in code(document) for word in re.split(r"[=\s]", line)[:1] if SETTING.match(word)}
    assert sorted(named - known) == []


def test_every_parameter_is_one() -> None:
    """Whatever the deployer's page writes like a parameter of the template is one."""
    page, template = ROOT / "docs/deployer.md", ROOT / "infra/main.bicep"
    named = {word for line in code(page) for word in line.split()[:1] if CAMEL.fullmatch(word)}
    assert named
    assert sorted(named - set(PARAMETER.findall(template.read_text(encoding="utf-8")))) == []
