"""`cosell provision` as it is typed: options, questions, exit codes, and words that never show the key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from cli.commands import provision
from cli.output import Output
from cli.provisioning.webhook import Hook, header
from cli.work import Asked
from sandbox.dynamics import create_app
from sandbox.dynamics.seed import APPLICATION_CLIENT
from sandbox.stack import settings
from shared.errors import Misconfigured
from shared.platform.identity import StaticTokens
from shared.platform.outside import Outside, outside
from shared.settings import Settings, read
from tests.integration.bench import open_bench
from tests.integration.provisioned import ASK, Desk

DYNAMICS, KEY = "http://127.0.0.1:7082", "kEy+of/the&function="
URL = "https://functions.example.com/api/dynamics/events"


class Typed:
    """The tool with this one command, before an empty Dataverse that lives from one call to the next."""

    def __init__(self, root: Path) -> None:
        self.app = create_app(base_url=DYNAMICS, connector=False)
        self.base = settings("http://127.0.0.1:7081", DYNAMICS, "UseDevelopmentStorage=true", root)
        self.tool = typer.Typer()
        provision.add(self.tool)

    def world(self, found: Settings) -> Outside:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app))
        made = replace(outside(found), client=client, dataverse_tokens=StaticTokens("sandbox-seller"))
        return replace(made, close=client.aclose)

    def __call__(self, *arguments: str, typed: str = "", as_json: bool = False, **changes: str) -> Result:
        reading = read(self.base | {"DATAVERSE_PREFIX": "cosell"} | changes)
        asked = Asked(reading=reading, output=Output(json=as_json), world=self.world)
        return CliRunner().invoke(self.tool, list(arguments), input=typed, obj=asked)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return list(self.app.state.organization.store.table(name).values())


@pytest.fixture
def typed(tmp_path: Path) -> Typed:
    """Give the command."""
    root = tmp_path / "root.pem"
    return Typed(root)


def test_the_key_is_asked_for_and_not_shown(typed: Typed) -> None:
    """Once, for a new endpoint; typed unseen, and the next run asks for nothing."""
    first = typed("--url", URL, "--application", APPLICATION_CLIENT, typed=f"{KEY}\n")
    again = typed("--url", URL, "--application", APPLICATION_CLIENT)

    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "Key of the function" in first.output
    assert KEY not in first.output + again.output
    assert [row["authvalue"] for row in typed.rows("serviceendpoint")] == [header(SecretStr(KEY))]
    assert "Nothing to do" in again.output


def test_each_step_is_told_as_it_is_made(typed: Typed) -> None:
    """A program is told of every step whether it was made, in the order of making; a person sees them as a bar."""
    result = typed("--url", URL, "--key", KEY, "--application", APPLICATION_CLIENT, as_json=True)

    steps = json.loads(result.stdout)["steps"]
    assert len(steps) > 30
    assert all(step["done"] for step in steps)
    assert [step["what"].split()[0] for step in steps[:2]] == ["publisher", "solution"]


def test_without_an_address_there_is_no_webhook(typed: Typed) -> None:
    """Everything else is made, and what lacks is said."""
    result = typed()

    assert result.exit_code == 0
    assert "no webhook: give the address" in " ".join(result.output.split())
    assert typed.rows("serviceendpoint") == []
    assert [row["name"] for row in typed.rows("role")].count("Cosell Sync") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--url", f"{URL}?code={KEY}"), "the key is given apart"),
        (("--url", "http://functions.example.com/api"), "plain https address"),
        (("--application", "me"), "--application is a GUID"),
    ],
)
def test_a_wrong_option_is_named_without_a_secret(typed: Typed, arguments: tuple[str, ...], said: str) -> None:
    """Misuse ends with 2 before anything is called, and a key that was put into the address is not repeated."""
    result = typed(*arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())
    assert KEY not in result.output
    assert typed.rows("publisher") == []


def test_removal_is_asked_about(typed: Typed) -> None:
    """No takes nothing away, yes takes all of it."""
    typed()
    refused = typed("--remove", typed="n\n")
    kept = len(typed.rows("solution"))
    done = typed("--remove", typed="y\n")

    assert (refused.exit_code, kept) == (1, 1)
    assert done.exit_code == 0
    assert typed.rows("solution") == []


def test_a_clash_ends_with_one_and_a_document(typed: Typed) -> None:
    """A program sees the clash in the one document, and the exit code."""
    result = typed("--dry-run", as_json=True, DATAVERSE_PREFIX="msft")
    document = json.loads(result.stdout)

    assert result.exit_code == 1
    assert any("set DATAVERSE_PREFIX=cosell" in text for text in document["clashes"])
    assert document["steps"] == [] or not any(step["done"] for step in document["steps"])


def test_where_nothing_was_made_nothing_is_removed(typed: Typed) -> None:
    """An empty environment is told apart from a complete one."""
    done = typed("--remove", "--yes")
    assert (done.exit_code, "Nothing to do: nothing of ours is there." in done.output) == (0, True)


def test_the_key_may_come_from_azure(typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--key-from-azure asks nobody at the keyboard; where azd says of no app, it is named what is missing."""
    monkeypatch.chdir(tmp_path)
    for name in ("FUNCTION_APP_NAME", "AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID", "AZURE_ENV_NAME"):
        monkeypatch.delenv(name, raising=False)
    done = typed("--url", URL, "--application", APPLICATION_CLIENT, "--key-from-azure")
    assert isinstance(done.exception, Misconfigured)
    assert "--app" in str(done.exception)
    assert typed.rows("serviceendpoint") == []


async def test_azures_key_is_what_dataverse_gets(bench_of_keys: Desk) -> None:
    """Fetched where a key is needed, and not a second time."""
    asked: list[str] = []

    async def key() -> SecretStr:
        asked.append("key")
        return SecretStr(KEY)

    ask = replace(ASK, hook=Hook(url=ASK.hook.url))
    assert await bench_of_keys.provision(ask, key=key) == 0
    assert await bench_of_keys.provision(ask, key=key) == 0
    assert asked == ["key"]
    assert KEY not in bench_of_keys.said


@pytest.fixture
async def bench_of_keys(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_bench(tmp_path / "root.pem", connector=False, DATAVERSE_PREFIX="cosell") as made:
        yield Desk(made)
