"""One switch puts the app into a network of its own, and storage and vaults behind private endpoints."""

from __future__ import annotations

from tests.infra.template import read

SWITCH = "privateNetwork"
BEHIND = {
    ("blob", "storageId"),
    ("queue", "storageId"),
    ("table", "storageId"),
    ("vault", "secretsVaultId"),
    ("vault", "tokenVaultId"),
}


def test_the_network_is_made_behind_one_switch() -> None:
    """Network and endpoints are there with it, and nothing of them without."""
    main = read("main.bicep")
    assert main.parameters[SWITCH].default is False
    assert {one.symbol: one.when for one in main.modules if one.symbol in ("network", "endpoints")} == {
        "network": SWITCH,
        "endpoints": SWITCH,
    }
    assert str(main.module("app").given["subnetId"]) == f"{SWITCH} ? network.outputs.functionsSubnetId : ''"


def test_storage_and_the_tokens_vault_are_closed_by_the_switch() -> None:
    """The vault of secrets has a second one, since references into a closed vault may not resolve on this plan."""
    main = read("main.bicep")
    assert str(main.module("storage").given["private"]) == SWITCH
    assert str(main.module("tokenVault").given["private"]) == SWITCH
    assert str(main.module("secretsVault").given["private"]) == f"{SWITCH} && closeSecretsVault"
    assert main.parameters["closeSecretsVault"].default is False


def test_closed_is_closed() -> None:
    """No public access at all, or, where an administrator's address is named, for that alone."""
    for name, kind in (("storage", "Microsoft.Storage/storageAccounts"), ("vault", "Microsoft.KeyVault/vaults")):
        made = read(f"modules/{name}.bicep").resource(kind)
        assert (
            str(made.at("properties.publicNetworkAccess"))
            == "private && empty(allowedAddresses) ? 'Disabled' : 'Enabled'"
        )
        assert str(made.at("properties.networkAcls.defaultAction")) == "private ? 'Deny' : 'Allow'"
        assert made.at("properties.networkAcls.bypass") == "None"
        assert "for address in allowedAddresses" in made.at("properties.networkAcls.ipRules")


def test_every_service_that_is_closed_has_an_endpoint() -> None:
    """Blobs, queues, tables and both vaults, each with the zone in which its usual name leads there."""
    endpoints = read("modules/endpoints.bicep")
    targets, zones = endpoints.variables["targets"], endpoints.variables["zones"]
    assert {(one["service"], str(one["id"])) for one in targets} == BEHIND
    for one in targets:
        zone = str(zones[one["zone"]])
        assert zone == "vaultZone" if one["service"] == "vault" else f"privatelink.{one['service']}." in zone
    assert len({one["name"] for one in targets}) == len(targets)


def test_the_apps_subnet_is_one_that_the_plan_takes() -> None:
    """Delegated to the plan's environments, and without an underscore in its name."""
    network = read("modules/network.bicep").resource("Microsoft.Network/virtualNetworks")
    subnets = {one["name"]: one["properties"] for one in network.at("properties.subnets")}
    assert subnets.keys() == {"functions", "endpoints"}
    delegations = [one["properties"]["serviceName"] for one in subnets["functions"]["delegations"]]
    assert delegations == ["Microsoft.App/environments"]
    assert "delegations" not in subnets["endpoints"]


def test_partner_center_and_dataverse_reach_the_app_all_the_same() -> None:
    """The webhooks come from the Internet, whatever is behind private endpoints."""
    site = read("modules/app.bicep").resource("Microsoft.Web/sites")
    assert site.at("properties.publicNetworkAccess") == "Enabled"
