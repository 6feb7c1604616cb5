"""The function app: Flex Consumption, one Python, an identity, and nothing that the platform refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import dev
from tests.infra.bicep import Resource, Value
from tests.infra.template import FOLDER, read

ROOT = FOLDER.parent
SITE = "Microsoft.Web/sites"
# ARM answers these with error 51021, in newer regions; older ones ignore them.
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
REFUSED_PROPERTIES = frozenset(
    [
        "alwaysOn",
        "ftpsState",
        "linuxFxVersion",
        "windowsFxVersion",
        "netFrameworkVersion",
        "phpVersion",
        "pythonVersion",
        "nodeVersion",
        "javaVersion",
        "javaContainer",
        "javaContainerVersion",
        "powerShellVersion",
        "use32BitWorkerProcess",
        "preWarmedInstanceCount",
        "functionAppScaleLimit",
        "functionsRuntimeScaleMonitoringEnabled",
        "minimumElasticInstanceCount",
        "healthCheckPath",
        "websiteTimeZone",
        "appSettings",
        "containerSize",
        "dailyMemoryTimeQuota",
    ]
)
REFUSED_SETTINGS = frozenset(
    [
        "FUNCTIONS_WORKER_RUNTIME",
        "FUNCTIONS_WORKER_RUNTIME_VERSION",
        "FUNCTIONS_EXTENSION_VERSION",
        "FUNCTIONS_WORKER_PROCESS_COUNT",
        "FUNCTIONS_MAX_HTTP_CONCURRENCY",
        "SCM_DO_BUILD_DURING_DEPLOYMENT",
        "ENABLE_ORYX_BUILD",
        "WEBSITE_RUN_FROM_PACKAGE",
        "WEBSITE_CONTENTSHARE",
        "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
        "WEBSITE_CONTENTOVERVNET",
        "WEBSITE_TIME_ZONE",
        "TZ",
        "WEBSITE_VNET_ROUTE_ALL",
        "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
        "WEBSITE_DNS_SERVER",
        "WEBSITES_CONTAINER_START_TIME_LIMIT",
        "APPINSIGHTS_INSTRUMENTATIONKEY",
    ]
)


def site() -> Resource:
    return read("modules/app.bicep").resource(SITE)


def keys(value: Value) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield name
            yield from keys(inner)


def test_it_is_flex_consumption() -> None:
    """The plan is FC1 on Linux, and the app a function app on it."""
    plan = read("modules/app.bicep").resource("Microsoft.Web/serverfarms")
    assert plan.at("sku") == {"name": "FC1", "tier": "FlexConsumption"}
    assert plan.at("properties.reserved") is True
    assert site().at("kind") == "functionapp,linux"
    assert str(site().at("properties.serverFarmId")) == "plan.id"


def test_it_runs_the_python_that_is_proven() -> None:
    """The one version that the templates name is the one that the test command takes first."""
    app = read("modules/app.bicep")
    assert app.variables["python"] == dev.VERSIONS[0]
    assert str(site().at("properties.functionAppConfig.runtime.version")) == "python"
    assert site().at("properties.functionAppConfig.runtime.name") == "python"
    assert f"Python {dev.VERSIONS[0]}" in read("main.bicep").parameters["location"].description


def test_nothing_is_set_that_flex_refuses() -> None:
    """Neither a property of the site nor an app setting of the other plans."""
    assert set(keys(site().body)) & REFUSED_PROPERTIES == set()
    main = read("main.bicep")
    named = {name for group in ("given", "known", "switches", "telemetry") for name in main.variables[group]}
    assert named & REFUSED_SETTINGS == set()


def test_app_settings_have_names_that_linux_takes() -> None:
    """Letters, digits, underscores and periods: a hyphen in a function's name could not be switched off."""
    main = read("main.bicep")
    names = [name for group in ("given", "known", "switches", "telemetry") for name in main.variables[group]]
    assert [name for name in names if not name.replace(".", "_").isidentifier()] == []


def test_app_settings_are_written_in_one_place() -> None:
    """One resource replaces the whole list, so that two cannot overwrite each other."""
    configs = [one for one in read("modules/app.bicep").made if one.type == f"{SITE}/config"]
    assert [(one.at("name"), str(one.at("properties"))) for one in configs] == [("appsettings", "settings")]


def test_it_is_deployed_by_its_identity() -> None:
    """The package is read from the container by the identity that the app has, and by no connection string."""
    storage = "properties.functionAppConfig.deployment.storage"
    assert site().at(f"{storage}.type") == "blobContainer"
    assert str(site().at(f"{storage}.value")) == "deploymentContainer"
    assert site().at(f"{storage}.authentication.type") == "UserAssignedIdentity"
    assert str(site().at(f"{storage}.authentication.userAssignedIdentityResourceId")) == "identityId"


def test_passwords_deploy_nothing() -> None:
    """Basic authentication is off for FTP and for the deployment endpoint."""
    policies = [
        one for one in read("modules/app.bicep").made if one.type.endswith("/basicPublishingCredentialsPolicies")
    ]
    assert {one.at("name"): one.at("properties.allow") for one in policies} == {"ftp": False, "scm": False}


def test_it_talks_tls_alone() -> None:
    """https, TLS 1.2 at least, at both endpoints; no debugger from afar."""
    assert site().at("properties.httpsOnly") is True
    assert site().at("properties.siteConfig.minTlsVersion") == "1.2"
    assert site().at("properties.siteConfig.scmMinTlsVersion") == "1.2"
    assert site().at("properties.siteConfig.remoteDebuggingEnabled") is False


def test_azd_finds_the_app() -> None:
    """The tags that azd looks for: the environment on everything, the service on the app."""
    assert "{ 'azd-service-name': 'functions' }" in site().at("tags")
    assert "{ 'azd-env-name': environmentName }" in read("main.bicep").variables["allTags"]


def test_its_name_is_short_enough_for_a_host_id_of_its_own() -> None:
    """The host takes the first 32 characters."""
    assert read("modules/app.bicep").parameters["name"].decorators["maxLength"] == (32,)
    name = str(read("main.bicep").variables["appName"]).strip("'")
    assert len(name.replace("${token}", "x" * 13)) <= 32


def test_the_package_names_no_other_folder_of_the_repository() -> None:
    """Templates stay out of what is deployed."""
    assert "/infra" in (ROOT / ".funcignore").read_text("utf-8").split()
    assert Path(FOLDER).name == "infra"
