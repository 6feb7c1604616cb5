"""The security role of the application user: exactly what infra/dataverse_role.json lists, for the whole organisation.

A new role is never empty: the platform gives it some privileges of its own, and some of them cannot be taken away
(seen by several makers of tools). So what is there beside ours is told and left.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.provisioning.members import ROLE, join
from cli.provisioning.plan import Act, Plan, note, step
from cli.provisioning.site import CAST, Site, guid, named
from cli.provisioning.tables import Tables
from shared.connectors.dynamics.odata import Row, literal

FILE = Path(__file__).parents[2] / "infra" / "dataverse_role.json"
ASSIGNED = "systemuserroles_association"
GLOBAL = "Global"


@dataclass(frozen=True, kw_only=True)
class Role:
    """The shipped list: privileges by name, and rights on the two solution tables by what they are called here."""

    name: str
    privileges: Mapping[str, str]
    rights: tuple[tuple[str, str, str], ...]


def shipped() -> Role:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return Role(
        name=found["name"],
        privileges={each["name"]: each["depth"] for each in found["privileges"]},
        rights=tuple((each["table"], each["right"], each["depth"]) for each in found["tables"]),
    )


async def standing(site: Site) -> Row | None:
    """Our role in the root business unit; its copies in the others follow it."""
    asked = f"name eq {literal(shipped().name)} and _parentroleid_value eq null"
    found = await site.dataverse.rows("roles", select="roleid,name", filter=asked)
    return found[0] if found else None


async def plan(site: Site, tables: Tables, application: str) -> Plan:
    """`application` is the client id of the application user that is to have the role, "" for none."""
    role = await standing(site)
    found = await _privileges(site, shipped(), tables)
    assigned = await _assignment(site, role, application)
    if role is None:
        count = len(shipped().privileges) + len(shipped().rights)
        return (
            step(Act.CREATE, f"security role {shipped().name} with {count} privileges", _maker(site, tables)) + assigned
        )
    held = await _held(site, role)
    missing = {name: each for name, each in found.items() if held.get(each[0]) != each[1]}
    return _missing(site, role, missing) + assigned


def _maker(site: Site, tables: Tables) -> Any:
    async def do() -> None:
        units = await site.dataverse.rows(
            "businessunits", select="businessunitid", filter="_parentbusinessunitid_value eq null"
        )
        unit = guid(units[0].text("businessunitid") if units else "")
        if await standing(site) is None:
            body = {"name": shipped().name, "businessunitid@odata.bind": f"/businessunits({unit})"}
            await site.dataverse.create("roles", body)
        role = await standing(site)
        ident = guid(role.text("roleid") if role else "")
        await join(site, ROLE, ident)
        # Replaced and not added: what a new role brings along is more than is used.
        await _give(site, ident, "ReplacePrivilegesRole", await _privileges(site, shipped(), tables))

    return do


def _missing(site: Site, role: Row, missing: Mapping[str, tuple[str, str]]) -> Plan:
    async def do() -> None:
        await _give(site, guid(role.text("roleid")), "AddPrivilegesRole", missing)

    if not missing:
        return Plan()
    listed = ", ".join(sorted(missing))
    return step(Act.CHANGE, f"security role {role.text('name')}: {listed}", do)


async def _give(site: Site, role: str, action: str, privileges: Mapping[str, tuple[str, str]]) -> None:
    listed = [{"PrivilegeId": ident, "Depth": depth} for ident, depth in privileges.values()]
    await site.dataverse.change("POST", f"roles({role})/{CAST}{action}", {"Privileges": listed}, {})


async def _privileges(site: Site, role: Role, tables: Tables) -> dict[str, tuple[str, str]]:
    """Name → (id, depth), of those that this environment has."""
    listed = ",".join(literal(name) for name in sorted(role.privileges))
    asked = f"{CAST}In(PropertyName='name',PropertyValues=[{listed}])"
    rows = await site.dataverse.rows("privileges", select="privilegeid,name", filter=asked)
    found = {row.text("name"): (row.text("privilegeid").lower(), GLOBAL) for row in rows}
    wanted = {(tables.named(table), right): depth for table, right, depth in role.rights}
    for table in (tables.row, tables.detail):
        head = await site.dataverse.row(named(table), select="Privileges")
        for each in head.children("Privileges") if head else ():
            if depth := wanted.get((table, each.text("PrivilegeType"))):
                found[each.text("Name")] = (each.text("PrivilegeId").lower(), depth)
    return found


async def _held(site: Site, role: Row) -> Mapping[str, str]:
    """Privilege id → depth."""
    answer = await site.dataverse.row(f"RetrieveRolePrivilegesRole(RoleId={guid(role.text('roleid'))})")
    listed = answer.children("RolePrivileges") if answer else ()
    return {each.text("PrivilegeId").lower(): each.text("Depth") for each in listed}


async def _assignment(site: Site, role: Row | None, application: str) -> Plan:
    if not application:
        return note("the role is given to nobody: name the application user's client id as --application")
    asked = f"applicationid eq {guid(application)}"
    users = await site.dataverse.rows("systemusers", select="systemuserid", filter=asked)
    if not users:
        return note(
            f"there is no application user {application} here: add it in the admin center, and provision once more"
        )
    user = guid(users[0].text("systemuserid"))
    path = f"systemusers({user})/{ASSIGNED}"
    mine = await site.dataverse.rows(path, select="roleid")
    if role and role.text("roleid").lower() in {each.text("roleid").lower() for each in mine}:
        return Plan()

    async def do() -> None:
        made = role or await standing(site)
        ident = guid(made.text("roleid") if made else "")
        await site.dataverse.create(
            f"{path}/$ref", {"@odata.id": site.dataverse.rest.url(f"roles({ident})")}, join=False
        )

    return step(Act.CREATE, f"security role {shipped().name} for the application user {application}", do)


async def removal(site: Site, ours: frozenset[str]) -> Plan:
    """`ours` are the components of our solution: a role that was there before is not among them."""
    role = await standing(site)
    if role is None or role.text("roleid").lower() not in ours:
        return Plan()
    path = f"roles({guid(role.text('roleid'))})"
    return step(Act.REMOVE, f"security role {role.text('name')}", lambda: site.dataverse.delete(path))
