"""Security roles as rows: what a new one holds, the actions that change it, and what it lets a user do.

Depths by name and the unbound RetrieveRolePrivilegesRole: seen by several makers of tools; actions as in the role
table's reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.customizing_rows import BASELINE, KEPT, privilege_id
from sandbox.dynamics.organization import Organization, stable_id
from sandbox.dynamics.role import DEPTHS, WHOLE
from sandbox.dynamics.store import Ref
from sandbox.dynamics.tables_security import ROLES_OF_USERS

ASSIGNED = ROLES_OF_USERS


def held(organization: Organization, role: str) -> dict[str, str]:
    """Privilege id → depth."""
    rows = organization.store.children("roleprivileges", "roleid", role)
    return {row["privilegeid"].id: row["depth"] for row in rows}


def begin(organization: Organization, role: str) -> None:
    """A new role is not empty."""
    for name in BASELINE:
        _hold(organization, role, privilege_id(name), WHOLE)


def end(organization: Organization, role: str) -> None:
    """A deleted role leaves its privileges and its users."""
    _clear(organization, role, frozenset())
    for pair in list(organization.store.links.get(ASSIGNED, ())):
        if pair[1] == role:
            organization.store.unlink(ASSIGNED, *pair)


def add(organization: Organization, role: str, body: Mapping[str, Any]) -> None:
    """AddPrivilegesRole: also another depth of one that is held."""
    for privilege, depth in _given(organization, body):
        _hold(organization, role, privilege, depth)


def replace(organization: Organization, role: str, body: Mapping[str, Any]) -> None:
    """ReplacePrivilegesRole: the privileges for SharePoint stay all the same."""
    given = _given(organization, body)
    _clear(organization, role, frozenset(map(privilege_id, KEPT)))
    for privilege, depth in given:
        _hold(organization, role, privilege, depth)


ACTIONS = {"AddPrivilegesRole": add, "ReplacePrivilegesRole": replace}


def retrieve(organization: Organization, role: str) -> dict[str, Any]:
    """RetrieveRolePrivilegesRole."""
    store = organization.store
    if store.get("role", role) is None:
        raise errors.not_found("role", role)
    unit = store.table("role")[role]["businessunitid"].id
    listed = [
        {
            "Depth": depth,
            "PrivilegeId": found,
            "BusinessUnitId": unit,
            "PrivilegeName": (store.get("privilege", found) or {}).get("name"),
        }
        for found, depth in held(organization, role).items()
    ]
    return {"RolePrivileges": listed}


def allowed(organization: Organization, user: str) -> dict[str, str] | None:
    """What a user's assigned roles allow together, by name; None where none is assigned that says anything.

    A role that comes with the rows of the start holds nothing: what it allows, a scenario says.
    """
    store = organization.store
    roles = [
        role for person, role in sorted(store.links.get(ASSIGNED, ())) if person == user and held(organization, role)
    ]
    if not roles:
        return None
    depths: dict[str, str] = {}
    for role in roles:
        for found, depth in held(organization, role).items():
            name = str((store.get("privilege", found) or {}).get("name"))
            depths[name] = max(depth, depths.get(name, DEPTHS[0]), key=DEPTHS.index)
    return depths


def _given(organization: Organization, body: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = body.get("Privileges")
    if not isinstance(listed, list) or not listed:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "Required parameter 'Privileges' is missing.")
    pairs = [(str(each.get("PrivilegeId")).lower(), str(each.get("Depth"))) for each in listed]
    for found, depth in pairs:
        if organization.store.get("privilege", found) is None:
            raise errors.not_found("privilege", found)
        if depth not in DEPTHS:
            raise errors.DataverseError(errors.INVALID_ARGUMENT, f"'{depth}' is no depth of a privilege.")
    return pairs


def _hold(organization: Organization, role: str, privilege: str, depth: str) -> None:
    store, found = organization.store, stable_id("roleprivilege", role, privilege)
    row = dict.fromkeys(organization.schema.tables["roleprivileges"].columns)
    values = {"roleid": Ref("role", role), "privilegeid": Ref("privilege", privilege), "depth": depth}
    row |= values | {"roleprivilegeid": found, "versionnumber": store.next_version()}
    store.put("roleprivileges", found, row)


def _clear(organization: Organization, role: str, kept: frozenset[str]) -> None:
    for row in organization.store.children("roleprivileges", "roleid", role):
        if row["privilegeid"].id not in kept:
            organization.store.remove("roleprivileges", row["roleprivilegeid"])
