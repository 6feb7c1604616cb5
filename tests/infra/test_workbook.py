"""The workbook: a page that the portal takes, which asks for what telemetry has."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.kusto import ROOT, WORKBOOK, faults, queries
from tests.infra.kusto_asked import AWAITED, asked, sent
from tests.infra.workbook import FILE, PARAMETERS, QUERY, TEXT, asking, assembled, items, stored
from tests.infra.workspace import Workspace

BICEP = ROOT / "infra" / "modules" / "workbook.bicep"
WORKSPACES = "microsoft.operationalinsights/workspaces"
# What https://github.com/microsoft/Application-Insights-Workbooks has in its schema and in workbooks that are in use.
VERSIONS = {TEXT: None, QUERY: "KqlItem/1.0", PARAMETERS: "KqlParameterItem/1.0"}
CONTENT = {"version", "query", "size", "title", "noDataMessage", "noDataMessageStyle", "timeContext"}
CONTENT |= {"timeContextFromParameter", "queryType", "resourceType", "crossComponentResources", "visualization"}
SETTINGS = {
    "tiles": "tileSettings",
    "table": "gridSettings",
    "areachart": "chartSettings",
    "linechart": "chartSettings",
}
ICONS = {"success", "unknown", "2", "4"}  # a green tick, a grey question mark, a yellow and a red sign
USED = re.compile(r"\{(\w+)(?::\w+)?\}")
TEMPLATE = 131_072  # characters that loadTextContent takes
each_query = pytest.mark.parametrize("query", queries(WORKBOOK))


def values(inside: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """Every text under one of these keys, however deep."""
    if isinstance(inside, dict):
        for key, value in inside.items():
            if key in keys:
                yield from value if isinstance(value, list) else [value]
            yield from values(value, keys)
    if isinstance(inside, list):
        for value in inside:
            yield from values(value, keys)


@each_query
def test_every_query_is_kusto(query: str) -> None:
    """Microsoft's language service finds nothing wrong: no syntax, no unknown column, table or function."""
    assert faults()[f"workbook/{query}"] == []


@each_query
def test_every_query_asks_for_what_telemetry_has(query: str) -> None:
    """Events, metrics and fields are those of shared/platform/telemetry_names.py, each field one of those asked for."""
    assert [fault for each in asked(queries(WORKBOOK)[query]) for fault in each.wrong()] == []


def test_every_event_is_sent() -> None:
    """A chart of an event that no code sends is empty for ever: each is a text in a function that calls `event`."""
    wanted = {name for text in queries(WORKBOOK).values() for each in asked(text) for name in each.names}
    code = sent((ROOT / "functions", ROOT / "shared"))
    assert {name for name in wanted if not name.startswith(("signal_", "cosell."))} - code == AWAITED


@each_query
def test_every_query_is_asked(query: str) -> None:
    """The file that is deployed has each query as it stands in its own file: `python -m tests.infra.workbook`."""
    assert query in asking(stored())
    assert assembled() == FILE.read_text(encoding="utf-8")


def test_the_shape_is_the_portals() -> None:
    """A notebook of texts, parameters and queries over a Log Analytics workspace, each with what its kind has."""
    workbook = stored()
    assert workbook["version"] == "Notebook/1.0"
    assert workbook["fallbackResourceIds"] == ["WORKSPACE_ID"]
    assert {*values(workbook, ("representation",))} <= ICONS
    names = [item["name"] for item in items(workbook)]
    assert len(names) == len({*names})
    for item in items(workbook):
        assert item["content"].get("version") == VERSIONS[item["type"]], item["name"]


@each_query
def test_the_items_are_the_portals(query: str) -> None:
    """Each query says what it asks, over which time, and how the answer is shown."""
    content = asking(stored())[query]["content"]
    settings = SETTINGS[content["visualization"]]
    assert content.keys() - CONTENT - {settings} == set()
    assert (content["queryType"], content["resourceType"]) == (0, WORKSPACES)
    assert content["crossComponentResources"] == ["WORKSPACE_ID"]
    assert ("timeContext" in content) != ("timeContextFromParameter" in content)
    assert content["size"] in range(5)
    assert content["title"]


def test_every_parameter_is_declared() -> None:
    """What a query, a time range or a condition names is a parameter of the page, with an id of its own."""
    declared = [p for item in items(stored()) if item["type"] == PARAMETERS for p in item["content"]["parameters"]]
    named = {each["name"] for each in declared}
    used = {*values(stored(), ("timeContextFromParameter", "parameterName"))}
    used |= {name for text in queries(WORKBOOK).values() for name in USED.findall(text)}
    assert used == named == {"TimeRange", "Deal"}
    assert len({uuid.UUID(each["id"]) for each in declared}) == len(declared)
    assert {each["name"]: each["type"] for each in declared} == {"TimeRange": 4, "Deal": 1}


@each_query
def test_every_column_that_is_shown_is_answered(query: str) -> None:
    """A column that the page formats, draws or sorts by is one of the answer's."""
    content = asking(stored())[query]["content"]
    keys = ("columnMatch", "columnId", "xAxis", "yAxis", "group", "sortCriteriaField")
    shown = {*values(content, keys)} | {*values(content.get("chartSettings", {}), ("seriesName",))}
    assert shown - {*Workspace().columns(queries(WORKBOOK)[query])} == set()


@each_query
def test_rows_of_another_application_are_not_shown(query: str) -> None:
    """Staging and production may share a workspace: each table that is read is narrowed to this application."""
    text = queries(WORKBOOK)[query]
    assert len(re.findall(r"\bApp[A-Z]\w+$", text, re.MULTILINE)) == text.count(
        '_ResourceId =~ "APPLICATION_INSIGHTS_ID"'
    )


def test_every_place_is_filled_in() -> None:
    """What stands for a resource in the file is what Bicep replaces, and the file is not too long for Bicep to load."""
    text = FILE.read_text(encoding="utf-8")
    assert len(text) < TEMPLATE
    assert {*re.findall(r"\b[A-Z]+(?:_[A-Z]+)*_ID\b", text)} == {
        *re.findall(r"'([A-Z_]+_ID)'", BICEP.read_text("utf-8"))
    }
    assert json.loads(text.replace("WORKSPACE_ID", "/x").replace("APPLICATION_INSIGHTS_ID", "/y"))
    assert "name: guid(resourceGroup().id, name)" in BICEP.read_text(encoding="utf-8")
