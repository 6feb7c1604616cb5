"""Dynamics 365's tables as co-sell uses them: solutions, change tracking, alternate keys."""

from __future__ import annotations

import asyncio

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, failed, ok, warning
from cli.doctor.once import Once
from cli.work import Tools
from shared.connectors.dynamics.delta import DEAL, Delta
from shared.connectors.dynamics.discovery import find_solutions
from shared.connectors.dynamics.metadata import read_table
from shared.connectors.dynamics.odata import row_of, rows_of
from shared.connectors.dynamics.schema import Schema
from shared.connectors.rest import Missing

NO_TABLES = (
    "Keep Microsoft's connector installed (its flows off): it brings the tables. With DATAVERSE_PREFIX of your own, "
    "add a table labelled Microsoft Solution below opportunity, with a lookup to one labelled Microsoft Solution Detail"
)
NO_SOLUTION = "Add a row for each of your co-sell ready solutions, with its identifier in Partner Center's catalogue"
TRACK = "Turn on Track changes for the table (Power Apps, the table's properties, Advanced)"
KEYS = "Remove the key: the referral's columns are copied when somebody clones an opportunity, and that would then fail"


async def read_schema(tools: Tools) -> Schema:
    """The metadata, without the judgement of `inspect`, which ends where one setting is wrong."""
    crm = tools.core.crm
    names = ("opportunity", "account", "contact")
    opportunity, account, contact = await asyncio.gather(*(read_table(crm.calls.rest, name) for name in names))
    solutions = await find_solutions(crm.calls.rest, crm.config.prefix)
    return Schema(opportunity=opportunity, account=account, contact=contact, solutions=solutions)


async def solutions(tools: Tools, read: Once[Schema]) -> Findings:
    """Partner Center takes no deal without a solution, and those that may be chosen are rows of a table."""
    names = (await read(tools)).solutions
    if names is None:
        return failed("no table of Microsoft solutions was found below opportunity, or more than one", NO_TABLES)
    query = {"$select": names.identifier, "$filter": f"{names.identifier} ne null", "$top": "5000"}
    known = {row.text(names.identifier).strip() for row in await tools.core.crm.calls.list(names.detail_set, query)}
    if not known - {""}:
        return failed(f"{names.detail} names no solution: no deal can be shared", NO_SOLUTION)
    return ok(f"{names.row} and {names.detail}, which names {len(known)} solutions")


async def tracking(tools: Tools, read: Once[Schema]) -> Findings:
    """Auto-heal follows a table's changes; where it cannot, a lost webhook of that table stays lost for longer."""
    schema = await read(tools)
    followed = [feed.kind for feed in Delta(rest=tools.core.crm.calls.rest, solutions=schema.solutions).feeds()]
    found = await asyncio.gather(*(_tracked(tools, name) for name in followed))
    return tuple(each for each in found if each) or ok(f"on for {', '.join(followed)}")


async def _tracked(tools: Tools, name: str) -> Finding | None:
    params = {"$select": "LogicalName,ChangeTrackingEnabled"}
    try:
        answer = await tools.core.crm.calls.rest.call("GET", f"EntityDefinitions(LogicalName='{name}')", params=params)
    except Missing:
        return warning(f"there is no table {name}", "Nothing, where it is not used", about=name)
    if row_of(answer.json()).flag("ChangeTrackingEnabled"):
        return None
    if name == DEAL:
        return failed("change tracking is off for opportunity: auto-heal cannot run", TRACK, about=name)
    return warning(f"change tracking is off for {name}: auto-heal does not see its changes", TRACK, about=name)


async def keys(tools: Tools) -> Findings:
    """No alternate key may lie on the referral's columns (two rows may carry one id for a while)."""
    own = frozenset(tools.core.crm.config.names.every)
    params = {"$select": "LogicalName,KeyAttributes,EntityKeyIndexStatus"}
    path = f"EntityDefinitions(LogicalName='{DEAL}')/Keys"
    found = rows_of((await tools.core.crm.calls.rest.call("GET", path, params=params)).json())
    names = [row.text("LogicalName") for row in found if own.intersection(_texts(row.data.get("KeyAttributes")))]
    wrong = [warning(f"{name} is an alternate key over columns of the referral", KEYS, about=name) for name in names]
    return tuple(wrong) or ok("none of opportunity's is over columns of the referral")


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
