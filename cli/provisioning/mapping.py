"""What a lead hands over to the opportunity that it is qualified to by hand: attribute maps of the two tables.

customize-entity-attribute-mappings: same type and format, a target that is long enough and in no other map.
"""

from __future__ import annotations

from cli.provisioning.plan import Act, Plan, note, step, together
from cli.provisioning.site import Site, guid
from cli.provisioning.wanted import LABELS, Wanted
from shared.connectors.dynamics.odata import Row, literal

LEAD, DEAL = "lead", "opportunity"


def pairs(site: Site, lead: tuple[Wanted, ...]) -> dict[str, str]:
    """Column of the lead → the opportunity's column of the same meaning."""
    names = site.config.names
    targets = {LABELS.referral: names.referral, LABELS.link: names.link, LABELS.sync: names.sync}
    return {each.name: targets[each.label] for each in lead if each.label in targets}


async def table_map(site: Site) -> Row | None:
    asked = f"sourceentityname eq {literal(LEAD)} and targetentityname eq {literal(DEAL)}"
    found = await site.dataverse.rows("entitymaps", select="entitymapid", filter=asked)
    return found[0] if found else None


async def maps(site: Site, pair: Row) -> tuple[Row, ...]:
    asked = f"_entitymapid_value eq {guid(pair.text('entitymapid'))}"
    columns = "attributemapid,sourceattributename,targetattributename"
    return await site.dataverse.rows("attributemaps", select=columns, filter=asked)


async def plan(site: Site, lead: tuple[Wanted, ...], deal: tuple[Wanted, ...]) -> Plan:
    """`lead` and `deal` are the columns as they will be."""
    pair = await table_map(site)
    if pair is None:
        return note("leads and opportunities cannot be mapped here: a lead qualified by hand hands nothing over")
    mapped = {row.text("targetattributename"): row.text("sourceattributename") for row in await maps(site, pair)}
    sources, targets = ({each.name: each for each in columns} for columns in (lead, deal))
    wanted = [(sources[source], targets[target]) for source, target in pairs(site, lead).items() if target in targets]
    return together([_one(site, source, target, mapped.get(target.name)) for source, target in wanted])


def _one(site: Site, source: Wanted, target: Wanted, mapped: str | None) -> Plan:
    async def do() -> None:
        pair = await table_map(site)
        ident = guid(pair.text("entitymapid") if pair else "")
        names = {"sourceattributename": source.name, "targetattributename": target.name}
        body = names | {"entitymapid@odata.bind": f"/entitymaps({ident})"}
        await site.dataverse.create("attributemaps", body)

    if mapped == source.name:
        return Plan()
    if mapped:
        return note(f"opportunity.{target.name} is filled from lead.{mapped} when a lead is qualified: left as it is")
    shown = f"lead.{source.name} to opportunity.{target.name}"
    if (source.type, source.format) != (target.type, target.format) or source.length > target.length:
        return note(f"{shown} cannot be mapped: type, format or length do not agree, so it is filled later")
    return step(Act.CREATE, f"map from {shown}", do, frozenset({LEAD, DEAL}), soft=True)
