"""The organisation as JSON and back: what must survive a restart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.dynamics.metadata_replay import replay
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import Kind
from sandbox.dynamics.store import Deletion, Ref, Row

_DECIMALS = frozenset({Kind.MONEY, Kind.DECIMAL, Kind.DOUBLE})


def dump(organization: Organization) -> dict[str, Any]:
    store = organization.store
    return {
        "version": store.version,
        "rows": {table: [_dumped(row) for row in rows.values()] for table, rows in store.rows.items()},
        "links": {name: sorted(pairs) for name, pairs in store.links.items()},
        "deletions": [[each.version, each.table, each.id] for each in store.deletions],
        "additions": [_dumped_body(each) for each in organization.additions],
        "drafts": organization.drafts,
        "schema_versions": organization.schema_versions,
        "switches": organization.switches.as_dict(),
    }


def load(organization: Organization, state: dict[str, Any]) -> None:
    organization.clear()
    for addition in state["additions"]:
        replay(organization, addition)
    organization.additions = list(state["additions"])
    organization.drafts = dict(state["drafts"])
    store = organization.store
    for table, rows in state["rows"].items():
        definition = organization.schema.tables[table]
        for row in rows:
            store.table(table)[row[definition.primary_id]] = _loaded(organization, table, row)
    store.links = {name: {(first, second) for first, second in pairs} for name, pairs in state["links"].items()}
    store.deletions = [Deletion(version=version, table=table, id=row) for version, table, row in state["deletions"]]
    store.restore(state["version"])
    organization.schema_versions = dict(state["schema_versions"])
    organization.switches.patch(state["switches"])


def _dumped(row: Row) -> Row:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"table": value.table, "id": value.id}
    return str(value) if isinstance(value, Decimal) else value


def _dumped_body(value: Any) -> Any:
    """A metadata body as it was sent; its numbers were read as decimals."""
    if isinstance(value, dict):
        return {name: _dumped_body(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_dumped_body(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value


def _loaded(organization: Organization, table: str, row: Row) -> Row:
    columns = organization.schema.tables[table].columns
    loaded: Row = {}
    for name, value in row.items():
        if isinstance(value, dict):
            loaded[name] = Ref(value["table"], value["id"])
        elif value is not None and name in columns and columns[name].kind in _DECIMALS:
            loaded[name] = Decimal(value)
        else:
            loaded[name] = value
    return loaded
