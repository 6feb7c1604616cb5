"""One switch a flow: the template can switch off whatever synchronises, and nothing that a person needs."""

from __future__ import annotations

import re

from tests.infra.template import read
from tests.unit.test_functions_index import SNAPSHOT

SWITCHES = read("main.bicep").variables["switches"]
NAME = re.compile(r"^AzureWebJobs\.(\w+)\.Disabled$")
# Never switched off: what went wrong has to be parked, and whoever looks after it has to get in.
ALWAYS = frozenset(
    [
        "webhook_registration",
        "webhook_register",
        "parked_list",
        "parked_replay",
        "parked_drop",
        "deal_explained",
        "health",
        "referral_changes_poison",
        "cosell_changes_poison",
        "opportunity_changes_poison",
        "lead_changes_poison",
        "solution_changes_poison",
    ]
)
SIGNED_IN = "status_signed_in"


def parameter(function: str) -> str:
    first, *others = function.split("_")
    return first + "".join(word.capitalize() for word in others) + "Enabled"


def test_every_function_is_a_flow_or_always_on() -> None:
    """A new function has to be put on one side, here and in the template."""
    switched = {found[1] for found in map(NAME.match, SWITCHES) if found}
    assert len(switched) == len(SWITCHES)
    assert switched | ALWAYS == SNAPSHOT.keys()
    assert switched & ALWAYS == set()


def test_a_switch_is_a_parameter_that_is_on() -> None:
    """`referrals` is switched by `referralsEnabled`, which is true unless somebody says otherwise."""
    parameters = read("main.bicep").parameters
    for name, value in SWITCHES.items():
        function = name.split(".")[1]
        own = "statusEnabled" if function == SIGNED_IN else parameter(function)
        assert (parameters[own].type, parameters[own].default) == ("bool", True)
        expected = f"{own} && !empty(signInClientId)" if function == SIGNED_IN else own
        assert str(value) == f"{expected} ? 'false' : 'true'"


def test_the_door_without_a_key_is_shut_where_nobody_signs_in() -> None:
    """Who somebody is stands in a header that only the platform's sign-in keeps strangers from writing."""
    assert "!empty(signInClientId)" in SWITCHES[f"AzureWebJobs.{SIGNED_IN}.Disabled"]


def test_switches_reach_the_app() -> None:
    """All groups of settings go to the app in one union."""
    settings = read("main.bicep").module("app").given["settings"]
    assert str(settings) == "union(given, known, switches, telemetry, signIn)"


def test_the_list_above_is_of_functions_that_exist() -> None:
    """A function that was renamed is not kept on here under its old name."""
    assert SNAPSHOT.keys() >= ALWAYS
