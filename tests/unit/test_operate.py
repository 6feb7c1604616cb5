"""The operator's page lists what telemetry says: every event, field, code, metric and property, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.domain.code import Code
from shared.domain.outcome import Kind
from shared.platform.telemetry_names import DEPENDENCY, EVENTS, METRICS, OUTCOME_EVENTS, OUTCOME_FIELDS

PAGE = (Path(__file__).resolve().parents[2] / "docs/operate.md").read_text(encoding="utf-8")
NAME = re.compile(r"`([\w.]+)`")
QUERY = re.compile(r"^```kusto\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIELD = re.compile(r"Properties(?:\.(\w+)|\[\"([\w.]+)\"\])")
EVENT = re.compile(r"\"((?:signal|webhook|parked|message)_\w+)\"")


def rows(table: str) -> Iterator[list[str]]:
    """The cells of a table between its markers, without its head."""
    marked = PAGE.partition(f"<!-- {table}: begin -->\n")[2].partition(f"<!-- {table}: end -->")[0]
    for line in marked.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def names(table: str, column: int = 0) -> list[str]:
    return [name for row in rows(table) for name in NAME.findall(row[column])]


def test_every_field_of_an_outcome_is_listed() -> None:
    """None is forgotten, and none is said twice."""
    assert sorted(names("outcome fields")) == sorted(OUTCOME_FIELDS)


def test_every_event_is_listed_with_its_fields() -> None:
    """The six outcomes have a table of their own; each other event has a row with exactly its fields."""
    listed = {name: tuple(NAME.findall(row[2])) for row in rows("events") for name in NAME.findall(row[0])}
    assert listed == {name: fields for name, fields in EVENTS.items() if name not in OUTCOME_EVENTS}
    assert [name for name in OUTCOME_EVENTS if f"| `{name}` |" not in PAGE] == []


def test_every_code_is_listed_once() -> None:
    """Under one of the outcomes, each of which has a row."""
    assert [row[0] for row in rows("codes")] == [kind.value for kind in Kind]
    assert sorted(names("codes", 1)) == sorted(Code)


def test_every_metric_is_listed_with_what_tells_it_apart() -> None:
    """A dashboard of one's own splits by nothing else."""
    listed = {name: tuple(NAME.findall(row[2])) for row in rows("metrics") for name in NAME.findall(row[0])}
    assert listed == dict(METRICS)


def test_every_property_of_a_remote_call_is_listed() -> None:
    """Beside what each dependency has anyway."""
    assert tuple(row[0].strip("`") for row in rows("dependency")) == DEPENDENCY


@pytest.mark.parametrize("query", QUERY.findall(PAGE), ids=range(len(QUERY.findall(PAGE))))
def test_what_the_queries_ask_for_is_sent(query: str) -> None:
    """A query of the page names only events and fields that there are."""
    asked = {one or other for one, other in FIELD.findall(query)}
    assert asked
    assert asked <= {*OUTCOME_FIELDS, *DEPENDENCY}
    assert set(EVENT.findall(query)) <= EVENTS.keys()
