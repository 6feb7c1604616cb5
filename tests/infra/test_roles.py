"""Who may do what in Azure: every role assignment, each on one resource, under a name that stays the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.infra.bicep import Resource
from tests.infra.template import FOLDER, read

ASSIGNMENT = "Microsoft.Authorization/roleAssignments"
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
ROLES = {
    "storageBlobDataOwner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "storageQueueDataContributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "storageQueueDataReader": "19e7f393-937e-4f77-808e-94535e297925",
    "storageTableDataReader": "76199698-9eea-4c19-bc75-cec21354c6b6",
    "storageTableDataContributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "monitoringMetricsPublisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "keyVaultSecretsUser": "4633458b-17de-408a-b874-0445c86b69e6",
    "keyVaultSecretsOfficer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
}
APP = {
    ("storage", "storageBlobDataOwner"),
    ("storage", "storageQueueDataContributor"),
    ("storage", "storageTableDataContributor"),
    ("insights", "monitoringMetricsPublisher"),
    ("secretsVault", "keyVaultSecretsUser"),
    ("tokenVault", "keyVaultSecretsOfficer"),
}
ADMINISTRATOR = {
    ("storage", "storageQueueDataContributor"),
    ("storage", "storageTableDataContributor"),
    ("secretsVault", "keyVaultSecretsOfficer"),
    ("tokenVault", "keyVaultSecretsOfficer"),
}
INSPECTOR = {
    ("storage", "storageQueueDataReader"),
    ("storage", "storageTableDataReader"),
    ("secretsVault", "keyVaultSecretsUser"),
    ("tokenVault", "keyVaultSecretsUser"),
}
SCOPES = {
    "storage": "storageName",
    "secretsVault": "secretsVaultName",
    "tokenVault": "tokenVaultName",
    "insights": "insightsName",
}


def assignments() -> list[Resource]:
    return [one for one in read("modules/roles.bicep").made if one.type == ASSIGNMENT]


def given_to(principal: str) -> set[tuple[str, str]]:
    found = [one for one in assignments() if str(one.at("properties.principalId")) == principal]
    return {(str(one.at("scope")), str(one.at("properties.roleDefinitionId"))) for one in found}


def test_the_app_may_do_exactly_this() -> None:
    """Its own blobs, queues and tables, its telemetry, reading secrets, and writing in the refresh token's vault."""
    assert given_to("appPrincipalId") == APP


def test_an_administrator_may_do_exactly_this() -> None:
    """What the command line works on and what a person stores; and nothing where no administrator is named."""
    assert given_to("administratorId") == ADMINISTRATOR
    theirs = [one for one in assignments() if str(one.at("properties.principalId")) == "administratorId"]
    assert {one.when for one in theirs} == {"!empty(administratorId)"}


def test_a_workflow_may_look_and_change_nothing() -> None:
    """Whoever can change the workflow can read as the doctor does, and store, replay or delete nothing."""
    assert given_to("inspectorId") == INSPECTOR
    theirs = [one for one in assignments() if str(one.at("properties.principalId")) == "inspectorId"]
    assert {one.when for one in theirs} == {"!empty(inspectorId)"}
    assert [role for _, role in INSPECTOR if not role.endswith(("Reader", "SecretsUser"))] == []


def test_nobody_else_may_anything() -> None:
    """All assignments are in one file, and each is the app's, the administrator's or the workflow's."""
    assert len(assignments()) == len(APP) + len(ADMINISTRATOR) + len(INSPECTOR)
    files = {path.name for path in FOLDER.rglob("*.bicep") if ASSIGNMENT in path.read_text("utf-8")}
    assert files == {"roles.bicep"}


def test_a_role_is_the_one_that_it_is_called() -> None:
    """Microsoft's id of each role, which is the same in every tenant."""
    variables = read("modules/roles.bicep").variables
    ids = {name: re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(variables[name])) for name in variables}
    assert ids == {name: [role] for name, role in ROLES.items()}


def test_a_scope_is_one_resource() -> None:
    """Never the resource group or the subscription."""
    existing: Mapping[str, str] = {
        one.symbol: str(one.at("name")) for one in read("modules/roles.bicep").resources if one.existing
    }
    assert existing == SCOPES
    assert {str(one.at("scope")) for one in assignments()} <= SCOPES.keys()


def test_a_second_deployment_makes_nothing_twice() -> None:
    """The name of an assignment follows from what it assigns: where, to whom, which role."""
    for one in assignments():
        scope, role = str(one.at("scope")), str(one.at("properties.roleDefinitionId"))
        who = str(one.at("properties.principalId"))
        assert str(one.at("name")) == f"guid({scope}.id, {who}, {role})"


def test_the_kind_of_principal_is_told() -> None:
    """A new identity is not known everywhere at once: without its kind an assignment fails now and then."""
    kinds = {(str(one.at("properties.principalId")), str(one.at("properties.principalType"))) for one in assignments()}
    assert kinds == {
        ("appPrincipalId", "ServicePrincipal"),
        ("administratorId", "administratorType"),
        ("inspectorId", "ServicePrincipal"),
    }


def test_the_app_waits_for_its_roles() -> None:
    """An app that starts before it may read its storage shows no functions."""
    assert [str(one) for one in read("main.bicep").module("app").body["dependsOn"]] == ["roles", "endpoints"]


def test_whoever_signs_people_in_may_nothing() -> None:
    """The identity that vouches for the app registration is one of its own and has no role."""
    main = read("main.bicep")
    given = {str(value) for value in main.module("roles").given.values()}
    assert not any("signIn" in value for value in given)
    assert main.module("signInIdentity").path == "modules/identity.bicep"
