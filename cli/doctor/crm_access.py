"""Dynamics 365: who we are there, with which roles, and what the platform shows of it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar

from cli.doctor.check import Findings
from cli.doctor.claims import claims_of
from cli.doctor.finding import Finding, failed, ok, warning
from cli.work import Tools
from shared.connectors.dynamics.odata import Row
from shared.errors import AccessLost

T = TypeVar("T")
# The same in every environment: https://learn.microsoft.com/power-apps/developer/data-platform/security-roles
ADMINISTRATOR, CUSTOMIZER = "627090ff-40a3-4053-8790-584edc5be201", "119f245c-3cc8-4b62-b31c-d1a046ced15d"
TOO_MUCH: Mapping[str, str] = {ADMINISTRATOR: "System Administrator", CUSTOMIZER: "System Customizer"}
USER = "fullname,applicationid,isdisabled"
LEAST = (
    "Give the application user the role of infra/dataverse_role.json alone; these two are for the person who sets up"
)
AS_YOURSELF = (
    "Run this once as an administrator: `az login`, then the same with DATAVERSE_AUTH=default in the environment. "
    "The functions do not need to see it"
)
NO_ROLE = "Give the application user the role of infra/dataverse_role.json, unless a team of its gives it one"


async def sign_in(tools: Tools) -> Findings:
    """WhoAmI with our token, and the user's own row."""
    crm = tools.core.crm
    claims = claims_of(await tools.world.dataverse_tokens.get(crm.calls.rest.scope))
    world = await crm.ping()
    user = await crm.calls.get(f"systemusers({world.user})", {"$select": USER}) or Row({})
    name = user.text("fullname") or world.user
    if user.flag("isdisabled"):
        return failed(f"the user {name} is disabled", "Enable the application user in the Power Platform admin center")
    kind = "application user" if user.text("applicationid") else "user"
    return ok(f"it lets us in as the {kind} {name} of organisation {world.organisation}{claims.as_whom}")


async def roles(tools: Tools) -> Findings:
    """The application user's own security roles, whoever asks; those that come with a team are not looked for."""
    crm = tools.core.crm
    user, named = await _application(tools)
    query = {"$select": "name,_roletemplateid_value"}
    found = await shown(crm.calls.list(f"systemusers({user})/systemuserroles_association", query))
    if isinstance(found, Finding):
        return found
    if not found:
        return warning(f"{named} has no security role of its own", NO_ROLE)
    names = ", ".join(sorted(role.text("name") for role in found))
    too_much = sorted({TOO_MUCH[t] for role in found if (t := role.lookup("roletemplateid")) in TOO_MUCH})
    if too_much:
        return warning(f"{named} is {' and '.join(too_much)}: whoever holds its secret may do anything", LEAST)
    return ok(f"{named} has the roles: {names}")


async def _application(tools: Tools) -> tuple[str, str]:
    """The user that the functions sign in as, where the settings name the application; else the one who asks."""
    crm, settings = tools.core.crm, tools.settings
    client = settings.dataverse_client_id or settings.azure_client_id
    if client:
        query = {"$select": "systemuserid,fullname", "$filter": f"applicationid eq {client}"}
        for row in await crm.calls.list("systemusers", query):
            return row.text("systemuserid"), f"the application user {row.text('fullname')}"
    return (await crm.ping()).user, "this user"


async def shown(work: Awaitable[Sequence[Row]]) -> Sequence[Row] | Finding:
    """What only an administrator needs to see may well be hidden from the application user: a warning."""
    try:
        return await work
    except AccessLost as error:
        if error.remote.status != 403:  # noqa: PLR2004  401 is the token's
            raise
        return warning(f"not to be seen by this user: {error.remote.message[:200]}", AS_YOURSELF)
