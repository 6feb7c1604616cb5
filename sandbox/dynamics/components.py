"""Which component belongs to which unmanaged solution: by the header of the call that made it, or by an action.

Types: the choice componenttype of the solutioncomponent table (solutioncomponent table reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.execution import Execution
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.store import Ref, Row

TABLE, COLUMN, RELATIONSHIP = 1, 2, 10
# Tables whose rows are components of solutions.
OF_ROWS = {
    "role": 20,
    "systemform": 60,
    "sdkmessageprocessingstep": 92,
    "sdkmessageprocessingstepimage": 93,
    "serviceendpoint": 95,
}


def solution_named(organization: Organization, name: str) -> str:
    """Its id; a managed solution takes no components."""
    rows = organization.store.table("solution").values()
    found = next((row for row in rows if row["uniquename"] == name), None)
    if found is None or found.get("ismanaged"):
        raise errors.DataverseError(
            errors.SOLUTION_UNKNOWN, f"A solution with unique name '{name}' was not found, or it is managed."
        )
    return str(found["solutionid"])


def join(organization: Organization, solution: str, kind: int, component: str) -> str:
    """Put a component into a solution, once; the id of the row that says so."""
    owner, store = solution_named(organization, solution), organization.store
    found = stable_id("component", owner, str(kind), component)
    values: Row = {"solutioncomponentid": found, "objectid": component, "componenttype": kind}
    row = dict.fromkeys(organization.schema.tables["solutioncomponent"].columns)
    row |= values | {"solutionid": Ref("solution", owner), "versionnumber": store.next_version()}
    store.put("solutioncomponent", found, row)
    return found


def joined(organization: Organization, execution: Execution, kind: int, component: str) -> None:
    """What a call with MSCRM.SolutionUniqueName makes joins that solution."""
    if execution.solution:
        join(organization, execution.solution, kind, component)


def forget(organization: Organization, component: str) -> None:
    """A component that is gone is in no solution."""
    store = organization.store
    for found, row in list(store.table("solutioncomponent").items()):
        if row.get("objectid") == component:
            store.remove("solutioncomponent", found)


def add(organization: Organization, body: Mapping[str, Any]) -> dict[str, Any]:
    """AddSolutionComponent."""
    component, kind = str(body.get("ComponentId")).lower(), body.get("ComponentType")
    if not isinstance(kind, int) or not body.get("SolutionUniqueName") or "AddRequiredComponents" not in body:
        raise errors.DataverseError(
            errors.INVALID_ARGUMENT,
            "ComponentId, ComponentType, SolutionUniqueName and AddRequiredComponents are required.",
        )
    return {"id": join(organization, str(body["SolutionUniqueName"]), kind, component)}
