"""One value of one column: from the wire's JSON, checked, and back to it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.schema import Column, Kind
from sandbox.dynamics.store import Ref

# A column without bounds may hold more digits than the default context does.
_WIDE = Context(prec=400)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_EDM = {
    Kind.STRING: "Edm.String",
    Kind.MEMO: "Edm.String",
    Kind.MULTI: "Edm.String",
    Kind.MONEY: "Edm.Decimal",
    Kind.DECIMAL: "Edm.Decimal",
    Kind.DOUBLE: "Edm.Double",
    Kind.BIGINT: "Edm.Int64",
    Kind.BOOLEAN: "Edm.Boolean",
    Kind.DATE: "Edm.Date",
    Kind.DATETIME: "Edm.DateTimeOffset",
    Kind.GUID: "Edm.Guid",
}


def edm_type(kind: Kind) -> str:
    """Choices, states and whole numbers are all Edm.Int32; a lookup reads as Edm.Guid."""
    if kind in (Kind.LOOKUP, Kind.CUSTOMER, Kind.OWNER):
        return "Edm.Guid"
    return _EDM.get(kind, "Edm.Int32")


def iso(moment: datetime) -> str:
    """To the second, in UTC, as the service writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rounded(value: Decimal, precision: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-precision), ROUND_HALF_UP, _WIDE)


def _wrong(column: Column, table: str) -> errors.DataverseError:
    return errors.wrong_type(column.name, table, edm_type(column.kind))


def _text(column: Column, table: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(column, table)
    if column.max_length is not None and len(value) > column.max_length:
        raise errors.DataverseError(
            errors.TOO_LONG,
            f"A validation error occurred. The length of the '{column.name}' attribute of the '{table}' entity "
            f"exceeded the maximum allowed length of '{column.max_length}'.",
        )
    return value


def _number(column: Column, table: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _wrong(column, table)
    _check_range(column, table, value)
    number = Decimal(str(value))
    return rounded(number, column.precision) if column.precision is not None else number


def _integer(column: Column, table: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(column, table)
    _check_range(column, table, value)
    return int(value)


def _check_range(column: Column, table: str, value: Any) -> None:
    below = column.minimum is not None and value < column.minimum
    if below or (column.maximum is not None and value > column.maximum):
        raise errors.DataverseError(
            errors.INVALID_ARGUMENT,
            f"A validation error occurred. The value of '{column.name}' on record of type '{table}' is outside the "
            f"valid range. It must be from {column.minimum} to {column.maximum}.",
        )


def _boolean(column: Column, table: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(column, table)
    return value


def _option(column: Column, table: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(column, table)
    if column.option(value) is None:
        allowed = ", ".join(f"{each.value}" for each in column.options)
        raise errors.DataverseError(
            errors.OPTION_UNKNOWN,
            f"A validation error occurred. The value {value} of '{column.name}' on record of type '{table}' is outside "
            f"the valid range. Accepted Values: {allowed}",
        )
    return int(value)


def _options(column: Column, table: str, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(column, table)
    chosen = [_option(column, table, _whole(part, column, table)) for part in value.split(",") if part.strip()]
    return ",".join(str(each) for each in sorted(set(chosen)))


def _whole(text: str, column: Column, table: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise _wrong(column, table) from error


def _date(column: Column, table: str, value: Any) -> str:
    if not isinstance(value, str) or not _DATE.match(value):
        raise _wrong(column, table)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _wrong(column, table) from error


def _moment(column: Column, table: str, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _wrong(column, table) from error
    if moment.tzinfo is None:
        raise _wrong(column, table)
    return iso(moment)


def _guid(column: Column, table: str, value: Any) -> str:
    try:
        return str(uuid.UUID(value))
    except (TypeError, ValueError, AttributeError) as error:
        raise _wrong(column, table) from error


_PARSERS: dict[Kind, Callable[[Column, str, Any], Any]] = {
    Kind.STRING: _text,
    Kind.MEMO: _text,
    Kind.MONEY: _number,
    Kind.DECIMAL: _number,
    Kind.DOUBLE: _number,
    Kind.INTEGER: _integer,
    Kind.BIGINT: _integer,
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _option,
    Kind.STATE: _option,
    Kind.STATUS: _option,
    Kind.MULTI: _options,
    Kind.DATE: _date,
    Kind.DATETIME: _moment,
    Kind.GUID: _guid,
}


def parse(column: Column, table: str, value: Any) -> Any:
    """A JSON value as it is kept; raises DataverseError when the column does not take it."""
    return None if value is None else _PARSERS[column.kind](column, table, value)


def as_json(value: Any) -> Any:
    """A kept value as the wire shows it; a lookup shows its id."""
    if isinstance(value, Decimal):
        return float(value)
    return value.id if isinstance(value, Ref) else value
