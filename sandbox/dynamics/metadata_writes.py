"""New columns and alternate keys: read from a metadata body, refused when they exist, told to delta tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.payload import plain_key
from sandbox.dynamics.schema import Column, Key, Kind, Option, Table

_SUFFIX = "AttributeMetadata"
_KINDS = {kind.value: kind for kind in Kind}
_MAKEABLE = frozenset(
    {Kind.STRING, Kind.MEMO, Kind.MONEY, Kind.BOOLEAN, Kind.CHOICE, Kind.MULTI, Kind.DATETIME, Kind.INTEGER}
    | {Kind.BIGINT, Kind.DECIMAL, Kind.DOUBLE}
)
_LENGTHS = {Kind.STRING: 4000, Kind.MEMO: 1_048_576}


def invalid(message: str) -> errors.DataverseError:
    return errors.DataverseError(errors.INVALID_ARGUMENT, message)


def add_column(organization: Organization, table: Table, body: Mapping[str, Any]) -> str:
    """The new column's id. Money brings its base companion, and every delta token of the table dies."""
    column = column_of(body)
    if column.name in table.columns:
        raise errors.DataverseError(
            errors.COLUMN_EXISTS, f"Attribute with the name {column.name} already exists for entity {table.name}."
        )
    added = [column]
    if column.kind is Kind.MONEY:
        base = Column(name=f"{column.name}_base", kind=Kind.MONEY, creatable=False, updatable=False, custom=True)
        added.append(base)
    until = organization.now().timestamp() + organization.switches.number("metadata_delay_seconds")
    for each in added:
        table.columns[each.name] = each
        table.hidden_until[each.name] = until
    organization.schema_versions[table.name] = organization.store.next_version()
    organization.additions.append({"table": table.name, "column": dict(body)})
    return stable_id("column", table.name, column.name)


def type_name(body: Mapping[str, Any]) -> str:
    """Without its namespace; answers write a # before it, and what was answered may be sent back."""
    return str(body.get("@odata.type", "")).removeprefix("#").removeprefix("Microsoft.Dynamics.CRM.")


def column_of(body: Mapping[str, Any], *, known: bool = False) -> Column:
    """A `known` column may be one of the service's own, whose names have no prefix."""
    schema_name = body.get("SchemaName")
    kind = _KINDS.get(type_name(body).removesuffix(_SUFFIX))
    if not isinstance(schema_name, str) or not (known or "_" in schema_name):
        raise invalid("SchemaName with a publisher's prefix is required.")
    if kind not in _MAKEABLE or kind is None:
        raise invalid(f"The attribute type '{body.get('@odata.type')}' cannot be created here.")
    _check_type_name(body, kind)
    if kind is Kind.DATETIME and body.get("Format") == "DateOnly":
        kind = Kind.DATE
    return Column(
        name=schema_name.lower(),
        kind=kind,
        schema_name=schema_name,
        label=label_of(body.get("DisplayName")),
        max_length=_length(body, kind),
        precision=body.get("Precision", 2 if kind in (Kind.MONEY, Kind.DECIMAL, Kind.DOUBLE) else None),
        minimum=_bound(body.get("MinValue")),
        maximum=_bound(body.get("MaxValue")),
        options=_options(body, kind),
        required=str(inside(body, "RequiredLevel").get("Value", "None")),
        default=body.get("DefaultValue") if kind is Kind.BOOLEAN else None,
        format=str(inside(body, "FormatName").get("Value") or body.get("Format") or ""),
        custom=True,
        auto=str(body.get("AutoNumberFormat") or ""),
    )


def _check_type_name(body: Mapping[str, Any], kind: Kind) -> None:
    """A multi-select says Virtual; the others their own name."""
    said = body.get("AttributeType")
    expected = "Virtual" if kind is Kind.MULTI else kind.value
    if said is not None and said != expected:
        raise invalid(f"AttributeType '{said}' does not fit '{body.get('@odata.type')}'.")


def _length(body: Mapping[str, Any], kind: Kind) -> int | None:
    if kind not in _LENGTHS:
        return None
    length = body.get("MaxLength")
    if not isinstance(length, int) or not 1 <= length <= _LENGTHS[kind]:
        raise invalid(f"MaxLength must be from 1 to {_LENGTHS[kind]}.")
    return length


def inside(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within the body, empty where there is none."""
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def _bound(value: Any) -> float | None:
    return None if value is None else float(value)


def _options(body: Mapping[str, Any], kind: Kind) -> tuple[Option, ...]:
    given = inside(body, "OptionSet")
    if kind is Kind.BOOLEAN:
        listed = [given.get("FalseOption") or {"Value": 0}, given.get("TrueOption") or {"Value": 1}]
    elif kind in (Kind.CHOICE, Kind.MULTI):
        listed = given.get("Options") or []
        if not listed:
            raise invalid("OptionSet with Options is required.")
    else:
        return ()
    return tuple(Option(value=int(each["Value"]), label=label_of(each.get("Label"))) for each in listed)


def label_of(body: Any) -> str:
    labels = body.get("LocalizedLabels") if isinstance(body, Mapping) else None
    return str(labels[0].get("Label", "")) if labels else ""


def add_key(organization: Organization, table: Table, body: Mapping[str, Any]) -> str:
    """The index is built later, and fails when rows already share a value."""
    schema_name, listed = body.get("SchemaName"), body.get("KeyAttributes")
    columns = tuple(str(each) for each in listed) if isinstance(listed, list) else ()
    if not isinstance(schema_name, str) or not columns or any(name not in table.columns for name in columns):
        raise invalid("SchemaName and KeyAttributes that exist are required.")
    name = schema_name.lower()
    if name in table.keys:
        raise errors.DataverseError(errors.KEY_EXISTS, f"An entity key with the name {name} already exists.")
    active_at = organization.now().timestamp() + organization.switches.number("key_delay_seconds")
    seen: set[tuple[str, ...]] = set()
    failed = False
    for row in organization.store.table(table.name).values():
        values = tuple(plain_key(row.get(each)) for each in columns if row.get(each) is not None)
        failed = failed or (len(values) == len(columns) and values in seen)
        seen.add(values)
    table.keys[name] = Key(name=name, schema_name=schema_name, columns=columns, active_at=active_at, failed=failed)
    organization.additions.append({"table": table.name, "key": dict(body)})
    return stable_id("key", table.name, name)
