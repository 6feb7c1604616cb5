"""Foreign JSON brought into the referral's shape: keys in their own case, scalars of their own type, nothing absent."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.partner_center.errors import refused
from sandbox.partner_center.schema import REFERRAL, Leaf, Schema


def empty(schema: Schema) -> Any:
    """Absent objects are complete with null leaves; absent lists are []."""
    if isinstance(schema, dict):
        return {name: empty(part) for name, part in schema.items()}
    return [] if isinstance(schema, list) else None


def canonical(name: str, schema: Mapping[str, Schema]) -> str | None:
    """The API reads keys without regard to case (its own samples mix them)."""
    if name in schema:
        return name
    return next((known for known in schema if known.lower() == name.lower()), None)


def shaped(schema: Schema, value: Any, path: str, known: Any = None) -> Any:
    """`value` as the service keeps it; unknown keys survive only where `known`, the record so far, has them."""
    if isinstance(schema, Leaf):
        return scalar(schema, value, path)
    if value is None:
        return empty(schema)
    if isinstance(schema, list):
        if not isinstance(value, list):
            raise refused(f"The value of {path} is not a list.", path)
        before = (known if isinstance(known, list) else []) + [None] * len(value)
        return [shaped(schema[0], item, f"{path}[{index}]", before[index]) for index, item in enumerate(value)]
    if not isinstance(value, dict):
        raise refused(f"The value of {path or 'the body'} is not an object.", path)
    result = empty(schema)
    kept = known if isinstance(known, dict) else {}
    for name, part in value.items():
        own = canonical(name, schema)
        if own is not None:
            result[own] = shaped(schema[own], part, f"{path}.{own}".lstrip("."), kept.get(own))
        elif name in kept:
            result[name] = part
    return result


def whole(body: Any, known: Any = None) -> dict[str, Any]:
    """A body that is a referral; raises ApiError 400 for null, a list, a scalar."""
    if not isinstance(body, dict):
        raise refused("The body is not an object.")
    referral: dict[str, Any] = shaped(REFERRAL, body, "", known)
    return referral


def scalar(leaf: Leaf, value: Any, path: str) -> Any:
    """Every scalar is also accepted as text, as Microsoft's own PATCH samples send numbers."""
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise refused(f"The value of {path} is not a {leaf.kind}.", path)
    try:
        return _READERS[leaf.kind](value, leaf)
    except (ValueError, OverflowError) as error:
        raise refused(f"The value '{value}' of {path} is not valid: {error}.", path) from error


def _text(value: Any, leaf: Leaf) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not leaf.choices or text in leaf.choices:
        return text
    for choice in leaf.choices:
        if choice.lower() == text.lower():
            return choice
    raise ValueError("not one of the allowed values")


def _number(value: Any, _: Leaf) -> int | float:
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 - ValueError is what the caller translates
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return int(number) if number.is_integer() else number


def _flag(value: Any, _: Leaf) -> bool:
    known = {"true": True, "false": False}
    if str(value).lower() not in known:
        raise ValueError("neither true nor false")
    return known[str(value).lower()]


def _time(value: Any, _: Leaf) -> str:
    moment = datetime.fromisoformat(str(value))
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    # What the service stamped comes back from a full replace as it was, also when its fraction is zero.
    return seven_digits(moment) if "." in str(value) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_READERS = {"text": _text, "number": _number, "flag": _flag, "time": _time}


def seven_digits(moment: datetime) -> str:
    """The service's own stamps have fractions of seven digits."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
