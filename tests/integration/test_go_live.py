"""`cosell go-live`: what stands against it, what it changes, and what it leaves alone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.azure.azd import Place, place
from cli.azure.deployed import as_a_person
from cli.azure.management import AppSettings
from cli.azure.references import located, resolved
from cli.golive.commands import commands, keep
from cli.settings import AZURE, loaded
from sandbox.azure.management import READER
from shared.connectors.rest import Missing
from shared.errors import AccessLost, Misconfigured, NeedsDecision
from tests.integration.bench import Bench
from tests.integration.golive_bench import PLACE, GoLive
from tests.integration.network import HOST, PARTNER_EVENTS

ADDRESS = f"{HOST}{PARTNER_EVENTS}"
SECRET = "S3cr3t-of-an-app-setting"


@pytest.fixture
def going(bench: Bench) -> GoLive:
    """Give an app that is deployed and well, in test mode; nobody is registered at Partner Center."""
    bench.partner.state.world.registration = None
    settings = {**bench.base, "MODE": "test", "OTHERS_SECRET": SECRET, "AzureWebJobs.leads.Disabled": "true"}
    return GoLive(bench=bench, settings=settings)


def registered(bench: Bench) -> Any:
    held = bench.partner.state.world.registration
    return held and held["WebhookUrl"]


async def test_going_live_sets_the_mode_and_registers_the_webhook(going: GoLive, bench: Bench) -> None:
    """MODE alone changes, the restarting app is waited for, its own route registers, azd's environment is told."""
    before = dict(going.site.settings)
    assert await going.go() == 0
    assert going.site.settings == {**before, "MODE": "live"}
    assert (registered(bench), going.kept, going.slept > 0) == (ADDRESS, ["live"], True)
    assert "MODE: test → live" in going.said
    assert "delivered" in going.said


async def test_it_may_be_said_twice(going: GoLive, bench: Bench) -> None:
    """The second run changes no setting, and finds the webhook registered."""
    await going.go()
    assert await going.go() == 0
    assert (len(going.writes), registered(bench), "MODE stays live" in going.said) == (1, ADDRESS, True)


async def test_a_registration_that_failed_is_made_by_the_next_run(going: GoLive, bench: Bench) -> None:
    """MODE is live and nothing is registered, which makes health red: that is what the command is for."""
    going.site.settings["MODE"] = "live"
    bench.configure(MODE="live")
    assert await going.go() == 0
    assert (registered(bench), going.writes) == (ADDRESS, [])


async def test_it_is_refused_while_the_doctor_fails(going: GoLive, bench: Bench) -> None:
    """The failed checks are printed with what to do, and nothing is changed."""
    going.site.settings["DEFAULT_OWNER"] = "nobody@example.com"
    assert await going.go() == 1
    assert "DEFAULT_OWNER" in going.said
    assert "Nothing was changed" in going.said
    assert (going.writes, registered(bench), going.kept) == ([], None, [])


async def test_it_is_refused_under_dry_run(going: GoLive, bench: Bench) -> None:
    """Nothing would be written, and nothing registered: that is not live, whatever MODE says."""
    going.site.settings["DRY_RUN"] = "true"
    assert await going.go() == 1
    assert "DRY_RUN" in going.said
    assert (going.writes, registered(bench)) == ([], None)


async def test_it_is_refused_while_settings_are_wrong(going: GoLive) -> None:
    """Exit code 2 names each of them."""
    going.site.settings["CONFLICT_WINNER"] = "whoever"
    assert await going.go() == 2
    assert "CONFLICT_WINNER" in going.said
    assert going.writes == []


async def test_it_is_refused_while_the_app_is_not_well(going: GoLive, bench: Bench) -> None:
    """What the app itself finds, with its own identity, counts as well: here its settings, which the tool sees not."""
    bench.configure(MODE="Live!")
    assert await going.go() == 1
    assert "MODE" in going.said
    assert going.writes == []


async def test_it_is_refused_while_the_app_does_not_answer(going: GoLive) -> None:
    """An app that was never deployed, or does not start, is told as that."""
    going.away = 1
    assert await going.go() == 3
    assert going.writes == []


async def test_another_integration_is_seen_before_anything_changes(going: GoLive, bench: Bench) -> None:
    """Its address is told, MODE stays; --overwrite takes its place."""
    other = {"WebhookUrl": "https://billing.example.com/hook?sig=hush", "WebhookEvents": ["invoice-ready"]}
    bench.partner.state.world.registration = {"SubscriberId": "s", "SignatureTokenToMsSignatureHeader": True, **other}
    assert await going.go() == 1
    assert ("billing.example.com" in going.said, "hush" in going.said, going.writes) == (True, False, [])
    assert await going.go(overwrite=True) == 0
    assert registered(bench) == ADDRESS


async def test_a_dry_run_looks_and_changes_nothing(going: GoLive, bench: Bench) -> None:
    """Everything that would be refused is, and the plan is told."""
    assert await going.go(dry_run=True) == 0
    assert "MODE: test → live" in going.said
    assert (going.writes, registered(bench), going.kept) == ([], None, [])


async def test_a_person_is_asked(going: GoLive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --yes, and answered with no, nothing is done."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    with pytest.raises(typer.Abort):
        await going.go(yes=False)
    assert going.writes == []


async def test_undo_sets_the_mode_back(going: GoLive, bench: Bench) -> None:
    """No doctor is asked, the registration stays, azd is told; nothing else changes."""
    await going.go()
    before = dict(going.site.settings)
    going.site.settings["DEFAULT_OWNER"] = "nobody@example.com"
    assert await going.go(mode="test") == 0
    assert going.site.settings == {**before, "MODE": "test", "DEFAULT_OWNER": "nobody@example.com"}
    assert (registered(bench), going.kept) == (ADDRESS, ["live", "test"])


async def test_where_azd_is_not_the_next_step_is_told(going: GoLive) -> None:
    """A redeployment of the template would set MODE back: who deploys has to be told."""
    going.azd = False
    await going.go()
    assert "azd env set MODE live" in going.said


async def test_settings_that_somebody_changed_meanwhile_are_told(
    going: GoLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure replaces all settings at once: what is there afterwards is compared with what was meant."""
    original = going.site.restarted

    def somebody() -> None:
        going.site.settings["DRY_RUN"] = "true"
        original()

    monkeypatch.setattr(going.site, "restarted", somebody)
    with pytest.raises(NeedsDecision, match="other settings changed"):
        await going.go()


async def test_who_may_only_look_is_told_which_role_is_missing(going: GoLive) -> None:
    """Azure's 403 names Website Contributor."""
    going.token = READER
    with pytest.raises(AccessLost, match="Website Contributor"):
        await going.go()


async def test_no_setting_but_mode_is_printed(going: GoLive) -> None:
    """Values may be secrets: none is shown, in no outcome and in no repr, and no key either."""
    await going.go()
    held = AppSettings(going.site.settings)
    assert SECRET not in going.said + repr(held)
    assert [key for key in going.site.keys.values() if key in going.said] == []


# --- where it is ------------------------------------------------------------------------------------------------------


def test_azds_environment_says_where_the_app_is(tmp_path: Path) -> None:
    """The default environment's file, under the process's own environment, under the command line."""
    (tmp_path / "contoso").mkdir()
    (tmp_path / "config.json").write_text(json.dumps({"version": 1, "defaultEnvironment": "contoso"}))
    lines = ['FUNCTION_APP_NAME="func-a"', 'AZURE_RESOURCE_GROUP="rg-a"', 'AZURE_SUBSCRIPTION_ID="s-a"']
    (tmp_path / "contoso" / ".env").write_text("\n".join(lines))
    assert place({}, {}, tmp_path) == Place(app="func-a", group="rg-a", subscription="s-a", environment="contoso")
    assert place({}, {"FUNCTION_APP_NAME": "func-b"}, tmp_path).app == "func-b"
    assert place({"app": "func-c"}, {}, tmp_path) == Place(app="func-c", group="rg-a", subscription="s-a")


@pytest.mark.parametrize("given", [{}, {"app": "a/b", "group": "g", "subscription": "s"}, {"app": "a", "group": "g"}])
def test_what_nobody_named_is_told(given: dict[str, str], tmp_path: Path) -> None:
    """Each missing name with its option and azd's variable; a name that would change the address is none."""
    with pytest.raises(Misconfigured, match="--"):
        place(given, {}, tmp_path)


def test_the_same_can_be_done_by_hand() -> None:
    """--print names the app, the setting, the registration, and azd's variable."""
    live, back = " ".join(commands(PLACE, "live")), " ".join(commands(PLACE, "test"))
    assert "--name func-cosell --resource-group rg-cosell" in live
    assert "--settings MODE=live --output none" in live
    assert ("webhook register" in live, "webhook" in back) == (True, False)
    assert "azd env set MODE live" in live


async def test_without_azd_nothing_is_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where azd is not installed, or was not asked where the app is, its environment is left to a person."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not await keep(PLACE, "live")
    assert not await keep(Place(app="a", group="g", subscription="s"), "live")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Microsoft.KeyVault(VaultName=kv-a;SecretName=s-1)", ("https://kv-a.vault.azure.net", "s-1", "")),
        (
            "@Microsoft.KeyVault(SecretUri=https://kv-a.vault.azure.net/secrets/s-1/)",
            ("https://kv-a.vault.azure.net", "s-1", ""),
        ),
        (
            "@Microsoft.KeyVault(SecretUri=https://kv.example.com/secrets/s/0a1b)",
            ("https://kv.example.com", "s", "0a1b"),
        ),
        ("@Microsoft.KeyVault(VaultName=evil.example.com/x;SecretName=s)", None),
        ("@Microsoft.KeyVault(SecretUri=http://kv.example.com/secrets/s)", None),
        ("a value", None),
    ],
)
def test_a_reference_is_read(text: str, found: tuple[str, str, str] | None) -> None:
    """Both documented forms; what is no such reference is a value."""
    assert located(text) == found


async def test_settings_of_the_app_hold_for_a_person() -> None:
    """References are read, identities are the person's, and what may not be read stays, to be named by its setting."""

    async def read(vault: str, name: str, version: str) -> str:
        if name == "closed":
            from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 - only here

            raise HttpResponseError("Forbidden")
        return f"{vault} {name}{version}"

    given = {
        "A": "@Microsoft.KeyVault(VaultName=v;SecretName=s)",
        "B": "@Microsoft.KeyVault(VaultName=v;SecretName=closed)",
    }
    assert dict(await resolved(given, read)) == {"A": "https://v.vault.azure.net s", "B": given["B"]}
    values = {
        "DATAVERSE_AUTH": "managed_identity",
        "AZURE_CLIENT_ID": "id",
        "AzureWebJobsStorage__credential": "managedidentity",
    }
    there = await as_a_person(AppSettings(values), "https://app.example.com", read)
    assert (there["DATAVERSE_AUTH"], there["AZURE_CLIENT_ID"], there["PUBLIC_URL"]) == (
        "default",
        "",
        "https://app.example.com",
    )
    assert there["AzureWebJobsStorage__credential"] == ""


# --- Azure itself -----------------------------------------------------------------------------------------------------


async def test_what_azure_refuses_is_told_with_what_to_do(going: GoLive) -> None:
    """Nobody signed in, an app that is not there, a function that was never deployed."""
    going.token = "nobody"
    async with going.azure() as azure:
        with pytest.raises(AccessLost, match="az login"):
            await azure.settings()
    going.token = "sandbox-contributor"
    async with going.azure("func-other") as azure:
        with pytest.raises(Missing, match="resource group"):
            await azure.address()
    async with going.azure() as azure:
        assert "key-of" not in repr(await azure.key("health"))
        with pytest.raises(Missing):
            await azure.key("dynamics_events")


def test_settings_of_azure_need_to_know_which_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--settings azure` beside no environment of azd's is misuse, in words and before anybody is asked."""
    monkeypatch.chdir(tmp_path)
    for name in ("FUNCTION_APP_NAME", "AZURE_RESOURCE_GROUP", "AZURE_SUBSCRIPTION_ID", "AZURE_ENV_NAME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Misconfigured, match="--app"):
        loaded(AZURE)


def test_a_file_of_that_name_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has a file called azure means it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "azure").write_text(json.dumps({"MODE": "test"}))
    assert loaded(AZURE).best.mode == "test"
