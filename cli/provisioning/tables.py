"""The two solution tables: found by the labels that the product finds them by, or made under our own prefix."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cli.provisioning import bodies, columns
from cli.provisioning.plan import Act, Plan, clash, step, together
from cli.provisioning.site import Site, named
from cli.provisioning.standing import columns_of
from cli.provisioning.wanted import Wanted, of_detail, of_row
from shared.connectors.dynamics.discovery import DETAIL_LABELS, ROW_LABELS, find_solutions
from shared.connectors.dynamics.metadata import labels_of
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import squeezed

DEAL = "opportunity"
_HEAD = "LogicalName,DisplayName,DisplayCollectionName"
_RELATION = "SchemaName,ReferencedEntity,ReferencingEntity,ReferencingAttribute"


@dataclass(frozen=True, kw_only=True)
class Tables:
    """What the tables are called; `relation` is from opportunity to its rows, `lookup` the rows' column for it."""

    row: str
    detail: str
    relation: str
    lookup: str
    there: bool

    def named(self, table: str) -> str:
        """A table of the security role's list."""
        return {"solution_row": self.row, "solution_detail": self.detail}[table]


def own_tables(own: str) -> Tables:
    return Tables(
        row=f"{own}_microsoftsolution",
        detail=f"{own}_microsoftsolutiondetail",
        relation=f"{own}_opportunity_microsoftsolution",
        lookup=f"{own}_opportunityid",
        there=False,
    )


async def plan(site: Site) -> tuple[Plan, Tables]:
    """What has to be made, and what the tables are called then."""
    found, own = await _labelled(site), own_tables(site.own)
    if len(found) > 1:
        listed = " and ".join(sorted(row.text("ReferencingEntity") for row in found))
        return clash(
            f"{listed} are all labelled Microsoft Solution below opportunity: which one is meant cannot be known. "
            "Rename the label of those that are not"
        ), own
    if found and found[0].text("ReferencingEntity") != own.row:
        return await _adopted(site, found[0])
    if site.config.prefix != site.own:
        return clash(
            f'no table labelled Microsoft Solution with the prefix "{site.config.prefix}" is below opportunity: '
            f"install Microsoft's connector, or set DATAVERSE_PREFIX={site.own} to have tables of our own"
        ), own
    return await _own(site, own), own


async def relation_of(site: Site, tables: Tables) -> Row | None:
    """The relationship from opportunity to its solution rows, as it is now."""
    for row in await _children(site):
        if (row.text("ReferencingEntity"), row.text("ReferencingAttribute")) == (tables.row, tables.lookup):
            return row
    return None


async def _children(site: Site) -> tuple[Row, ...]:
    return await site.dataverse.rows(f"{named(DEAL)}/OneToManyRelationships", select=_RELATION)


async def _labelled(site: Site) -> list[Row]:
    """Children of opportunity under the prefix that carry the label of a row table."""
    prefix = f"{site.config.prefix}_"
    children = [row for row in await _children(site) if row.text("ReferencingEntity").startswith(prefix)]
    heads = await asyncio.gather(*(_head(site, row.text("ReferencingEntity")) for row in children))
    return [row for row, head in zip(children, heads, strict=True) if head and _is(head, ROW_LABELS)]


async def _head(site: Site, table: str) -> Row | None:
    return await site.dataverse.row(named(table), select=_HEAD)


def _is(head: Row, labels: frozenset[str]) -> bool:
    shown = (*labels_of(head.data.get("DisplayName")), *labels_of(head.data.get("DisplayCollectionName")))
    return not labels.isdisjoint(map(squeezed, shown))


async def _adopted(site: Site, found: Row) -> tuple[Plan, Tables]:
    """Microsoft's tables, or another maker's, if the product can use them."""
    names = await find_solutions(site.dataverse.rest, site.config.prefix)
    if names is None:
        return clash(
            f"{found.text('ReferencingEntity')} is labelled Microsoft Solution, but exactly one table labelled "
            "Microsoft Solution Detail, with columns labelled Solution Identifier and Solution Name, cannot be found "
            "behind it"
        ), own_tables(site.own)
    relation, lookup = found.text("SchemaName"), names.opportunity
    return Plan(), Tables(row=names.row, detail=names.detail, relation=relation, lookup=lookup, there=True)


async def _own(site: Site, own: Tables) -> Plan:
    one = await _table(site, own.detail, "MicrosoftSolutionDetail", of_detail(site.own), DETAIL_LABELS)
    other = await _table(site, own.row, "MicrosoftSolution", of_row(site.own), ROW_LABELS)
    return together([one, other, *await _relations(site, own)])


async def _table(site: Site, name: str, pascal: str, wanted: tuple[Wanted, ...], labels: frozenset[str]) -> Plan:
    head = await _head(site, name)
    if head is None:
        rest = columns.plan(site, name, wanted[1:], {})
        return _new_table(site, name, pascal, wanted[0]) + rest
    if not _is(head, labels):
        return clash(f"the table {name} is there and is labelled something else: rename or delete it")
    return columns.plan(site, name, wanted, await columns_of(site.dataverse, name))


def _new_table(site: Site, name: str, pascal: str, primary: Wanted) -> Plan:
    shown = "Microsoft Solution Detail" if pascal.endswith("Detail") else "Microsoft Solution"

    async def do() -> None:
        body = bodies.table(site, f"{site.own}_{pascal}", (shown, f"{shown}s"), primary)
        await site.dataverse.create("EntityDefinitions", body)

    return step(Act.CREATE, f"table {name} ({shown})", do, frozenset({name}))


async def _relations(site: Site, own: Tables) -> list[Plan]:
    """Rows go with their opportunity; a solution of the catalogue that is used cannot be deleted."""
    to_deal = (own.relation, (DEAL, "opportunityid", own.row), ("OpportunityId", "Opportunity"), "Cascade")
    detail = f"{site.own}_microsoftsolutiondetail_microsoftsolution"
    lookup = ("SolutionDetailId", "Microsoft Solution Detail")
    to_detail = (detail, (own.detail, f"{own.detail}id", own.row), lookup, "Restrict")
    return [await _relation(site, *each) for each in (to_deal, to_detail)]


async def _relation(site: Site, schema: str, ends: tuple[str, str, str], lookup: tuple[str, str], cascade: str) -> Plan:
    async def do() -> None:
        column = (f"{site.own}_{lookup[0]}", lookup[1])
        await site.dataverse.create("RelationshipDefinitions", bodies.relation(site, schema, ends, column, cascade))

    if await site.dataverse.row(f"RelationshipDefinitions(SchemaName='{schema}')", select="SchemaName"):
        return Plan()
    return step(Act.CREATE, f"relationship from {ends[0]} to {ends[2]}", do, frozenset({ends[0], ends[2]}))
