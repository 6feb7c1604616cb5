"""What the organisation's metadata says about leads, and which of their columns are the connector's.

Microsoft's names of them are public nowhere, so they are found by their labels; where its connector has brought none,
our own are looked for under our own prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.schema import TEXTS, Choice, Table, squeezed
from shared.errors import Misconfigured

KIND, SET, KEY = "lead", "leads", "leadid"
OPEN, QUALIFIED, DISQUALIFIED = 0, 1, 2  # statecode of a lead (lead entity reference)
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "referral": "referralidentifier",
        "link": "referrallink",
        "audit": "audit",
        "marker": "cosellsyncmarker",
        "sync": "syncwithpartnercenter",
    }
)
OWN: Mapping[str, str] = MappingProxyType(
    {
        "referral": "referralidentifier",
        "link": "referrallink",
        "audit": "syncaudit",
        "marker": "syncmarker",
        "sync": "referralsync",
    }
)
TYPES: Mapping[str, frozenset[str]] = MappingProxyType({"sync": frozenset({"Boolean"})})  # the others hold text


@dataclass(frozen=True, kw_only=True)
class LeadNames:
    """One attribute a column, "" for one that this organisation does not have.

    `sync` is only what a qualification by hand carries over to the opportunity.
    """

    referral: str
    link: str = ""
    audit: str = ""
    marker: str = ""
    sync: str = ""

    @property
    def present(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.referral, self.link, self.audit, self.marker)))


@dataclass(frozen=True, kw_only=True)
class LeadSchema:
    """The lead table and the connector's columns in it."""

    table: Table
    names: LeadNames

    def status(self, state: int, label: str = "") -> int | None:
        """The status reason of a state that carries a label, else its first; None where the state has none."""
        reasons = [choice for choice in self._reasons if choice.state == state]
        named = [choice for choice in reasons if label and squeezed(label) in map(squeezed, choice.labels)]
        return next((choice.value for choice in (*named, *reasons)), None)

    def reason(self, value: int | None) -> str | None:
        found = self.table.columns["statuscode"].choice(value)
        return found.label if found else None

    @property
    def _reasons(self) -> tuple[Choice, ...]:
        return self.table.columns["statuscode"].choices


def lead_schema(config: Config, table: Table) -> LeadSchema:
    """Raises Misconfigured where a lead cannot carry the id of its referral: it would be made again and again."""
    found = {
        role: _labelled(table, config.prefix, label, TYPES.get(role, TEXTS)) or _own(table, config, role)
        for role, label in LABELS.items()
    }
    if not found["referral"]:
        raise Misconfigured(
            (
                f"lead has no column for the referral identifier ({config.own_prefix}_{OWN['referral']}): "
                f"run `cosell provision`, or set COSELL_ONLY to true to leave leads alone",
            )
        )
    return LeadSchema(table=table, names=LeadNames(**found))


def _labelled(table: Table, prefix: str, label: str, types: frozenset[str]) -> str:
    """The column of this prefix, label and kind; of several, which nobody of us makes, none."""
    named = [
        column.name
        for column in table.columns.values()
        if column.type in types and column.name.startswith(f"{prefix}_") and label in map(squeezed, column.labels)
    ]
    return named[0] if len(named) == 1 else ""


def _own(table: Table, config: Config, role: str) -> str:
    name = f"{config.own_prefix}_{OWN[role]}"
    return name if name in table else ""
