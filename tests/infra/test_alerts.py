"""The alerts: each fires when it has to, is quiet when all is well, and says what to do."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from shared.domain.codes import code_of
from shared.errors import AccessLost, Remote
from tests.infra.alert_rules import BICEP, DURATIONS, Rule, limits, names, rules, source
from tests.infra.installations import BELOW, MENDED, SICK, healthy
from tests.infra.kusto import ALERTS, ROOT, queries
from tests.infra.template import read
from tests.infra.workspace import Workspace

DOCUMENT = ROOT / "docs" / "alerts.md"
# What issue 5 asks an alert for, and more that came of it.
PROMISED = {"parked", "poisoned", "failure-rate", "access", "oldest-message", "webhook-lost", "heal-missing"}
PROMISED |= {"refresh-token-old", "refresh-token-dying", "refresh-token-unseen", "server-errors", "platform-errors"}
# https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-create-log-alert-rule
FORBIDDEN = ("bag_unpack", "pivot", "narrow", "AggregatedValue", "ingestion_time", "search ", "adx(")
SECTION = re.compile(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```kusto\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIGURES = re.compile(r"^Severity (\d), looked at every (\w+) over (\w+), fires from (\d+)", re.MULTILINE)
each_rule = pytest.mark.parametrize("rule", rules().values(), ids=lambda rule: rule.name)


@each_rule
def test_every_rule_fires(rule: Rule) -> None:
    """On rows as a sick installation sends them, each rule fires, and says for what where it is split."""
    sick, expected = SICK[rule.name]
    assert rule.fires(sick()) == expected


@each_rule
def test_every_rule_is_quiet_when_all_is_well(rule: Rule) -> None:
    """A busy and healthy day, with a throttle, a probe and a seller who is waited for, fires nothing."""
    assert rule.fires(healthy()) == set()


@each_rule
def test_every_alert_ends_by_itself(rule: Rule) -> None:
    """Once it is mended, the rule is quiet, and Azure Monitor resolves the alert."""
    assert rule.fires(MENDED[rule.name]()) == set()


@pytest.mark.parametrize(("system", "side"), [("Dynamics 365", "crm"), ("Partner Center", "partner")])
@pytest.mark.parametrize("name", ["heal_held", "signal_held"])
def test_access_that_is_lost_in_a_quiet_hour_is_told(name: str, system: str, side: str) -> None:
    """Without a signal on its way nothing is paused: auto-heal meets it first, or the look whose records these are."""
    lost = AccessLost(Remote(system=system, status=401, message="invalid_grant"))
    day = healthy().event(name, minutes=3, code=code_of(lost).value, reason=f"it is not known: {lost}")
    assert rules()["access"].fires(day) == {(side,)}


@pytest.mark.parametrize("name", BELOW)
def test_one_less_is_quiet(name: str) -> None:
    """A threshold is where the documents say that it is."""
    assert rules()[name].fires(BELOW[name]()) == set()


@each_rule
def test_rows_of_another_application_do_not_count(rule: Rule) -> None:
    """Staging and production may share a workspace: what one sends is not the other's alert."""
    sick, _ = SICK[rule.name]
    other = Workspace(application="/subscriptions/x/resourceGroups/y/providers/microsoft.insights/components/other")
    assert rule.fires(healthy().beside(other.like(sick()))) == set()


@pytest.mark.parametrize("name", ["heal-missing"])
def test_nothing_at_all_is_told_too(name: str) -> None:
    """An installation that sends nothing is not well: exactly the rule about silence fires."""
    assert {rule.name for rule in rules().values() if rule.fires(Workspace())} == {name}


def test_what_is_promised_is_there() -> None:
    """Every alert that the issue names is a row, each can be switched off by name, and each query is a rule's."""
    assert PROMISED == {*names()} == {*rules(), "platform-errors"}
    assert {rule.query for rule in rules().values()} == {*queries(ALERTS)}
    assert SICK.keys() == MENDED.keys() == rules().keys()
    assert source().count("enabled: enabled && !contains(switchedOff, ") == 2


@each_rule
def test_every_rule_is_one_that_azure_takes(rule: Rule) -> None:
    """Windows and frequencies are Azure Monitor's, no query uses what a rule may not, and the measure is a number."""
    assert DURATIONS[rule.frequency] <= DURATIONS[rule.window] <= DURATIONS["P2D"]
    assert [word for word in FORBIDDEN if word in rule.text] == []
    sick, _ = SICK[rule.name]
    for row in sick().ask(rule.text):
        assert row.keys() == {"Measure", *rule.split_by}
        assert isinstance(row["Measure"], float)
        assert not any(isinstance(value, datetime) for value in row.values())


def test_people_are_told_in_the_common_schema() -> None:
    """Each address is a receiver of the one action group, which every rule calls and which resolves by itself."""
    assert "useCommonAlertSchema: true" in source()
    assert source().count("autoMitigate: true") == len(
        re.findall(r"^resource (?:searches|platform) ", source(), re.MULTILINE)
    )
    assert source().count("actionGroups: [group.id]") == source().count("actionGroupId: group.id") == 1


@each_rule
def test_every_rule_says_what_to_do(rule: Rule) -> None:
    """Its description is words for a person and names the section of docs/alerts.md that says more."""
    assert rule.description.endswith(f"More: docs/alerts.md#{rule.name}")
    assert len(rule.description) < 400
    assert rule.title.startswith("Cosell Sync: ")


@each_rule
def test_the_document_says_what_the_rule_does(rule: Rule) -> None:
    """docs/alerts.md has a section for each, with its figures and its query as they are deployed."""
    sections = dict(SECTION.findall(DOCUMENT.read_text(encoding="utf-8")))
    section = sections[rule.name]
    found = FIGURES.search(section)
    assert found is not None
    assert found.groups() == (str(rule.severity), rule.frequency, rule.window, str(rule.start))
    assert BLOCK.findall(section) == [rule.text]
    assert "What to do" in section


def test_whoever_deploys_reaches_every_limit_and_switch() -> None:
    """Thresholds and switches are parameters of the whole, under the names and defaults of the document."""
    main, text = read("main.bicep"), DOCUMENT.read_text(encoding="utf-8")
    given = {name: str(value) for name, value in main.module("alerts").given.items()}
    assert (given["limits"], given["switchedOff"]) == ("alertLimits", "alertsSwitchedOff")
    assert (main.parameters["alertLimits"].type, main.parameters["alertsSwitchedOff"].type) == ("Limits", "RuleName[]")
    assert {f"`{name}`" for name in ("alertLimits", "alertsSwitchedOff", "alertsEnabled", "alertEmails")} <= {
        *re.findall(r"`\w+`", text)
    }
    typed = re.findall(r"^  (\w+): int\?$", source(), re.MULTILINE)
    assert {*typed} == {*limits()} == {*re.findall(r"`(\w+From)`", text)}
    assert [name for name, defaults in limits().items() if len(defaults) > 1] == []


def test_a_heal_that_is_switched_off_is_not_missed() -> None:
    """Whoever switches auto-heal off knows that it does not run."""
    assert str(read("main.bicep").module("alerts").given["healExpected"]) == "autoHealEnabled"
    assert "(healExpected || rule.name != 'heal-missing')" in source()


def test_the_document_has_no_alert_more() -> None:
    """A rule that went is told of no longer."""
    assert [*dict(SECTION.findall(DOCUMENT.read_text(encoding="utf-8")))] == [*rules(), "platform-errors"]


def test_the_bicep_is_read_whole() -> None:
    """As many rows as the table has names: the reading of the file misses none."""
    assert BICEP.read_text(encoding="utf-8").count("    query: loadTextContent('../alerts/") == len(rules())
