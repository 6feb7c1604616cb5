"""Short constructors for columns, so that a table reads as a list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.dynamics.schema import Column, Kind, Option, Table, Target

# Companions that the service keeps itself; nobody may write them.
_READ_ONLY: dict[str, Any] = {"creatable": False, "updatable": False}


def text(name: str, length: int = 100, **more: Any) -> Column:
    return Column(name=name, kind=Kind.STRING, max_length=length, **more)


def memo(name: str, length: int = 2000, **more: Any) -> Column:
    return Column(name=name, kind=Kind.MEMO, max_length=length, **more)


def money(name: str, **more: Any) -> Column:
    bounds = {"minimum": 0.0, "maximum": 1e14, "precision": 2} | more
    return Column(name=name, kind=Kind.MONEY, **bounds)


def decimal(name: str, precision: int = 10, **more: Any) -> Column:
    return Column(name=name, kind=Kind.DECIMAL, precision=precision, **more)


def double(name: str, **more: Any) -> Column:
    return Column(name=name, kind=Kind.DOUBLE, precision=2, **more)


def integer(name: str, minimum: int = -2147483648, maximum: int = 2147483647, **more: Any) -> Column:
    return Column(name=name, kind=Kind.INTEGER, minimum=minimum, maximum=maximum, **more)


def flag(name: str, *, default: bool | None = False, labels: tuple[str, str] = ("No", "Yes"), **more: Any) -> Column:
    options = (Option(value=0, label=labels[0]), Option(value=1, label=labels[1]))
    return Column(name=name, kind=Kind.BOOLEAN, default=default, options=options, **more)


def choice(name: str, *labels: str, first: int = 1, default: int | None = None, **more: Any) -> Column:
    """A choice whose values count up from `first`."""
    options = tuple(Option(value=first + index, label=label) for index, label in enumerate(labels))
    return Column(name=name, kind=Kind.CHOICE, options=options, default=default, **more)


def options(name: str, values: dict[int, str], default: int | None = None, **more: Any) -> Column:
    """A choice with values of its own."""
    listed = tuple(Option(value=value, label=label) for value, label in values.items())
    return Column(name=name, kind=Kind.CHOICE, options=listed, default=default, **more)


def date(name: str, **more: Any) -> Column:
    return Column(name=name, kind=Kind.DATE, format="DateOnly", **more)


def moment(name: str, **more: Any) -> Column:
    return Column(name=name, kind=Kind.DATETIME, format="DateAndTime", **more)


def guid(name: str, **more: Any) -> Column:
    return Column(name=name, kind=Kind.GUID, **more)


def lookup(name: str, table: str, collection: str = "", navigation: str = "", **more: Any) -> Column:
    """A lookup to one table. System navigation names are lower case, custom ones follow the schema name."""
    target = Target(table=table, navigation=navigation or more.get("schema_name") or name, collection=collection)
    return Column(name=name, kind=Kind.LOOKUP, targets=(target,), **more)


def any_of(name: str, *targets: tuple[str, str, str], kind: Kind = Kind.LOOKUP, **more: Any) -> Column:
    """A lookup to several tables: (table, navigation, collection) each."""
    listed = tuple(Target(table=table, navigation=nav, collection=back) for table, nav, back in targets)
    return Column(name=name, kind=kind, targets=listed, **more)


def states(layout: dict[tuple[int, str], dict[int, str]]) -> tuple[Column, Column]:
    """Statecode and statuscode: {(state, label): {status: label}}, each state's default first."""
    state_options = tuple(Option(value=value, label=label) for value, label in layout)
    reasons = tuple(
        Option(value=value, label=label, state=state)
        for (state, _), listed in layout.items()
        for value, label in listed.items()
    )
    first = reasons[0].value
    return (
        Column(name="statecode", kind=Kind.STATE, options=state_options, default=0, creatable=False),
        Column(name="statuscode", kind=Kind.STATUS, options=reasons, default=first),
    )


def _stamps() -> tuple[Column, ...]:
    users = ("createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby")
    return (
        Column(name="versionnumber", kind=Kind.BIGINT, label="Version Number", **_READ_ONLY),
        moment("createdon", **_READ_ONLY),
        moment("modifiedon", **_READ_ONLY),
        *(lookup(name, "systemuser", **_READ_ONLY) for name in users),
    )


def owned() -> tuple[Column, ...]:
    """What every user-owned table has. Both kinds of owner share one navigation name."""
    return (
        any_of("ownerid", ("systemuser", "ownerid", ""), ("team", "ownerid", ""), kind=Kind.OWNER),
        lookup("owninguser", "systemuser", **_READ_ONLY),
        lookup("owningteam", "team", **_READ_ONLY),
        lookup("owningbusinessunit", "businessunit", **_READ_ONLY),
        moment("overriddencreatedon", updatable=False),
    )


def priced(*, collection: str = "") -> tuple[Column, ...]:
    """What every table with money has."""
    return (
        lookup("transactioncurrencyid", "transactioncurrency", collection),
        decimal("exchangerate", 12, **_READ_ONLY),
    )


# An activity inherits these; the schema dumps show their navigation names with the table's name added.
_INHERITED = frozenset(
    {"createdby", "modifiedby", "createdonbehalfby", "modifiedonbehalfby", "ownerid"}
    | {"owninguser", "owningteam", "owningbusinessunit", "transactioncurrencyid"}
)


def _of_activity(name: str, column: Column) -> Column:
    if column.name not in _INHERITED:
        return column
    return replace(
        column, targets=tuple(replace(each, navigation=f"{each.navigation}_{name}") for each in column.targets)
    )


def table(name: str, entity_set: str, *columns: Column, primary_name: str, **more: Any) -> Table:
    """A table with its key, the stamps all tables have, and a read-only base companion of each money column."""
    primary_id = more.pop("primary_id", f"{name}id")
    bases = (money(f"{each.name}_base", **_READ_ONLY) for each in columns if each.kind is Kind.MONEY)
    everything = [guid(primary_id, updatable=False), *columns, *bases, *_stamps()]
    if more.get("activity"):
        everything = [_of_activity(name, each) for each in everything]
    label = more.pop("label", name.title())
    defaults: dict[str, Any] = {"schema_name": name.title(), "label": label, "plural": f"{label}s"} | more
    return Table(
        name=name,
        entity_set=entity_set,
        primary_id=primary_id,
        primary_name=primary_name,
        columns={each.name: each for each in everything},
        **defaults,
    )
