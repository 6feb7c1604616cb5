"""JSON Patch as the Referrals API takes it: `add` and `replace` alone, on paths of the referral's shape."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from sandbox.partner_center.errors import ApiError, refused
from sandbox.partner_center.schema import REFERRAL, TEXT, Leaf, Schema
from sandbox.partner_center.shaping import canonical, empty, shaped

OPERATIONS = ("add", "replace")


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a pointer ends: its container, the key in it, and the schema of what belongs there."""

    container: Any
    key: str
    schema: Schema


def patched(referral: dict[str, Any], operations: Any) -> dict[str, Any]:
    """A changed copy; raises ApiError 400 and changes nothing when any operation is impossible."""
    if not isinstance(operations, list) or not operations:
        raise refused("The body is a JSON array of patch operations.")
    result = deepcopy(referral)
    for operation in operations:
        _apply(result, operation)
    return result


def _apply(referral: dict[str, Any], operation: Any) -> None:
    if not isinstance(operation, dict):
        raise refused("A patch operation is an object.")
    fields = {str(name).lower(): value for name, value in operation.items()}
    name, path = str(fields.get("op", "")).lower(), str(fields.get("path", ""))
    if name not in OPERATIONS:
        raise refused(f"The operation '{name}' is not supported; only add and replace are.", path)
    if "value" not in fields:
        raise refused(f"The operation on '{path}' has no value.", path)
    place = _find(referral, path)
    value = shaped(place.schema, fields["value"], path, _current(place))
    if isinstance(place.container, dict):
        place.container[place.key] = value
    else:
        _put_in_list(place.container, place.key, value, adding=name == "add", path=path)


def _current(place: _Place) -> Any:
    """What is there now; its fields that are newer than the schema survive being written back."""
    if isinstance(place.container, dict):
        return place.container.get(place.key)
    inside = place.key.isdigit() and int(place.key) < len(place.container)
    return place.container[int(place.key)] if inside else None


def _find(referral: dict[str, Any], path: str) -> _Place:
    tokens = [token.replace("~1", "/").replace("~0", "~") for token in path.split("/")[1:]]
    if not path.startswith("/") or not all(tokens):
        raise _no_such(path)
    schema: Schema = REFERRAL
    container: Any = referral
    for token in tokens[:-1]:
        key, below = _step(container, schema, token, path)
        # An object that is still null comes into being with the first value inside it.
        if isinstance(container, dict) and container[key] is None:
            container[key] = empty(below)
        try:
            container = container[key if isinstance(container, dict) else int(key)]
        except (ValueError, IndexError) as error:
            raise _no_such(path) from error
        schema = below
    key, below = _step(container, schema, tokens[-1], path)
    return _Place(container=container, key=key, schema=below)


def _step(container: Any, schema: Schema, token: str, path: str) -> tuple[str, Schema]:
    if isinstance(schema, list) and isinstance(container, list):
        return token, schema[0]
    if isinstance(schema, dict) and isinstance(container, dict):
        own = canonical(token, schema)
        if own is not None:
            return own, schema[own]
    if isinstance(container, dict) and token in container and not isinstance(schema, Leaf):
        return token, TEXT  # a field newer than this schema
    raise _no_such(path)


def _put_in_list(items: list[Any], key: str, value: Any, *, adding: bool, path: str) -> None:
    if key == "-" and adding:
        items.append(value)
        return
    if not key.isdigit() or int(key) > len(items) or (int(key) == len(items) and not adding):
        raise _no_such(path)
    if adding:
        items.insert(int(key), value)
    else:
        items[int(key)] = value


def _no_such(path: str) -> ApiError:
    return refused(f"The target location specified by path '{path}' was not found.", path)
