"""Security roles as rows, and who has which. What one allows is in `roleprivileges`, or a scenario says it: `role`."""

from __future__ import annotations

from sandbox.dynamics.columns import flag, lookup, memo, table, text
from sandbox.dynamics.schema import ManyToMany, Table

ROLES_OF_USERS = "systemuserroles_association"
# The same ids in every environment: learn.microsoft.com/power-apps/developer/data-platform/security-roles.
TEMPLATES = {
    "System Administrator": "627090ff-40a3-4053-8790-584edc5be201",
    "System Customizer": "119f245c-3cc8-4b62-b31c-d1a046ced15d",
}


def role() -> Table:
    return table(
        "role",
        "roles",
        text("name", 100, required="SystemRequired"),
        memo("description"),
        lookup("businessunitid", "businessunit", "business_unit_roles", required="SystemRequired", updatable=False),
        lookup("parentroleid", "role", "role_parent_role", creatable=False, updatable=False),
        flag("ismanaged", creatable=False, updatable=False),
        lookup("roletemplateid", "roletemplate", "role_template_roles", updatable=False),
        primary_name="name",
        object_type_code=1036,
    )


def roletemplate() -> Table:
    return table(
        "roletemplate",
        "roletemplates",
        text("name", 100, required="SystemRequired"),
        primary_name="name",
        object_type_code=1037,
    )


def roles_of_users() -> ManyToMany:
    return ManyToMany(name=ROLES_OF_USERS, first="systemuser", second="role", intersect="systemuserroles")
