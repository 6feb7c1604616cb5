"""Two vaults, opened by roles; and no secret in any template, parameter, setting or output."""

from __future__ import annotations

import re

import pytest

from tests.infra.bicep import Expression, below_calls, strings
from tests.infra.template import FOLDER, read

VAULT = "Microsoft.KeyVault/vaults"
TEMPLATES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.bicep"))
FILES = [*TEMPLATES, *sorted(path.name for path in FOLDER.glob("*.bicepparam"))]
# What gives a secret away: functions that fetch one, and parameters that would take one.
GIVING = {"listKeys", "listAccountSas", "listServiceSas", "listSecrets", "listConnectionStrings", "list", "getSecret"}
REFERENCE = re.compile(r"^'\$\{secret\}\$\{\w+SecretName\}\)'$")
SECRET_SETTINGS = ("PARTNER_CENTER_CLIENT_SECRET", "DATAVERSE_CLIENT_SECRET")


def test_a_vault_is_opened_by_roles_alone() -> None:
    """Role-based access, and no access policy beside it."""
    vault = read("modules/vault.bicep").resource(VAULT)
    assert vault.at("properties.enableRbacAuthorization") is True
    assert vault.at("properties.accessPolicies") is None


def test_what_is_deleted_can_be_had_back() -> None:
    """Soft delete, and nobody can purge before its time."""
    vault = read("modules/vault.bicep").resource(VAULT)
    assert vault.at("properties.enableSoftDelete") is True
    assert vault.at("properties.enablePurgeProtection") is True


def test_no_deployment_reads_a_vault() -> None:
    """Virtual machines, disk encryption and templates get nothing out of it."""
    vault = read("modules/vault.bicep").resource(VAULT)
    uses = ("enabledForDeployment", "enabledForDiskEncryption", "enabledForTemplateDeployment")
    assert [vault.at(f"properties.{use}") for use in uses] == [False, False, False]


def test_no_template_makes_a_secret() -> None:
    """A secret that a template makes would be overwritten by the next deployment."""
    made = [one.type for name in TEMPLATES for one in read(name).made if one.type.startswith(f"{VAULT}/")]
    assert made == []


@pytest.mark.parametrize("name", FILES)
def test_nothing_fetches_a_secret(name: str) -> None:
    """No function that gives keys, signatures or secrets away is called."""
    assert set(below_calls(read(name).root)) & GIVING == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_parameter_takes_a_secret(name: str) -> None:
    """None is marked @secure, because none needs to be: secrets go straight into the vault."""
    parameters = read(name).parameters.values()
    assert [one.name for one in parameters if "secure" in one.decorators] == []
    named = [one.name for one in parameters if re.search(r"(secret|password|token|key)$", one.name, re.IGNORECASE)]
    assert named == []


def test_a_secret_setting_is_a_reference() -> None:
    """An app setting names where the secret lies: vault and name, without a version, so that a newer one is taken."""
    main = read("main.bicep")
    assert str(main.variables["secret"]) == "'@Microsoft.KeyVault(VaultName=${secretsVault.outputs.name};SecretName='"
    for name in SECRET_SETTINGS:
        value = main.variables["known"][name]
        texts = [text for text in strings(value.node) if text not in ("''", "'client_secret'")]
        assert len(texts) == 1, name
        assert REFERENCE.match(texts[0]), name


def test_the_app_resolves_references_by_its_own_identity() -> None:
    """Without this a user-assigned identity's references stay unresolved."""
    site = read("modules/app.bicep").resource("Microsoft.Web/sites")
    assert str(site.at("properties.keyVaultReferenceIdentity")) == "identityId"


def test_no_output_is_a_secret() -> None:
    """The whole deployment's outputs: names, addresses and ids, each known by its name here."""
    outputs = read("main.bicep").outputs
    assert outputs.keys() == {
        "AZURE_LOCATION",
        "AZURE_RESOURCE_GROUP",
        "FUNCTION_APP_NAME",
        "FUNCTION_APP_URL",
        "STORAGE_ACCOUNT_NAME",
        "SECRETS_VAULT_NAME",
        "PARTNER_CENTER_KEY_VAULT_URL",
        "PARTNER_CENTER_REFRESH_TOKEN_NAME",
        "APP_IDENTITY_CLIENT_ID",
        "SIGN_IN_IDENTITY_PRINCIPAL_ID",
        "APPLICATION_INSIGHTS_NAME",
    }
    assert not any("connectionString" in str(output.value) for output in outputs.values())
    assert all(isinstance(output.value, Expression) for output in outputs.values())


def test_the_vaults_differ() -> None:
    """The refresh token lies in a vault of its own; both names fit into the 24 characters that a vault's may have."""
    main = read("main.bicep")
    names = {symbol: str(main.module(symbol).given["name"]) for symbol in ("secretsVault", "tokenVault")}
    assert names == {"secretsVault": "'kv-cosell-${token}'", "tokenVault": "'kv-token-${token}'"}
    assert all(len(name.strip("'").replace("${token}", "x" * 13)) <= 24 for name in names.values())
    assert str(main.variables["known"]["PARTNER_CENTER_KEY_VAULT_URL"]) == "tokenVault.outputs.uri"
