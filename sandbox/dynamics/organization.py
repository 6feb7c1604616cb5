"""One Dataverse organisation: its tables, rows, switches and time, and the names its parts go by."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.dynamics.execution import Event
from sandbox.dynamics.odata_world import World
from sandbox.dynamics.role import Role
from sandbox.dynamics.schema import Schema, Table
from sandbox.dynamics.store import Store
from sandbox.dynamics.tables_connector import SolutionTables, build_schema
from sandbox.dynamics.values import iso
from sandbox.faults import Clock, Switches

_NAMESPACE = uuid.UUID("8f2c2f0e-6b4b-4a57-9d2e-51d8a2b5c001")


def stable_id(*parts: str) -> str:
    """The same id at every start, so that tests and demos may name rows."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


ORGANIZATION = stable_id("organization")
BUSINESS_UNIT = stable_id("businessunit")


@dataclass(kw_only=True)
class Organization:
    """`events` gathers what the current request did, until it is committed."""

    base_url: str
    clock: Clock
    switches: Switches
    names: SolutionTables = field(default_factory=SolutionTables)
    # Whether Microsoft's connector and our marker are there already, or nothing of either.
    connector: bool = True
    seed: int = 0
    schema: Schema = field(init=False)
    store: Store = field(init=False)
    events: list[Event] = field(default_factory=list)
    role: Role = field(default_factory=Role)
    # The global version when a table's definition last changed: older delta tokens are dead.
    schema_versions: dict[str, int] = field(default_factory=dict)
    # What POSTs to the metadata added, to be played again after a restart.
    additions: list[dict[str, Any]] = field(default_factory=list)
    # Forms that were changed and not published yet: id → XML.
    drafts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.schema = build_schema(self.names, connector=self.connector)
        self.store = Store(self.seed)
        self.events.clear()
        self.role.change({})
        self.schema_versions.clear()
        self.additions.clear()
        self.drafts.clear()

    @property
    def root(self) -> str:
        return f"{self.base_url.rstrip('/')}/api/data/v9.2/"

    @property
    def world(self) -> World:
        sensitive = self.switches.flag("case_sensitive_filters")
        return World(schema=self.schema, store=self.store, case_sensitive=sensitive)

    def now(self) -> datetime:
        return self.clock.now()

    def stamp(self) -> str:
        return iso(self.now())

    def visible(self, table: Table, column: str, *, strong: bool = False) -> bool:
        """A new column is unknown to data calls for a while, unless they ask for strong consistency."""
        return strong or table.hidden_until.get(column, 0.0) <= self.now().timestamp()

    def organization_row(self) -> dict[str, Any]:
        return self.store.get("organization", ORGANIZATION) or {}
