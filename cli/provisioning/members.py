"""Which components our solution holds: what we made, so what may be taken away again.

Types: the choice componenttype of the table solutioncomponent.
"""

from __future__ import annotations

from cli.provisioning import solution
from cli.provisioning.site import Site, guid

ROLE, STEP, ENDPOINT = 20, 92, 95


async def members(site: Site) -> frozenset[str]:
    """Ids of the components."""
    ours = await solution.solution(site)
    if ours is None:
        return frozenset()
    asked = f"_solutionid_value eq {guid(ours.text('solutionid'))}"
    rows = await site.dataverse.rows("solutioncomponents", select="objectid", filter=asked)
    return frozenset(row.text("objectid").lower() for row in rows)


async def join(site: Site, kind: int, ident: str) -> None:
    """A row that was just made: in our solution by the header of its call, or else by this action."""
    if ident.lower() not in await members(site):
        body = {"ComponentId": guid(ident), "ComponentType": kind, "SolutionUniqueName": site.dataverse.solution}
        await site.dataverse.change("POST", "AddSolutionComponent", body | {"AddRequiredComponents": False}, {})
