"""Microsoft's own connector in the same environment: two synchronisers on one deal make two referrals."""

from __future__ import annotations

from shared.connectors.dynamics.calls import Calls

# Its solution's unique name is only known by its beginning, from a picture in the vendor's guide.
_SOLUTION = "startswith(uniquename,'PartnerCenterReferra')"
_CLOUD_FLOW = 5  # workflow.category
_ACTIVATED = 1  # workflow.statecode
_FLOW_COMPONENT = 29  # solutioncomponent.componenttype: workflow


async def flows_active(calls: Calls) -> tuple[str, ...]:
    """Names of its flows that are switched on, in order."""
    solutions = await calls.list("solutions", {"$select": "solutionid", "$filter": _SOLUTION})
    idents = [row.text("solutionid") for row in solutions]
    if not idents:
        return ()
    within = " or ".join(f"solutionid eq {ident}" for ident in idents)
    active = f"category eq {_CLOUD_FLOW} and statecode eq {_ACTIVATED} and ({within})"
    flows = await calls.list("workflows", {"$select": "name", "$filter": active})
    return tuple(sorted(row.text("name") for row in flows))
