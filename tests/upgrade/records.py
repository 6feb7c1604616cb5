"""The records of a fake system as JSON and back, in words that do not depend on today's classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Group, Money, Person, Solution, Value
from tests.fakes.gateway import FakeGateway, Row

TIMES = ("created", "modified")


def shown(value: Value) -> Any:
    """A value as JSON: a plain one as it is, any other as one named entry."""
    match value:
        case Stage():
            return {"stage": value.value}
        case Money():
            return {"money": [None if value.amount is None else str(value.amount), value.currency]}
        case date():
            return {"day": value.isoformat()}
        case Customer():
            return {"customer": asdict(value)}
        case Group():
            name = "solutions" if any(isinstance(one, Solution) for one in value) else "people"
            return {name: [asdict(one) for one in sorted(value, key=str)]}
        case _:
            return value


def meant(plain: Any) -> Value:
    """The value that `shown` showed."""
    if not isinstance(plain, dict):
        return plain if isinstance(plain, str | bool) else None
    ((name, held),) = plain.items()
    return MEANT[name](held)


def _money(held: Any) -> Value:
    return Money(None if held[0] is None else Decimal(held[0]), held[1])


def _customer(held: Any) -> Value:
    return Customer(**held | {"address": Address(**held["address"])})


MEANT: Mapping[str, Callable[[Any], Value]] = {
    "stage": Stage,
    "money": _money,
    "day": date.fromisoformat,
    "customer": _customer,
    "people": lambda held: Group(Person(**one) for one in held),
    "solutions": lambda held: Group(Solution(**one) for one in held),
}


def records(gateway: FakeGateway) -> dict[str, Any]:
    """A system's records, and the number that its next version has."""
    rows = [
        {field.name: getattr(row, field.name) for field in fields(Row)}
        | {name: getattr(row, name).isoformat() for name in TIMES}
        | {"values": {name: shown(value) for name, value in row.values.items()}}
        for row in gateway.rows.values()
    ]
    return {"rows": rows, "deleted": [list(one) for one in gateway._deleted], "next": next(gateway._versions)}


def recall(gateway: FakeGateway, held: Mapping[str, Any]) -> None:
    """The system as those records show it."""
    for plain in held["rows"]:
        times = {name: datetime.fromisoformat(plain[name]) for name in TIMES}
        values = {name: meant(value) for name, value in plain["values"].items()}
        gateway.rows[plain["id"]] = Row(**plain | times | {"values": values})
    gateway._deleted = [(number, ident) for number, ident in held["deleted"]]
    while next(gateway._versions) < held["next"]:
        """Its versions go on from there."""
