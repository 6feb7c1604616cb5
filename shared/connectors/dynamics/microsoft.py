"""Microsoft's own connector in the same environment: two synchronisers on one deal make two referrals."""

from __future__ import annotations

from shared.connectors.dynamics.calls import Calls

# Its solution's unique name is only known by its beginning, from a picture in the vendor's guide.
_SOLUTION = "startswith(uniquename,'PartnerCenterReferra')"
_CLOUD_FLOW = 5  # workflow.category
_ACTIVATED = 1  # workflow.statecode
# A managed flow that somebody switched off and on may lie in a layer of its own, under another solution's id.
_BY_NAME = "(ismanaged eq true and contains(name,'Partner Center'))"


async def flows_active(calls: Calls) -> tuple[str, ...]:
    """Names of its flows that are switched on, in order."""
    solutions = await calls.list("solutions", {"$select": "solutionid", "$filter": _SOLUTION})
    theirs = " or ".join([*(f"solutionid eq {row.text('solutionid')}" for row in solutions), _BY_NAME])
    active = f"category eq {_CLOUD_FLOW} and statecode eq {_ACTIVATED} and ({theirs})"
    flows = await calls.list("workflows", {"$select": "name", "$filter": active})
    return tuple(sorted(row.text("name") for row in flows))
