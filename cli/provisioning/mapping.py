"""What a lead hands over to the opportunity that it is qualified to by hand: attribute maps of the two tables.

customize-entity-attribute-mappings: same type and format, a target that is long enough and in no other map.
"""

from __future__ import annotations

from cli.provisioning.plan import Act, Plan, note, step, together
from cli.provisioning.site import Site, guid
from cli.provisioning.standing import Columns
from cli.provisioning.wanted import Wanted
from shared.connectors.dynamics.odata import Row, literal

LEAD, DEAL = "lead", "opportunity"


def pairs(site: Site) -> dict[str, str]:
    """Column of the lead → column of the opportunity."""
    names, own = site.config.names, site.own
    return {
        f"{own}_referralidentifier": names.referral,
        f"{own}_referrallink": names.link,
        f"{own}_referralsync": names.sync,
    }


async def table_map(site: Site) -> Row | None:
    asked = f"sourceentityname eq {literal(LEAD)} and targetentityname eq {literal(DEAL)}"
    found = await site.dataverse.rows("entitymaps", select="entitymapid", filter=asked)
    return found[0] if found else None


async def maps(site: Site, pair: Row) -> tuple[Row, ...]:
    asked = f"_entitymapid_value eq {guid(pair.text('entitymapid'))}"
    columns = "attributemapid,sourceattributename,targetattributename"
    return await site.dataverse.rows("attributemaps", select=columns, filter=asked)


async def plan(site: Site, lead: tuple[Wanted, ...], standing: Columns) -> Plan:
    """`lead` are the lead's columns as they will be, `standing` the opportunity's as they are."""
    pair = await table_map(site)
    if pair is None:
        return note("leads and opportunities cannot be mapped here: a lead qualified by hand hands nothing over")
    mapped = {row.text("targetattributename"): row.text("sourceattributename") for row in await maps(site, pair)}
    wanted = {source: target for source, target in pairs(site).items() if target in standing or site.ours(target)}
    by_name = {each.name: each for each in lead}
    return together(
        [_one(site, source, target, mapped.get(target)) for source, target in wanted.items() if source in by_name]
    )


def _one(site: Site, source: str, target: str, mapped: str | None) -> Plan:
    async def do() -> None:
        pair = await table_map(site)
        ident = guid(pair.text("entitymapid") if pair else "")
        names = {"sourceattributename": source, "targetattributename": target}
        body = names | {"entitymapid@odata.bind": f"/entitymaps({ident})"}
        await site.dataverse.create("attributemaps", body)

    if mapped == source:
        return Plan()
    if mapped:
        return note(f"opportunity.{target} is filled from lead.{mapped} when a lead is qualified: left as it is")
    return step(Act.CREATE, f"map from lead.{source} to opportunity.{target}", do, frozenset({LEAD, DEAL}), soft=True)
