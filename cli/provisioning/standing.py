"""What is there already: the columns of a table with what decides whether they will do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cli.provisioning.dataverse import Dataverse
from cli.provisioning.site import CAST, named
from shared.connectors.dynamics.metadata import labels_of
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Choice

_BASE = "LogicalName,AttributeType,MetadataId,DisplayName"
_OPTIONS = "OptionSet,GlobalOptionSet"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A column; `own_choice` is whether its options are its own and not shared with others."""

    name: str
    type: str
    id: str
    labels: tuple[str, ...] = ()
    length: int | None = None
    format: str = ""
    choices: tuple[Choice, ...] = ()
    own_choice: bool = True


Columns = Mapping[str, Standing]


async def columns_of(dataverse: Dataverse, table: str) -> Columns:
    """By logical name."""
    path = f"{named(table)}/Attributes"
    base, strings, memos, choices = await asyncio.gather(
        dataverse.rows(path, select=_BASE),
        dataverse.rows(f"{path}/{CAST}StringAttributeMetadata", select="LogicalName,MaxLength,FormatName"),
        dataverse.rows(f"{path}/{CAST}MemoAttributeMetadata", select="LogicalName,MaxLength"),
        dataverse.rows(f"{path}/{CAST}PicklistAttributeMetadata", select="LogicalName", expand=_OPTIONS),
    )
    told = {row.text("LogicalName"): row for row in (*strings, *memos, *choices)}
    found = (_standing(row, told.get(row.text("LogicalName"), Row({}))) for row in base)
    return {column.name: column for column in found}


def _standing(row: Row, detail: Row) -> Standing:
    shared = detail.child("GlobalOptionSet")
    source, form = shared or detail.child("OptionSet") or Row({}), detail.child("FormatName") or Row({})
    return Standing(
        name=row.text("LogicalName"),
        type=row.text("AttributeType"),
        id=row.text("MetadataId").lower(),
        labels=labels_of(row.data.get("DisplayName")),
        length=detail.whole("MaxLength"),
        format=form.text("Value"),
        choices=tuple(_choice(option) for option in source.children("Options")),
        own_choice=shared is None,
    )


def _choice(option: Row) -> Choice:
    return Choice(value=option.whole("Value") or 0, labels=labels_of(option.data.get("Label")))
