"""Reading the organisation's metadata: our tables' columns with lengths and choices.

Paths and limits: learn.microsoft.com/power-apps/developer/data-platform/webapi/query-metadata-web-api.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from shared.connectors.dynamics.odata import Row, row_of, rows_of
from shared.connectors.dynamics.schema import Choice, Column, Table
from shared.connectors.rest import Rest

_CAST = "Microsoft.Dynamics.CRM."
_PLAIN = {"$select": "LogicalName,AttributeType,DisplayName"}
_WRITABLE = {"$select": f"{_PLAIN['$select']},IsValidForCreate,IsValidForUpdate"}
_OPTIONS = {"$select": "LogicalName", "$expand": "OptionSet,GlobalOptionSet"}
_STATUS = {"$select": "LogicalName", "$expand": "OptionSet"}
_BOUNDS = "LogicalName,MinValue,MaxValue,Precision"
# What a base attribute does not tell, by kind: which query tells it. Bounds matter for the deal value alone.
TEXT: Mapping[str, Mapping[str, str]] = {
    "StringAttributeMetadata": {"$select": "LogicalName,MaxLength"},
    "MemoAttributeMetadata": {"$select": "LogicalName,MaxLength"},
}
DETAILS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "opportunity": {
        **TEXT,
        "PicklistAttributeMetadata": _OPTIONS,
        "StatusAttributeMetadata": _STATUS,
        "MoneyAttributeMetadata": {"$select": f"{_BOUNDS},PrecisionSource"},
        "DecimalAttributeMetadata": {"$select": _BOUNDS},
    },
    "lead": {
        **TEXT,
        "StatusAttributeMetadata": _STATUS,
        "MoneyAttributeMetadata": {"$select": f"{_BOUNDS},PrecisionSource"},
    },
    "account": TEXT,
    "contact": TEXT,
}


WHOLE: Mapping[str, Mapping[str, str]] = {
    **DETAILS["opportunity"],
    "DoubleAttributeMetadata": {"$select": _BOUNDS},
    "IntegerAttributeMetadata": {"$select": "LogicalName,MinValue,MaxValue"},
    "DateTimeAttributeMetadata": {"$select": "LogicalName,DateTimeBehavior"},
    "LookupAttributeMetadata": {"$select": "LogicalName,Targets"},
}


async def read_table(
    rest: Rest, name: str, details: Mapping[str, Mapping[str, str]] | None = None, *, whole: bool = False
) -> Table:
    """One table with all its columns; the calls go out together, since nothing else can start before them.

    `details` says what else is told of its columns, where that is more than the table's own entry says; `whole` is for
    a table of which `customize.yaml` may name any column.
    """
    entity = f"EntityDefinitions(LogicalName='{name}')"
    usual = WHOLE if whole else DETAILS.get(name, {})
    details = usual if details is None else details
    head, columns, *casts = await asyncio.gather(
        rest.call("GET", entity, params={"$select": "LogicalName,EntitySetName,PrimaryIdAttribute"}),
        rest.call("GET", f"{entity}/Attributes", params=_WRITABLE if whole else _PLAIN),
        *(rest.call("GET", f"{entity}/Attributes/{_CAST}{kind}", params=query) for kind, query in details.items()),
    )
    told: dict[str, Row] = {}
    for answer in casts:
        told |= {row.text("LogicalName"): row for row in rows_of(answer.json())}
    found = (_column(row, told.get(row.text("LogicalName"), Row({}))) for row in rows_of(columns.json()))
    return Table(
        name=name,
        set=row_of(head.json()).text("EntitySetName"),
        key=row_of(head.json()).text("PrimaryIdAttribute"),
        columns={column.name: column for column in found if column.name},
    )


def _column(row: Row, detail: Row) -> Column:
    return Column(
        name=row.text("LogicalName"),
        type=row.text("AttributeType"),
        labels=labels_of(row.data.get("DisplayName")),
        length=detail.whole("MaxLength"),
        precision=detail.whole("Precision"),
        precision_source=detail.whole("PrecisionSource"),
        minimum=detail.number("MinValue"),
        maximum=detail.number("MaxValue"),
        choices=tuple(_choices(detail)),
        targets=_targets(detail.data.get("Targets")),
        behaviour=behaviour.text("Value") if (behaviour := detail.child("DateTimeBehavior")) else "",
        creatable=row.data.get("IsValidForCreate") is not False,
        updatable=row.data.get("IsValidForUpdate") is not False,
    )


def _targets(listed: Any) -> tuple[str, ...]:
    return tuple(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else ()


def _choices(detail: Row) -> Iterable[Choice]:
    """A column has options of its own or those of a global choice."""
    for source in (detail.child("OptionSet"), detail.child("GlobalOptionSet")):
        for option in source.children("Options") if source else ():
            value = option.whole("Value")
            if value is not None:
                labels = labels_of(option.data.get("Label"))
                yield Choice(value=value, labels=labels, state=option.whole("State"))


def labels_of(label: Any) -> tuple[str, ...]:
    """All languages of a label, the caller's own first."""
    if not isinstance(label, Mapping):
        return ()
    own = Row(label).child("UserLocalizedLabel")
    every = (*((own,) if own else ()), *Row(label).children("LocalizedLabels"))
    return tuple(dict.fromkeys(text for each in every if (text := each.text("Label"))))
