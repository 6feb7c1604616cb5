"""What Azure tells about itself, and how people sign in to the status page."""

from __future__ import annotations

from tests.infra.template import read

SETTING = "Microsoft.Insights/diagnosticSettings"


def test_vaults_and_storage_report_to_the_workspace() -> None:
    """Who read or wrote which secret, and what was changed in blobs, queues and tables."""
    made = [one for one in read("modules/diagnostics.bicep").made if one.type == SETTING]
    assert {str(one.at("scope")) for one in made} == {"blobs", "queues", "tables", "secretsVault", "tokenVault"}
    assert {str(one.at("properties.workspaceId")) for one in made} == {"workspaceId"}
    vaults = [one.at("properties.logs") for one in made if "Vault" in str(one.at("scope"))]
    assert vaults == [({"categoryGroup": "audit", "enabled": True},)] * 2


def test_reads_of_idle_queues_are_paid_for_on_request_only() -> None:
    """By default writes and deletes are logged: a look every two seconds is no news."""
    changes = {one["category"]: str(one["enabled"]) for one in read("modules/diagnostics.bicep").variables["changes"]}
    assert changes["StorageRead"] == "storageLogs == 'all'"
    assert read("main.bicep").parameters["storageLogs"].default == "changes"


def test_nobody_signs_in_by_a_client_secret() -> None:
    """A managed identity of its own vouches for the app registration."""
    main = read("main.bicep")
    registration = "properties.identityProviders.azureActiveDirectory.registration"
    setting = read("modules/signin.bicep").resource("Microsoft.Web/sites/config").at(registration)
    assert str(setting["clientSecretSettingName"]) == "identitySetting"
    assert main.variables["signInSetting"] == "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
    assert "{ '${signInSetting}': signInIdentity.outputs.clientId }" in main.variables["signIn"]


def test_webhooks_and_keys_pass_the_sign_in() -> None:
    """Partner Center and Dataverse cannot sign in: who is nobody passes, and the page asks for the role itself."""
    made = read("modules/signin.bicep").resource("Microsoft.Web/sites/config")
    assert made.at("properties.globalValidation") == {
        "requireAuthentication": False,
        "unauthenticatedClientAction": "AllowAnonymous",
    }
    assert made.at("properties.login.tokenStore.enabled") is False
