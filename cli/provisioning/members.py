"""Which components our solution holds: what we made, so what may be taken away again.

Types: the choice componenttype of the table solutioncomponent.
"""

from __future__ import annotations

from collections.abc import Mapping

from cli.provisioning import role, solution, webhook
from cli.provisioning.plan import Act, Plan, step, together
from cli.provisioning.site import Site, guid
from cli.provisioning.steps import steps_of

TABLE, COLUMN, ROLE, STEP, ENDPOINT = 1, 2, 20, 92, 95


async def members(site: Site) -> frozenset[str]:
    """Ids of the components."""
    ours = await solution.solution(site)
    if ours is None:
        return frozenset()
    asked = f"_solutionid_value eq {guid(ours.text('solutionid'))}"
    rows = await site.dataverse.rows("solutioncomponents", select="objectid,componenttype", filter=asked)
    return frozenset(row.text("objectid").lower() for row in rows)


async def plan(site: Site) -> Plan:
    """Rows of ours that are there and not in the solution: what a header of the call did not bring in is added."""
    if await solution.solution(site) is None:
        return Plan()
    held = await members(site)
    absent = [(what, found) for what, found in (await _rows(site)).items() if found[1] not in held]
    return together([_one(site, what, *found) for what, found in absent])


async def _rows(site: Site) -> Mapping[str, tuple[int, str]]:
    there, mine = await webhook.endpoint(site), await role.standing(site)
    found: dict[str, tuple[int, str]] = {}
    if mine:
        found[f"security role {mine.text('name')}"] = (ROLE, mine.text("roleid").lower())
    if there and there.text("name") == webhook.NAME:
        found[f"webhook endpoint {webhook.NAME}"] = (ENDPOINT, there.text("serviceendpointid").lower())
        for row in await steps_of(site, there):
            found[f"webhook step {row.text('name')}"] = (STEP, row.text("sdkmessageprocessingstepid").lower())
    return found


def _one(site: Site, what: str, kind: int, ident: str) -> Plan:
    async def do() -> None:
        body = {"ComponentId": guid(ident), "ComponentType": kind, "SolutionUniqueName": site.dataverse.solution}
        await site.dataverse.change("POST", "AddSolutionComponent", body | {"AddRequiredComponents": False}, {})

    return step(Act.CHANGE, f"solution {site.dataverse.solution}: holds the {what}", do)
