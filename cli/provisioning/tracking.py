"""Change tracking, which heal follows the tables by: switched on where it is off, and never off again by anybody."""

from __future__ import annotations

from cli.provisioning.plan import Act, Plan, note, step, together
from cli.provisioning.site import Site, named
from cli.provisioning.tables import Tables
from shared.connectors.dynamics.odata import Row
from shared.errors import Misconfigured

TRACKED = ("opportunity", "lead", "account", "contact", "systemuser")
_HEAD = "LogicalName,ChangeTrackingEnabled,CanChangeTrackingBeEnabled"


async def plan(site: Site, tables: Tables) -> Plan:
    names = [*TRACKED, tables.row]
    heads = [(name, await site.dataverse.row(named(name), select=_HEAD)) for name in names]
    return together([_one(site, name, head) for name, head in heads if head is not None])


def _one(site: Site, table: str, head: Row) -> Plan:
    async def do() -> None:
        whole = await site.dataverse.row(named(table))
        if whole is None:
            raise Misconfigured((f"Dynamics 365 has no table {table} any more",))
        body = {name: value for name, value in whole.data.items() if name != "@odata.context"}
        kept = {"MSCRM.MergeLabels": "true"}
        await site.dataverse.change("PUT", named(table), body | {"ChangeTrackingEnabled": True}, kept)

    if head.flag("ChangeTrackingEnabled"):
        return Plan()
    possible = head.child("CanChangeTrackingBeEnabled")
    if possible is not None and possible.data.get("Value") is False:
        return note(f"change tracking of {table} cannot be switched on here: a lost event of it is not found again")
    return step(
        Act.CHANGE, f"change tracking of {table}: on (the next heal reads its rows anew)", do, frozenset({table})
    )
