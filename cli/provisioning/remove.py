"""Taking away what `provision` made and nothing else: ours by solution and by prefix, in the order that allows it.

Steps, endpoint, role, form tabs (published, since a form keeps its columns), maps, columns, tables, solution,
publisher. What was adopted stays, and change tracking, which cannot be switched off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cli.provisioning import carry, forms, mapping, role, solution, steps, tables
from cli.provisioning.members import members
from cli.provisioning.plan import Act, Plan, clash, note, step, together
from cli.provisioning.site import SOLUTION, Site, guid, named
from cli.provisioning.standing import Columns, columns_of
from cli.provisioning.wanted import FLAG, Wanted, of_lead, of_opportunity
from shared.connectors.dynamics.odata import Row

SETS = {"opportunity": ("opportunities", "opportunityid"), "lead": ("leads", "leadid")}


async def plan(site: Site, *, with_data: bool) -> Plan:
    """A clash where data would be lost and `with_data` does not say that it may be."""
    ours = await members(site)
    gone = await steps.removal(site, ours) + await role.removal(site, ours)
    tabs = await forms.removal(site)
    gone += _unpublished(tabs) + (_publishing(site, tabs) if tabs.steps else Plan())
    gone += await _maps(site)
    for table, wanted in _columns(site).items():
        gone += await _columns_of(site, table, wanted, ours, with_data=with_data)
    gone += await _tables(site, ours, with_data=with_data)
    return gone + await _solution(site)


def _columns(site: Site) -> Mapping[str, tuple[Wanted, ...]]:
    names = site.config.names
    return {"opportunity": of_opportunity(names, site.config.prefix, site.own), "lead": of_lead(site.own)}


def _unpublished(tabs: Plan) -> Plan:
    """The same steps, which need no publishing at the end."""
    return Plan(steps=tuple(replace(each, publishes=frozenset()) for each in tabs.steps))


def _publishing(site: Site, tabs: Plan) -> Plan:
    """Right away: until it is published, a form keeps its columns from being deleted."""
    return step(Act.CHANGE, "forms without the tab: published", lambda: carry.publish(site, tabs.publishes))


async def _maps(site: Site) -> Plan:
    pair = await mapping.table_map(site)
    rows = await mapping.maps(site, pair) if pair else ()
    ours = [row for row in rows if site.ours(row.text("sourceattributename"))]
    return together([_map(site, row) for row in ours])


def _map(site: Site, row: Row) -> Plan:
    path = f"attributemaps({guid(row.text('attributemapid'))})"
    shown = f"map from lead.{row.text('sourceattributename')} to opportunity.{row.text('targetattributename')}"
    return step(Act.REMOVE, shown, lambda: site.dataverse.delete(path))


async def _columns_of(
    site: Site, table: str, wanted: tuple[Wanted, ...], ours: frozenset[str], *, with_data: bool
) -> Plan:
    standing = await columns_of(site.dataverse, table)
    made = [each for each in wanted if site.ours(each.name) and _made(standing, each, ours)]
    plans = [_column(site, table, each.name) for each in made]
    if not with_data:
        plans += [await _data(site, table, each) for each in made]
    return together(plans)


def _made(standing: Columns, wanted: Wanted, ours: frozenset[str]) -> bool:
    found = standing.get(wanted.name)
    return found is not None and found.id in ours


def _column(site: Site, table: str, name: str) -> Plan:
    path = f"{named(table)}/Attributes(LogicalName='{name}')"
    return step(Act.REMOVE, f"column {table}.{name}", lambda: site.dataverse.delete(path))


async def _data(site: Site, table: str, wanted: Wanted) -> Plan:
    """A flag that says no is no data: every row has it."""
    entity_set, key = SETS[table]
    asked = f"{wanted.name} eq true" if wanted.type == FLAG else f"{wanted.name} ne null"
    if not await site.dataverse.rows(entity_set, select=key, filter=asked, top="1"):
        return Plan()
    return clash(f"the column {table}.{wanted.name} holds data: it would be lost. Add --with-data if it may be")


async def _tables(site: Site, ours: frozenset[str], *, with_data: bool) -> Plan:
    """The rows first, as they point to the details."""
    own = tables.own_tables(site.own)
    return together([await _table(site, name, ours, with_data=with_data) for name in (own.row, own.detail)])


async def _table(site: Site, name: str, ours: frozenset[str], *, with_data: bool) -> Plan:
    head = await site.dataverse.row(named(name), select="MetadataId,EntitySetName,PrimaryIdAttribute")
    if head is None or head.text("MetadataId").lower() not in ours:
        return Plan()
    rows = () if with_data else await _first(site, head)
    gone = step(Act.REMOVE, f"table {name}", lambda: site.dataverse.delete(named(name)))
    return gone + (
        clash(f"the table {name} holds rows: they would be lost. Add --with-data if they may be") if rows else Plan()
    )


async def _first(site: Site, head: Row) -> tuple[Row, ...]:
    return await site.dataverse.rows(head.text("EntitySetName"), select=head.text("PrimaryIdAttribute"), top="1")


async def _solution(site: Site) -> Plan:
    """The publisher stays where another solution is its own, and where it was there before."""
    ours, maker = await solution.solution(site), await solution.publisher(site)
    if ours is None:
        return Plan()
    ident = guid(ours.text("solutionid"))
    gone = step(Act.REMOVE, f"solution {SOLUTION}", lambda: site.dataverse.delete(f"solutions({ident})"))
    gone += note("change tracking stays on: it cannot be switched off")
    if maker is None or maker.text("uniquename") != solution.PUBLISHER:
        return gone
    found = guid(maker.text("publisherid"))
    others = await site.dataverse.rows("solutions", select="solutionid", filter=f"_publisherid_value eq {found}")
    if any(row.text("solutionid").lower() != ident for row in others):
        return gone + note(f"the publisher {solution.PUBLISHER} stays: other solutions are its own")
    path = f"publishers({found})"
    return gone + step(Act.REMOVE, f"publisher {solution.PUBLISHER}", lambda: site.dataverse.delete(path))
