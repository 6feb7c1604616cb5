"""A Log Analytics workspace in memory, with rows of our own telemetry, that answers the queries.

The answers come from duckdb-kql, which others wrote to try queries without Azure. It is not Kusto: whether Kusto takes
a query at all is what Microsoft's language service is asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Self

import duckdb
import duckdb_kql

from shared.platform.telemetry_names import DEPENDENCY, EVENTS, METRICS
from tests.infra.kusto import APPLICATION, TABLES, filled
from tests.infra.kusto_asked import VALUES

KINDS = {"datetime": "timestamptz", "string": "varchar", "dynamic": "json", "int": "integer", "real": "double"}
KINDS |= {"bool": "boolean"}


class Workspace:
    """Rows are given with their age; what telemetry does not know cannot be a row."""

    def __init__(self, application: str = APPLICATION) -> None:
        self._application = application
        self._rows: list[tuple[str, timedelta, dict[str, Any]]] = []

    def event(self, name: str, *, minutes: float = 1, times: int = 1, **fields: object) -> Self:
        assert fields.keys() <= {*EVENTS[name]}, name
        _sound(fields)
        for _ in range(times):
            self._add("AppEvents", minutes, Name=name, Properties=_texts(fields))
        return self

    def metric(self, name: str, value: float, *, minutes: float = 1, **fields: object) -> Self:
        assert fields.keys() <= {*METRICS[name]}, name
        _sound(fields)
        return self._add("AppMetrics", minutes, Name=name, Properties=_texts(fields), Sum=value, Min=value, Max=value)

    def call(self, name: str, status: int, *, minutes: float = 1, ms: float = 80, **fields: object) -> Self:
        told = {f"cosell.{key}": value for key, value in fields.items()}
        assert told.keys() <= {*DEPENDENCY}
        row = {"ResultCode": str(status), "Success": status < 400, "DurationMs": ms}
        return self._add("AppDependencies", minutes, Name=name, Properties=_texts(told), **row)

    def request(self, name: str, status: int, *, minutes: float = 1, times: int = 1) -> Self:
        row = {"ResultCode": str(status), "Success": status < 400, "DurationMs": 12.0}
        for _ in range(times):
            self._add("AppRequests", minutes, Name=name, Properties={}, **row)
        return self

    def thrown(self, kind: str, function: str, *, minutes: float = 1) -> Self:
        return self._add("AppExceptions", minutes, ExceptionType=kind, OperationName=function, Properties={})

    def like(self, other: Workspace) -> Self:
        """The rows of the other one, as this application's."""
        for table, age, row in other._rows:
            self._rows.append((table, age, {**row, "_ResourceId": self._application}))
        return self

    def beside(self, other: Workspace) -> Self:
        """The rows of another application too, which has the same workspace."""
        self._rows += other._rows
        return self

    def ask(self, query: str, *, within: timedelta = timedelta(days=30)) -> list[dict[str, Any]]:
        """The answer's rows, from what is not older than that."""
        return self._answered(query, within)[1]

    def columns(self, query: str) -> list[str]:
        """What the answer is made of, also where there is none."""
        return self._answered(query, timedelta())[0]

    def _answered(self, query: str, within: timedelta) -> tuple[list[str], list[dict[str, Any]]]:
        with duckdb_kql.connect() as connection:
            self._stored(connection, within)
            answer = connection.execute(_sql(filled(query)))
            columns = [each[0] for each in answer.description]
            return columns, [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]

    def _add(self, table: str, minutes: float, **row: Any) -> Self:
        full = {"ItemCount": 1, "_ResourceId": self._application, **row}
        self._rows.append((table, timedelta(minutes=minutes), full))
        return self

    def _stored(self, connection: duckdb.DuckDBPyConnection, within: timedelta) -> None:
        now = datetime.now(UTC)
        connection.execute("set timezone = 'UTC'")  # as Kusto has it, wherever this runs
        for table, schema in TABLES.items():
            columns = dict(_columns(schema))
            made = ", ".join(f'"{name}" {KINDS[kind]}' for name, kind in columns.items())
            connection.execute(f"create table {table} ({made})")
            rows = [
                _value(row.get(name), now - age, name)
                for kind, age, row in self._rows
                if kind == table and age <= within
                for name in columns
            ]
            marks = ", ".join([f"({', '.join('?' * len(columns))})"] * (len(rows) // len(columns)))
            if rows:
                connection.execute(f"insert into {table} values {marks}", rows)  # noqa: S608 — our own names


@cache
def _sql(query: str) -> str:
    """The query in words of DuckDB; the reading of a long one takes longer than its answer."""
    schema = {table: [name for name, _ in _columns(columns)] for table, columns in TABLES.items()}
    return str(duckdb_kql.to_sql(query, schema))


def _columns(schema: str) -> Iterator[tuple[str, str]]:
    for each in schema.strip("()").split(","):
        name, _, kind = each.partition(":")
        yield name.strip(), kind.strip()


def _value(value: Any, at: datetime, column: str) -> Any:
    if column == "TimeGenerated":
        return at
    return json.dumps(value) if isinstance(value, dict) else value


def _sound(fields: dict[str, Any]) -> None:
    """A word of a closed set is one of it; the status of a door's answer is a number and of no set."""
    words = {field: value for field, value in fields.items() if field in VALUES and isinstance(value, str)}
    assert all(value in VALUES[field] for field, value in words.items()), words


def _texts(fields: dict[str, Any]) -> dict[str, str]:
    """Each dimension of a row is text, whatever was said."""
    return {name: str(value) for name, value in fields.items()}
