"""The parameter files: names of variables that are the settings', safe values, and what makes staging staging."""

from __future__ import annotations

import re

import pytest

from tests.infra.template import FOLDER, read
from tests.infra.test_setting_list import GIVEN, SETTINGS, camel, plain

FILES = sorted(path.name for path in FOLDER.glob("*.bicepparam"))
VARIABLE = re.compile(r"readEnvironmentVariable\('(\w+)', '([^']*)'\)")
# What azd calls things, and what only the template has.
AZD = {
    "environmentName": "AZURE_ENV_NAME",
    "location": "AZURE_LOCATION",
    "administratorId": "AZURE_PRINCIPAL_ID",
    "administratorType": "AZURE_PRINCIPAL_TYPE",
    "inspectorId": "AZURE_INSPECTOR_ID",
}


@pytest.mark.parametrize("file", FILES)
def test_a_parameter_file_gives_what_the_template_takes(file: str) -> None:
    """Every name is a parameter's, and every parameter without a default is given."""
    parameters = read("main.bicep").parameters
    given = read(file).variables
    assert given.keys() - parameters.keys() == set()
    assert {one.name for one in parameters.values() if one.required} - given.keys() == set()


@pytest.mark.parametrize("file", FILES)
def test_a_variable_is_called_like_the_setting(file: str) -> None:
    """`azd env set DATAVERSE_URL …` is understood, with the code's default where nobody set it."""
    names = {camel(name): name for name in GIVEN}
    for parameter, value in read(file).variables.items():
        for variable, default in VARIABLE.findall(str(value)):
            if parameter in names:
                assert (variable, default) == (names[parameter], plain(SETTINGS[variable].default))
            elif parameter in AZD:
                assert variable == AZD[parameter]


def test_azd_can_set_every_setting_that_is_somebodys_to_decide() -> None:
    """main.bicepparam has a line for each, so that a variable is all that a change takes."""
    assert set(map(camel, GIVEN)) - read("main.bicepparam").variables.keys() == set()


@pytest.mark.parametrize("file", FILES)
def test_no_secret_is_read_from_a_variable(file: str) -> None:
    """A parameter file reads names, addresses and switches."""
    variables = {variable for value in read(file).variables.values() for variable, _ in VARIABLE.findall(str(value))}
    secret = [name for name in variables if re.search("SECRET|TOKEN|KEY|PASSWORD", name)]
    assert [name for name in secret if not name.endswith("_NAME")] == []


def test_staging_writes_nothing_and_takes_nobodys_events() -> None:
    """Fixed in the file, not read from a variable: test mode, a name of its own, no look at the registration."""
    given = read("staging.bicepparam").variables
    assert given["mode"] == "test"
    assert given["cosellDeployment"] not in ("", SETTINGS["COSELL_DEPLOYMENT"].default)
    assert given["webhookWatchEnabled"] is False
    assert given["partnerCenterEventsEnabled"] is False
    assert given["alertsEnabled"] is False


@pytest.mark.parametrize("parameter", ["alertEmails", "allowedAddresses"])
def test_a_space_after_a_comma_stops_no_deployment(parameter: str) -> None:
    """Azure refuses an address that begins with one, when half of the installation is there."""
    assert re.search(r"split\(replace\(.+, ' ', ''\), ','\)", str(read("main.bicepparam").variables[parameter]))


def test_the_network_is_tried_in_staging() -> None:
    """What closes production is decided by the same variables there, so that staging can prove it first."""
    main, staging = (read(name).variables for name in ("main.bicepparam", "staging.bicepparam"))
    for parameter in ("privateNetwork", "closeSecretsVault", "allowedAddresses"):
        assert str(staging[parameter]) == str(main[parameter])
        assert "readEnvironmentVariable" in main[parameter]


def test_production_starts_in_test_mode() -> None:
    """Going live is a step of its own: only a variable that somebody set makes a deployment live."""
    assert str(read("main.bicepparam").variables["mode"]) == "readEnvironmentVariable('MODE', 'test')"
