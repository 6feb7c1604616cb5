"""What the alerts ask: Kusto, of events and fields that telemetry really sends, and of this installation alone."""

from __future__ import annotations

import re

import pytest

from tests.infra.alert_rules import source
from tests.infra.kusto import ALERTS, ROOT, diagnosed, faults, queries
from tests.infra.kusto_asked import AWAITED, asked, sent

each_query = pytest.mark.parametrize("query", queries(ALERTS))


@each_query
def test_every_query_is_kusto(query: str) -> None:
    """Microsoft's language service finds nothing wrong: no syntax, no unknown column, table or function."""
    assert faults()[f"alerts/{query}"] == []


def test_the_language_service_finds_what_is_wrong() -> None:
    """A column that does not exist, a function that does not, a word that is no operator: each is told."""
    wrong = {
        "column": "AppEvents | where Nmae == 'heal'",
        "function": "AppEvents | extend x = to_string(Name)",
        "operator": "AppEvents | summarise count()",
        "table": "customEvents | count",
        "right": "AppEvents | count",
    }
    assert {name for name, said in diagnosed(wrong).items() if said} == wrong.keys() - {"right"}


@each_query
def test_every_query_asks_for_what_telemetry_has(query: str) -> None:
    """Events and fields are those of shared/platform/telemetry_names.py, and each field one of the events asked for."""
    assert [fault for each in asked(queries(ALERTS)[query]) for fault in each.wrong()] == []


@pytest.mark.parametrize(
    "query",
    [
        'AppEvents | where Name == "heel"',
        'AppEvents | where Name == "heal" | extend x = Properties.oldest_s',
        'AppMetrics | where Name == "cosell.parkd"',
        'let A = AppEvents | where Name == "heal";\nA | project Properties["count"]',
        'AppDependencies | project Properties["cosell.sytem"]',
        'AppEvents | where Name == "system_paused" and tostring(Properties.code) == "acces_lost"',
        'AppEvents | where Name == "signal_done" | extend A = tostring(Properties.direction) | where A in ("to_moon")',
    ],
)
def test_a_field_of_nobody_is_found(query: str) -> None:
    """A misspelt name, a field of another event, one that comes through a let, a value of nobody: all are told."""
    assert [fault for each in asked(query) for fault in each.wrong()] != []


def test_the_query_is_the_installations() -> None:
    """Every query names the place that Bicep fills in, for every table that it reads."""
    assert "replace(rule.query, 'APPLICATION_INSIGHTS_ID', applicationInsightsId)" in source()
    for name, text in queries(ALERTS).items():
        assert text.count("APPLICATION_INSIGHTS_ID") == len(re.findall(r"^App\w+$", text, re.MULTILINE)), name


def test_every_event_is_sent() -> None:
    """An alert on an event that no code sends never fires: each is a text in a function that calls `event`."""
    wanted = {name for text in queries(ALERTS).values() for each in asked(text) for name in each.names}
    code = sent((ROOT / "functions", ROOT / "shared"))
    assert {name for name in wanted if not name.startswith(("signal_", "cosell."))} - code == AWAITED
