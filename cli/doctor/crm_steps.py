"""Dynamics 365's webhook: whether each change that matters is announced at our door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from cli.doctor.check import Findings
from cli.doctor.crm_access import shown
from cli.doctor.finding import Finding, failed, ok, warning
from cli.doctor.once import Once
from cli.doctor.partner import host_of, ours
from cli.work import Tools
from shared.connectors.dynamics.delta import LEAD
from shared.connectors.dynamics.odata import Row, is_guid
from shared.connectors.dynamics.schema import Schema, SolutionNames

DOOR = "/api/dynamics/events"
WEBHOOK = 8  # serviceendpoint.contract
ENABLED, ASYNCHRONOUS = 0, 1  # statecode and mode of sdkmessageprocessingstep
CHANGES = ("Create", "Update", "Delete")
WANTED: Mapping[str, tuple[str, ...]] = {
    "opportunity": (*CHANGES, "Win", "Lose"),
    LEAD: CHANGES,
    "account": ("Update",),
    "contact": ("Update",),
    "systemuser": ("Update",),
}
REGISTER = f"Register these steps for https://<app>{DOOR}: asynchronous, after the operation"
OTHER_APP = "Keep the one of this installation: a copied environment carries the other one's steps along"
STEP = "name,statecode,mode"
FAR = "sdkmessageid($select=name),sdkmessagefilterid($select=primaryobjecttypecode)"


def wanted(solutions: SolutionNames | None, *, leads: bool) -> Mapping[str, tuple[str, ...]]:
    """Messages by table; a lost one is found by auto-heal, minutes later."""
    found = {table: messages for table, messages in WANTED.items() if leads or table != LEAD}
    return found | ({solutions.row: CHANGES, solutions.detail: CHANGES} if solutions else {})


async def steps(tools: Tools, read: Once[Schema], app: str = "") -> Findings:
    """`app` is our address, "" for the settings' own; where nobody knows it, any whose path is our door's."""
    app = app or tools.settings.address
    asked = {"$select": "serviceendpointid,name,url", "$filter": f"contract eq {WEBHOOK}"}
    endpoints = await shown(tools.core.crm.calls.list("serviceendpoints", asked))
    if isinstance(endpoints, Finding):
        return endpoints
    doors = [row for row in endpoints if ours(row.text("url"), DOOR, "") and is_guid(row.text("serviceendpointid"))]
    mine = [row for row in doors if ours(row.text("url"), DOOR, app)]
    if not mine:
        return failed(f"no webhook leads to {app or 'https://<app>'}{DOOR}: no change is announced", REGISTER)
    listed = await asyncio.gather(*(_steps(tools, row.text("serviceendpointid")) for row in mine))
    hidden = next((each for each in listed if isinstance(each, Finding)), None)
    if hidden:
        return hidden
    rows = [row for each in listed if not isinstance(each, Finding) for row in each]
    hosts = sorted({host_of(row.text("url")) for row in doors})
    wrong = tuple(_wrong(rows, wanted((await read(tools)).solutions, leads=not tools.settings.cosell_only), hosts))
    return wrong or ok(f"every change is announced at {host_of(mine[0].text('url'))}")


async def _steps(tools: Tools, endpoint: str) -> Sequence[Row] | Finding:
    query = {"$select": STEP, "$expand": FAR, "$filter": f"_eventhandler_value eq {endpoint}"}
    return await shown(tools.core.crm.calls.list("sdkmessageprocessingsteps", query))


def _wrong(rows: Sequence[Row], needed: Mapping[str, tuple[str, ...]], hosts: Sequence[str]) -> Iterator[Finding]:
    if len(hosts) > 1:
        yield warning(f"changes are announced at {len(hosts)} addresses: {', '.join(hosts)}", OTHER_APP)
    there = {_of(row) for row in rows if row.whole("statecode") == ENABLED}
    off = {_of(row) for row in rows} - there
    for table, messages in needed.items():
        if missing := [message for message in messages if (table, message.casefold()) not in there]:
            disabled = [message for message in missing if (table, message.casefold()) in off]
            more = f" ({', '.join(disabled)} disabled)" if disabled else ""
            yield failed(f"{', '.join(missing)} of {table} is not announced{more}", REGISTER, about=table)
    if slow := sorted({_of(row)[0] for row in rows if row.whole("mode") not in (ASYNCHRONOUS, None)}):
        do = "Make these steps asynchronous"
        yield warning(f"people wait for our answer when they save {', '.join(slow)}", do)


def _of(row: Row) -> tuple[str, str]:
    """Its table and message."""
    table, message = row.child("sdkmessagefilterid") or Row({}), row.child("sdkmessageid") or Row({})
    return (table.text("primaryobjecttypecode").casefold(), message.text("name").casefold())
