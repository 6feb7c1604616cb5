"""Security roles: which privilege each operation asks for, and the refusal of a user who lacks it.

Names: learn.microsoft.com/previous-versions/dynamicscrm-2016/developers-guide, "Privileges by message" and "by entity".
Rows belong to one business unit here, so a depth only matters where the whole organisation is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.dynamics import errors
from sandbox.dynamics.execution import Caller
from sandbox.dynamics.schema import Kind, Schema, Table
from sandbox.dynamics.store import Ref, Row

ANY = ""
# Where the privilege is not called after the table's schema name as the sandbox writes it.
_NAMED = {"systemuser": "User", "opportunityclose": "Activity", "transactioncurrency": "TransactionCurrency"}
# Reading definitions: older pages name no privilege, yet its lack was seen refused (microsoft/coe-starter-kit#4266).
TABLES, COLUMNS, RELATIONS, CHOICES = "prvReadEntity", "prvReadAttribute", "prvReadRelationship", "prvReadOptionSet"

ACTIVITIES = "prvReadActivity"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """Asks for privileges in one caller's name."""

    caller: Caller

    def table(self, right: str, table: Table, depth: str = ANY) -> None:
        self.named(privilege(right, table), depth)

    def named(self, name: str, depth: str = ANY) -> None:
        role = self.caller.role
        if role is None or role.allows(name, depth):
            return
        raise self.lack(name, depth)

    def lack(self, name: str, depth: str = ANY) -> errors.DataverseError:
        at = f" at the depth {depth}" if depth else ""
        return errors.DataverseError(
            errors.PRIVILEGE, f"Principal user (Id={self.caller.user}, type=8) is missing {name} privilege{at}."
        )

    def written(self, schema: Schema, table: Table, sent: Row, before: Row | None) -> None:
        """A write: the row itself, its new references to others, its new owner."""
        self.table("Create" if before is None else "Write", table)
        for name, value in sent.items():
            column = table.columns.get(name)
            if column is None or not isinstance(value, Ref) or (before or {}).get(name) == value:
                continue
            if column.kind is Kind.OWNER:
                self._owner(table, value)
            else:
                self.table("Append", table)
                self.table("AppendTo", schema.tables[value.table])

    def _owner(self, table: Table, owner: Ref) -> None:
        if owner.id != self.caller.user:
            self.table("Assign", table)

    def reading(self) -> Callable[[Table], None]:
        return lambda table: self.table("Read", table)


def privilege(right: str, table: Table) -> str:
    """The privilege's name: that of a custom table carries the table's schema name, prefix and all."""
    return f"prv{right}{_NAMED.get(table.name, table.schema_name)}"
