"""Webhook bodies: an event as the RemoteExecutionContext that Dataverse posts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.dynamics.execution import ZERO_GUID, Event
from sandbox.dynamics.organization import ORGANIZATION, Organization
from sandbox.dynamics.schema import Column, Kind, Table
from sandbox.dynamics.store import Ref, Row

_CONTRACTS = "http://schemas.microsoft.com/xrm/2011/Contracts"
_CLOSING = frozenset({"Win", "Lose"})
ORGANIZATION_NAME = "unqfabrikam"


def _typed(name: str, **values: Any) -> dict[str, Any]:
    return {"__type": f"{name}:{_CONTRACTS}", **values}


def _pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def _bare_reference(table: str, row: str | None) -> dict[str, Any]:
    return {"Id": row, "KeyAttributes": [], "LogicalName": table, "Name": None, "RowVersion": None}


def reference(ref: Ref) -> dict[str, Any]:
    return _typed("EntityReference", **_bare_reference(ref.table, ref.id))


def ticks(moment: str) -> str:
    """Milliseconds since the epoch, UTC."""
    return f"/Date({int(datetime.fromisoformat(moment).timestamp() * 1000)})/"


def value_of(column: Column, value: Any) -> Any:
    """A kept value in the form of the contract."""
    if isinstance(value, Ref):
        return reference(value)
    shape = _SHAPES.get(column.kind) if value is not None else None
    if shape:
        return shape(value)
    return float(value) if isinstance(value, Decimal) else value


_SHAPES: dict[Kind, Callable[[Any], Any]] = {
    Kind.MONEY: lambda value: _typed("Money", Value=float(value)),
    Kind.CHOICE: lambda value: _typed("OptionSetValue", Value=value),
    Kind.STATE: lambda value: _typed("OptionSetValue", Value=value),
    Kind.STATUS: lambda value: _typed("OptionSetValue", Value=value),
    Kind.MULTI: lambda value: [_typed("OptionSetValue", Value=int(part)) for part in value.split(",") if part],
    Kind.DATE: lambda value: ticks(f"{value}T00:00:00+00:00"),
    Kind.DATETIME: ticks,
}


def entity(table: Table, row_id: str, values: Row, *, formatted: bool = False) -> dict[str, Any]:
    """An entity without its `__type`: images come so."""
    known = {name: value for name, value in values.items() if name in table.columns}
    attributes = {name: value_of(table.columns[name], value) for name, value in known.items()}
    labels = {name: _label(table.columns[name], value) for name, value in known.items()} if formatted else {}
    return {
        "Attributes": _pairs(attributes),
        "EntityState": None,
        "FormattedValues": _pairs({name: label for name, label in labels.items() if label}),
        "Id": row_id,
        "KeyAttributes": [],
        "LogicalName": table.name,
        "RelatedEntities": [],
        "RowVersion": None,
    }


def _label(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind is Kind.DATETIME:
        return f"{value[:-1]}-00:00"
    if column.kind is Kind.BOOLEAN:
        value = int(value)
    option = column.option(value) if column.options and isinstance(value, int) else None
    return option.label if option else ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A registered step that matched: its row, and the images it wants as (alias, pre?, columns)."""

    row: Row
    images: tuple[tuple[str, bool, tuple[str, ...]], ...] = ()


def context(organization: Organization, event: Event, step: Step) -> dict[str, Any]:
    """The body at stage 40 with its parent at stage 30."""
    table = organization.schema.tables[event.table]
    parent_variables = [*event.execution.shared, ("AcceptLang", ""), ("DefaultsAddedFlag", True)]
    parent = _layer(organization, event, step) | {
        "InputParameters": _pairs(_requested(table, event)),
        "OutputParameters": [],
        "ParentContext": None,
        "PostEntityImages": [],
        "PreEntityImages": [],
        "SharedVariables": _pairs(dict(parent_variables)),
        "Stage": 30,
    }
    return _layer(organization, event, step) | {
        "InputParameters": _pairs(_inputs(organization, table, event)),
        "OutputParameters": _pairs({"id": event.row}) if event.message == "Create" else [],
        "ParentContext": parent,
        "PostEntityImages": _post_images(table, event, step),
        "PreEntityImages": _images(table, event.row, event.before, step, pre=True),
        "SharedVariables": _pairs(dict(event.execution.shared)),
        "Stage": 40,
    }


def _layer(organization: Organization, event: Event, step: Step) -> dict[str, Any]:
    execution, caller = event.execution, event.execution.caller
    created = f"/Date({int(organization.now().timestamp() * 1000)}+0000)/"
    empty = event.message in _CLOSING and organization.switches.text("close_primary_id") == "empty"
    owner = _bare_reference("sdkmessageprocessingstep", step.row["sdkmessageprocessingstepid"])
    return {
        "BusinessUnitId": caller.business_unit,
        "CorrelationId": execution.correlation,
        "Depth": execution.depth,
        "InitiatingUserAgent": execution.user_agent,
        "InitiatingUserAzureActiveDirectoryObjectId": caller.object_id,
        "InitiatingUserId": caller.user,
        "IsExecutingOffline": False,
        "IsInTransaction": False,
        "IsOfflinePlayback": False,
        "IsolationMode": 1,
        "MessageName": event.message,
        "Mode": step.row["mode"],
        "OperationCreatedOn": created,
        "OperationId": execution.operation,
        "OrganizationId": ORGANIZATION,
        "OrganizationName": ORGANIZATION_NAME,
        # Only synchronous bodies were seen to name the step.
        "OwningExtension": owner,
        "PrimaryEntityId": ZERO_GUID if empty else event.row,
        "PrimaryEntityName": event.table,
        "RequestId": execution.request,
        "SecondaryEntityName": "none",
        "UserAzureActiveDirectoryObjectId": caller.object_id,
        "UserId": caller.user,
    }


def _inputs(organization: Organization, table: Table, event: Event) -> dict[str, Any]:
    """Win, Lose and QualifyLead have no Target; a Delete's is a reference."""
    if event.message in _CLOSING:
        name, row = event.inputs["OpportunityClose"]
        closing = organization.schema.tables[name]
        shown = {key: value for key, value in row.items() if value is not None and key != "versionnumber"}
        opportunity = _typed("Entity", **entity(closing, row["activityid"], shown))
        return {"OpportunityClose": opportunity, "Status": _status(event)}
    if event.message == "QualifyLead":
        return _qualification(event)
    if event.message == "Delete":
        return {"Target": reference(Ref(event.table, event.row))}
    formatted = event.message == "Create"
    return {"Target": _typed("Entity", **entity(table, event.row, event.target, formatted=formatted))}


def _status(event: Event) -> dict[str, Any]:
    return _typed("OptionSetValue", Value=event.inputs["Status"])


def _qualification(event: Event) -> dict[str, Any]:
    """The action's parameters, the lead as one of them."""
    return {**event.inputs, "LeadId": reference(event.inputs["LeadId"]), "Status": _status(event)}


def _requested(table: Table, event: Event) -> dict[str, Any]:
    """What the caller really sent."""
    if event.message in _CLOSING:
        return {"Status": _status(event)}
    if event.message == "QualifyLead":
        return _qualification(event)
    if event.message == "Delete":
        return {"Target": reference(Ref(event.table, event.row))}
    target = _typed("Entity", **entity(table, event.row, event.requested))
    return {"Target": target, "SuppressDuplicateDetection": False}


def _images(table: Table, row_id: str, row: Row | None, step: Step, *, pre: bool) -> list[dict[str, Any]]:
    if row is None:
        return []
    return _pairs(
        {
            alias: entity(table, row_id, {name: row.get(name) for name in columns or table.columns})
            for alias, is_pre, columns in step.images
            if is_pre is pre
        }
    )


def _post_images(table: Table, event: Event, step: Step) -> list[dict[str, Any]]:
    """Asynchronous steps always get one with the row's primary name."""
    images = _images(table, event.row, event.after, step, pre=False)
    row = event.after or event.before
    if row is None:
        return images
    shown = {name: row.get(name) for name in (table.primary_name, table.primary_id)}
    return [{"key": "AsynchronousStepPrimaryName", "value": entity(table, event.row, shown)}, *images]
