"""How many instances there are, what they may ask of Dataverse together, and how their telemetry leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from shared.setting_model import Settings
from tests.infra.template import FOLDER, read
from tests.infra.test_app import ROOT, site

DATAVERSE_LIMIT = 52  # requests of one user under way: what Settings' upper bound is, too
# Who calls Dataverse on instances of their own: queue functions, auto-heal, and all HTTP functions together.
HTTP_GROUP, TIMERS = 1, 1


def host() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((ROOT / "host.json").read_text("utf-8"))
    return found


def test_scale_limits_reach_the_platform() -> None:
    """Instances, memory, always-ready instances and HTTP concurrency are parameters that go where they work."""
    scale = "properties.functionAppConfig.scaleAndConcurrency"
    assert str(site().at(f"{scale}.maximumInstanceCount")) == "maximumInstanceCount"
    assert str(site().at(f"{scale}.instanceMemoryMB")) == "instanceMemoryMB"
    assert str(site().at(f"{scale}.alwaysReady")) == "alwaysReady"
    assert str(site().at(f"{scale}.triggers.http.perInstanceConcurrency")) == "httpConcurrency"


def test_all_instances_together_keep_to_dataverses_limit() -> None:
    """With the defaults, every worker that calls Dataverse may use its whole share at once."""
    parameters = read("main.bicep").parameters
    queues = len(json.loads((FOLDER / "queues.json").read_text("utf-8")))
    workers = (queues + TIMERS + HTTP_GROUP) * parameters["maximumInstanceCount"].default
    assert workers * parameters["dataverseConcurrency"].default <= DATAVERSE_LIMIT
    assert Settings.model_fields["dataverse_concurrency"].metadata[-1].le == DATAVERSE_LIMIT


def test_the_reason_for_the_scale_limit_is_true() -> None:
    """What the parameter's description says of host.json and of the two numbers."""
    queues = host()["extensions"]["queues"]
    parameters = read("main.bicep").parameters
    described = parameters["maximumInstanceCount"].description
    assert f"handles {queues['batchSize'] + queues['newBatchThreshold']} signals at once" in described
    share = parameters["dataverseConcurrency"].default
    assert f"7 times {share} (dataverseConcurrency) is {7 * share}" in described


def test_telemetry_is_sent_by_the_identity_alone() -> None:
    """No key writes into Application Insights or the workspace; the exporter is told which identity to use."""
    monitoring = read("modules/monitoring.bicep")
    assert monitoring.resource("Microsoft.Insights/components").at("properties.DisableLocalAuth") is True
    workspace = monitoring.resource("Microsoft.OperationalInsights/workspaces")
    assert workspace.at("properties.features.disableLocalAuth") is True
    telemetry = read("main.bicep").variables["telemetry"]
    authentication = telemetry["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]
    assert str(authentication) == "'ClientId=${identity.outputs.clientId};Authorization=AAD'"
    assert telemetry["PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"] == "true"


def test_traces_are_kept_unless_somebody_says_otherwise() -> None:
    """The exporter's own default would drop all but five a second."""
    main = read("main.bicep")
    assert main.parameters["tracesSampler"].default == "parentbased_always_on"
    assert str(main.variables["telemetry"]["OTEL_TRACES_SAMPLER"]) == "tracesSampler"
    assert str(main.variables["telemetry"]["OTEL_TRACES_SAMPLER_ARG"]) == "tracesSamplerArgument"
