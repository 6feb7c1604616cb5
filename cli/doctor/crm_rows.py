"""Rows of Dynamics 365 that a deal needs: its owner, its currency; and flows that must not run beside us."""

from __future__ import annotations

from cli.doctor.check import Findings
from cli.doctor.finding import failed, ok, warning
from cli.work import Tools
from shared.domain.values import group

MOST = 12  # currencies that are named
NOBODY = "Set DEFAULT_OWNER to a user or team: a seller who may read own rows alone does not see such a deal"
FLOWS_OFF = "Switch these flows off in Power Automate, and never uninstall their solution: its columns would go"


async def owner(tools: Tools) -> Findings:
    """Who owns a deal that has no seller of ours; raises Misconfigured for a name of nobody."""
    name = tools.settings.default_owner.strip()
    if not name:
        return warning("it is empty: a deal without a seller of yours belongs to the application user", NOBODY)
    found = await tools.core.crm.directory.owner(group([]), name)
    return ok(f"{name} is {found.strip('/')}")


async def currencies(tools: Tools) -> Findings:
    query = {"$select": "isocurrencycode", "$filter": "statecode eq 0"}
    found = {row.text("isocurrencycode") for row in await tools.core.crm.calls.list("transactioncurrencies", query)}
    codes = sorted(found - {""})
    if not codes:
        return failed("this organisation has no active currency", "Add one under Settings, Currencies")
    return ok(", ".join([*codes[:MOST], *(["…"] if len(codes) > MOST else [])]))


async def flows(tools: Tools) -> Findings:
    """Two synchronisers make two referrals of one deal."""
    found = await tools.core.crm.microsoft_flows_active()
    if found:
        return failed(f"active: {', '.join(found)}. Two synchronisers make two referrals of one deal", FLOWS_OFF)
    return ok("no flow of Microsoft's connector is active")
