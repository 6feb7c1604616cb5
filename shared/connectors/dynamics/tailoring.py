"""What more of the metadata has to be known under a `customize.yaml`, and nothing more where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from shared.connectors.dynamics.metadata import read_table
from shared.connectors.dynamics.odata import rows_of
from shared.connectors.dynamics.reasons import reasons
from shared.connectors.dynamics.schema import Schema, Table
from shared.connectors.rest import Missing, Rest
from shared.customize.model import Wishes

_NAVIGATION = "ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName"


async def tailored(rest: Rest, wishes: Wishes, schema: Schema) -> Schema:
    """The schema with what the wishes name; read from the metadata as far as it is not known."""
    known = {"opportunity": schema.opportunity, "account": schema.account, "contact": schema.contact}
    lead = await _table(rest, "lead", whole=True) if wishes.lead.create else None
    own = {**known, **({"lead": lead} if lead else {})}
    pointing = set(_pointing(wishes, own))
    targets = sorted({target for _, target in pointing} - set(own))
    sources = sorted({table for table, _ in pointing})
    found, named = await asyncio.gather(
        asyncio.gather(*(_table(rest, name) for name in targets)),
        asyncio.gather(*(_navigations(rest, name) for name in sources)),
    )
    others: dict[str, Table | None] = dict(zip(targets, found, strict=True))
    others |= {"lead": lead} if wishes.lead.create else {}
    navigations = {(name, *key): nav for name, each in zip(sources, named, strict=True) for key, nav in each.items()}
    meant = reasons(wishes.opportunity.status, schema.status).reasons
    return replace(schema, tables={**known, **others}, navigations=navigations, reasons=meant)


def _pointing(wishes: Wishes, tables: Mapping[str, Table]) -> Iterator[tuple[str, str]]:
    """(table, table pointed to) of every lookup that is wished for."""
    for name, table in tables.items():
        for column, given in wishes.made(name).items():
            if given.lookup and column in table:
                yield name, given.lookup.table
    if (country := wishes.countries.lookup) and country.column in tables["account"]:
        yield from (("account", target) for target in tables["account"].columns[country.column].targets[:1])


async def _table(rest: Rest, name: str, *, whole: bool = False) -> Table | None:
    try:
        return await read_table(rest, name, whole=whole)
    except Missing:
        return None


async def _navigations(rest: Rest, name: str) -> Mapping[tuple[str, str], str]:
    path = f"EntityDefinitions(LogicalName='{name}')/ManyToOneRelationships"
    answer = await rest.call("GET", path, params={"$select": _NAVIGATION})
    return {
        (row.text("ReferencingAttribute"), row.text("ReferencedEntity")): row.text(
            "ReferencingEntityNavigationPropertyName"
        )
        for row in rows_of(answer.json())
    }
