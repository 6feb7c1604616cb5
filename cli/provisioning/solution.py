"""The publisher whose prefix our columns carry, and the solution that everything we make joins."""

from __future__ import annotations

import zlib

from cli.provisioning.plan import Act, Plan, clash, step
from cli.provisioning.site import SOLUTION, Site, guid
from shared.connectors.dynamics.odata import Row, literal

PUBLISHER = "cosellsync"
MICROSOFTS = frozenset({"msft", "msdyn", "microsoft"})
LOWEST, COUNT = 10_000, 90_000  # customizationoptionvalueprefix: publisher table reference
OPTIONS_A_PREFIX = 10_000


async def publisher(site: Site) -> Row | None:
    """The publisher of OWN_PREFIX: ours, else the one that has the prefix already."""
    asked = f"customizationprefix eq {literal(site.own)} or uniquename eq {literal(PUBLISHER)}"
    columns = "publisherid,uniquename,customizationprefix,customizationoptionvalueprefix"
    found = await site.dataverse.rows("publishers", select=columns, filter=asked)
    return min(found, key=lambda row: row.text("uniquename") != PUBLISHER, default=None)


async def solution(site: Site) -> Row | None:
    asked = f"uniquename eq {literal(SOLUTION)}"
    columns = "solutionid,ismanaged,_publisherid_value"
    found = await site.dataverse.rows("solutions", select=columns, filter=asked)
    return found[0] if found else None


async def first_option(site: Site) -> int:
    """The first value that a choice of our publisher may have."""
    row = await publisher(site)
    return ((row.whole("customizationoptionvalueprefix") if row else None) or LOWEST) * OPTIONS_A_PREFIX


async def plan(site: Site) -> Plan:
    if site.own in MICROSOFTS:
        return clash(f'OWN_PREFIX is "{site.own}", which is Microsoft\'s: nothing of ours is made under it')
    there, ours = await publisher(site), await solution(site)
    if there and there.text("customizationprefix") != site.own:
        shown = there.text("customizationprefix")
        return clash(
            f'the publisher {PUBLISHER} has the prefix "{shown}", and OWN_PREFIX is "{site.own}": a prefix cannot be '
            f"changed, so set OWN_PREFIX={shown}, or take the other away with `cosell provision --remove` first"
        )
    if ours and ours.flag("ismanaged"):
        return clash(f"{SOLUTION} is installed as a managed solution: nothing can be added to it. Uninstall it first")
    if ours and there and ours.lookup("publisherid") != there.text("publisherid").lower():
        return clash(f'the solution {SOLUTION} is of another publisher than the one of the prefix "{site.own}"')
    return _publisher(site, there) + _solution(site, ours)


def _publisher(site: Site, there: Row | None) -> Plan:
    async def do() -> None:
        body = {
            "uniquename": PUBLISHER,
            "friendlyname": "Cosell Sync",
            "description": "What Cosell Sync needs in this environment.",
            "customizationprefix": site.own,
            "customizationoptionvalueprefix": LOWEST + zlib.crc32(site.own.encode()) % COUNT,
        }
        await site.dataverse.create("publishers", body, join=False)

    return Plan() if there else step(Act.CREATE, f'publisher {PUBLISHER} with the prefix "{site.own}"', do)


def _solution(site: Site, ours: Row | None) -> Plan:
    async def do() -> None:
        row = await publisher(site)
        ident = guid(row.text("publisherid") if row else "")
        body = {
            "uniquename": SOLUTION,
            "friendlyname": "Cosell Sync",
            "description": "Keeps opportunities and Partner Center co-sell referrals in step.",
            "version": "1.0.0.0",
            "publisherid@odata.bind": f"/publishers({ident})",
        }
        await site.dataverse.create("solutions", body, join=False)

    return Plan() if ours else step(Act.CREATE, f"solution {SOLUTION}", do)
