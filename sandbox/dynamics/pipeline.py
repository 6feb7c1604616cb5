"""Create, update and delete as every table has them: defaults, states, money, stamps, rules, events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.auto_number import numbered
from sandbox.dynamics.execution import Event, Execution
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.payload import plain_key
from sandbox.dynamics.privileges import Guard
from sandbox.dynamics.schema import Collection, Kind, Table
from sandbox.dynamics.store import Ref, Row
from sandbox.dynamics.values import rounded

STAMPS = ("modifiedon", "modifiedby", "modifiedonbehalfby")


@dataclass(frozen=True, kw_only=True)
class Change:
    """A write on its way: `row` may still be changed by rules, `sent` is what the caller asked for."""

    table: Table
    id: str
    sent: Row
    row: Row
    before: Row | None = None
    execution: Execution
    # Win and Lose write what a plain update may not.
    closing: bool = False

    @property
    def creating(self) -> bool:
        return self.before is None

    def changed(self, column: str) -> bool:
        return self.before is None or self.before.get(column) != self.row.get(column)


Rule = Callable[["Pipeline", Change], None]


@dataclass(kw_only=True)
class Pipeline:
    """`before` rules see a row before it is stored, `after` rules once it is; `deleting` rules may refuse."""

    organization: Organization
    before: dict[str, Rule] = field(default_factory=dict)
    after: dict[str, Rule] = field(default_factory=dict)
    deleting: dict[str, Rule] = field(default_factory=dict)
    deleted: dict[str, Rule] = field(default_factory=dict)

    def create(self, table: Table, sent: Row, execution: Execution, row_id: str | None = None) -> str:
        store = self.organization.store
        Guard(caller=execution.caller).written(self.organization.schema, table, sent, None)
        found = row_id or sent.get(table.primary_id) or store.new_id()
        if store.get(table.name, found) is not None:
            raise errors.DataverseError(errors.DUPLICATE, "A record with matching key values already exists.")
        self._check_required(table, sent)
        row = {name: column.default for name, column in table.columns.items()}
        row |= {**self._defaults(table, execution), **sent, table.primary_id: found}
        self._number(table, row)
        change = Change(table=table, id=found, sent=sent, row=row, execution=execution)
        self._finish(change)
        self._emit(change, "Create")
        self.after.get(table.name, _nothing)(self, change)
        return found

    def update(self, table: Table, row_id: str, sent: Row, execution: Execution, *, closing: bool = False) -> None:
        before = self.organization.store.get(table.name, row_id)
        if before is None:
            raise errors.not_found(table.name, row_id)
        Guard(caller=execution.caller).written(self.organization.schema, table, sent, before)
        row = {**before, **sent}
        change = Change(table=table, id=row_id, sent=sent, row=row, before=before, execution=execution, closing=closing)
        self._finish(change)
        self._emit(change, "Update")
        self.after.get(table.name, _nothing)(self, change)

    def delete(self, table: Table, row_id: str, execution: Execution) -> None:
        store = self.organization.store
        before = store.get(table.name, row_id)
        if before is None:
            raise errors.not_found(table.name, row_id)
        Guard(caller=execution.caller).table("Delete", table)
        change = Change(table=table, id=row_id, sent={}, row=before, before=before, execution=execution)
        self.deleting.get(table.name, _nothing)(self, change)
        for collection in self.organization.schema.collections(table.name):
            for child in store.children(collection.child, collection.column, row_id):
                self._let_go(collection, child, execution)
        store.remove(table.name, row_id)
        self.deleted.get(table.name, _nothing)(self, change)
        self._emit(change, "Delete")

    def _let_go(self, collection: Collection, child: Row, execution: Execution) -> None:
        """What becomes of a row whose parent goes, by the relationship's cascade."""
        table = self.organization.schema.tables[collection.child]
        if collection.on_delete == "Restrict":
            raise errors.DataverseError(
                errors.ASSOCIATED, "The object you tried to delete is associated with another object."
            )
        if collection.on_delete == "Cascade":
            self.delete(table, child[table.primary_id], execution.nested())
        else:
            self.organization.store.put(table.name, child[table.primary_id], {**child, collection.column: None})

    def emit(self, event: Event) -> None:
        self.organization.events.append(event)

    def _check_required(self, table: Table, sent: Row) -> None:
        """Only SystemRequired is enforced; ApplicationRequired is for forms."""
        for column in table.columns.values():
            if column.required == "SystemRequired" and column.default is None and sent.get(column.name) is None:
                raise errors.DataverseError(
                    errors.INVALID_ARGUMENT, f"Required field '{column.name}' is missing for '{table.name}'."
                )

    def _defaults(self, table: Table, execution: Execution) -> Row:
        values: Row = {}
        if "ownerid" in table.columns:
            values["ownerid"] = Ref("systemuser", execution.caller.user)
        if _is_priced(table) and table.name != "systemuser":
            values["transactioncurrencyid"] = self.organization.organization_row().get("basecurrencyid")
        return values

    def _number(self, table: Table, row: Row) -> None:
        for column in table.columns.values():
            if column.auto and row.get(column.name) is None:
                count = len(self.organization.store.table(table.name)) + 1
                row[column.name] = numbered(column.auto, count, self.organization.now())

    def _finish(self, change: Change) -> None:
        """Everything between what was asked for and what is stored."""
        self._check_state(change)
        self.before.get(change.table.name, _nothing)(self, change)
        self._own(change)
        self._price(change)
        self._check_keys(change)
        self._stamp(change)
        self.organization.store.put(change.table.name, change.id, change.row)

    def _check_state(self, change: Change) -> None:
        if "statuscode" not in change.table.columns or not ({"statecode", "statuscode"} & set(change.sent)):
            return
        row, sent = change.row, change.sent
        state = row["statecode"]
        if "statuscode" not in sent or sent["statuscode"] is None:
            row["statuscode"] = change.table.status_of(state)[0]
        elif row["statuscode"] not in change.table.status_of(state):
            raise errors.DataverseError(
                errors.STATE_MISMATCH,
                f"{row['statuscode']} is not a valid status code for state code {state} on {change.table.name} "
                f"with Id {change.id}.",
            )

    def _own(self, change: Change) -> None:
        if "owninguser" not in change.table.columns or not change.changed("ownerid"):
            return
        owner = change.row.get("ownerid")
        if not isinstance(owner, Ref):
            raise errors.DataverseError(errors.INVALID_ARGUMENT, "The owner of a record cannot be empty.")
        unit = (self.organization.store.of(owner) or {}).get("businessunitid")
        change.row["owninguser"] = owner if owner.table == "systemuser" else None
        change.row["owningteam"] = owner if owner.table == "team" else None
        change.row["owningbusinessunit"] = unit

    def _price(self, change: Change) -> None:
        """Money is rounded to its currency's precision; base = value / exchange rate (units per base unit)."""
        table, row = change.table, change.row
        if not _is_priced(table):
            return
        currency = self.organization.store.of(row.get("transactioncurrencyid"))
        if currency is None:
            return
        rate, precision = Decimal(currency["exchangerate"]), int(currency["currencyprecision"])
        row["exchangerate"] = rate
        for column in table.columns.values():
            if column.kind is Kind.MONEY and not column.name.endswith("_base"):
                value = row.get(column.name)
                row[column.name] = None if value is None else rounded(value, precision)
                row[f"{column.name}_base"] = None if value is None else rounded(row[column.name] / rate, 4)

    def _check_keys(self, change: Change) -> None:
        for key in change.table.keys.values():
            values = {name: change.row.get(name) for name in key.columns}
            if key.failed or any(value is None for value in values.values()):
                continue
            wanted = {name: plain_key(value) for name, value in values.items()}
            for found, row in self.organization.store.table(change.table.name).items():
                if found != change.id and all(plain_key(row.get(name)) == wanted[name] for name in wanted):
                    raise errors.DataverseError(
                        errors.DUPLICATE_KEY,
                        f"Entity Key {key.schema_name} violated. A record with the same value already exists.",
                    )

    def _stamp(self, change: Change) -> None:
        row, caller, now = change.row, change.execution.caller, self.organization.stamp()
        behalf = Ref("systemuser", caller.behalf) if caller.behalf else None
        row |= {"modifiedon": now, "modifiedby": Ref("systemuser", caller.user), "modifiedonbehalfby": behalf}
        if change.creating:
            row |= {"createdon": now, "createdby": row["modifiedby"], "createdonbehalfby": behalf}
        row["versionnumber"] = self.organization.store.next_version()

    def _emit(self, change: Change, message: str) -> None:
        self.emit(
            Event(
                message=message,
                table=change.table.name,
                row=change.id,
                execution=change.execution,
                sent=tuple(change.sent),
                target=_target(change, message),
                requested={**change.sent, change.table.primary_id: change.id},
                before=change.before,
                after=None if message == "Delete" else change.row,
            )
        )


def _is_priced(table: Table) -> bool:
    """The currencies themselves have a column of that name too: their key."""
    column = table.columns.get("transactioncurrencyid")
    return column is not None and column.kind is Kind.LOOKUP


def _nothing(_: Pipeline, __: Change) -> None:
    """A table without a rule."""


def _target(change: Change, message: str) -> dict[str, Any]:
    """Create shows all that got a value; Update what was sent or changed, with the stamps; Delete nothing."""
    if message == "Delete":
        return {}
    if change.before is None:
        hidden = {"versionnumber"}
        return {name: value for name, value in change.row.items() if value is not None and name not in hidden} | {
            "modifiedonbehalfby": change.row["modifiedonbehalfby"]
        }
    names = {name for name in change.row if name in change.sent or change.changed(name)} - {"versionnumber"}
    return {name: change.row[name] for name in (*sorted(names - set(STAMPS)), change.table.primary_id, *STAMPS)}
