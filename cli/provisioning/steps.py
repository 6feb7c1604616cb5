"""The webhook's steps: one for each thing that has to wake a deal.

learn.microsoft.com/power-apps/developer/data-platform/register-web-hook; columns in the reference of the table
sdkmessageprocessingstep.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.provisioning.listening import DEAL_EVENTS, Listening, wanted
from cli.provisioning.members import STEP, join
from cli.provisioning.plan import Act, Plan, note, step, together
from cli.provisioning.site import Site, guid
from cli.provisioning.tables import Tables
from cli.provisioning.webhook import NAME, Hook, endpoint
from shared.connectors.dynamics.odata import Row, any_of, literal

AFTER, ASYNCHRONOUS = 40, 1  # stage, mode
BEFORE_IMAGE = 0
IMAGE = "before"
_STEP = (
    "sdkmessageprocessingstepid,name,filteringattributes,stage,mode,statecode,"
    "_sdkmessageid_value,_sdkmessagefilterid_value,_eventhandler_value"
)


async def steps_of(site: Site, there: Row | None) -> tuple[Row, ...]:
    if there is None:
        return ()
    asked = f"_eventhandler_value eq {guid(there.text('serviceendpointid'))}"
    return await site.dataverse.rows("sdkmessageprocessingsteps", select=_STEP, filter=asked)


async def _messages(site: Site) -> Mapping[str, str]:
    names = any_of("name", DEAL_EVENTS)
    rows = await site.dataverse.rows("sdkmessages", select="sdkmessageid,name", filter=names)
    return {row.text("name"): row.text("sdkmessageid").lower() for row in rows}


async def _filters(site: Site, table: str) -> Mapping[str, str]:
    """Message id → filter id of a table."""
    asked = f"primaryobjecttypecode eq {literal(table)}"
    columns = "sdkmessagefilterid,_sdkmessageid_value"
    rows = await site.dataverse.rows("sdkmessagefilters", select=columns, filter=asked)
    return {row.lookup("sdkmessageid"): row.text("sdkmessagefilterid").lower() for row in rows}


async def plan(site: Site, hook: Hook, there: Row | None, tables: Tables) -> Plan:
    """`there` is the endpoint as it stands."""
    steps = await steps_of(site, there)
    messages = await _messages(site)
    listed = wanted(site, tables)
    filters = {table: await _filters(site, table) for table in dict.fromkeys(each.table for each in listed)}
    plans = []
    for each in listed:
        found = filters[each.table].get(messages.get(each.message, ""), "")
        if not found and filters[each.table]:
            plans.append(note(f"this environment has no message {each.shown}: heal finds what it would have told"))
            continue
        row = next((one for one in steps if found and one.lookup("sdkmessagefilterid") == found), None)
        plans.append(await _step(site, hook, each, row))
    return together(plans)


async def _step(site: Site, hook: Hook, each: Listening, row: Row | None) -> Plan:
    if row is None:
        return step(Act.CREATE, f"webhook step {each.shown}", lambda: _register(site, hook, each))
    return _kept(site, each, row) + await _imaged(site, each, row)


async def _register(site: Site, hook: Hook, each: Listening) -> None:
    """Looked up when it is done: the endpoint and a new table's messages are made by the same plan."""
    there = await endpoint(site, hook.url)
    message = (await _messages(site)).get(each.message, "")
    found = (await _filters(site, each.table)).get(message, "")
    handler = guid(there.text("serviceendpointid") if there else "")
    body = {
        "name": each.name,
        "description": "Wakes Cosell Sync.",
        "stage": AFTER,
        "mode": ASYNCHRONOUS,
        "rank": 1,
        "supporteddeployment": 0,
        "asyncautodelete": True,
        **_filtering(each),
        "eventhandler_serviceendpoint@odata.bind": f"/serviceendpoints({handler})",
        "sdkmessageid@odata.bind": f"/sdkmessages({guid(message)})",
        "sdkmessagefilterid@odata.bind": f"/sdkmessagefilters({guid(found)})",
    }
    await site.dataverse.create("sdkmessageprocessingsteps", body)
    rows = await steps_of(site, there)
    made = next((row for row in rows if row.lookup("sdkmessagefilterid") == found), Row({}))
    await join(site, STEP, made.text("sdkmessageprocessingstepid"))
    if each.image:
        await _image(site, each, made)


def _filtering(each: Listening) -> dict[str, Any]:
    return {"filteringattributes": ",".join(each.columns)} if each.columns else {}


def _kept(site: Site, each: Listening, row: Row) -> Plan:
    """A step that is there, brought to what it has to be."""
    named = {name.strip() for name in row.text("filteringattributes").split(",") if name.strip()}
    changed: dict[str, Any] = {}
    if named != set(each.columns):
        changed["filteringattributes"] = ",".join(each.columns) or None
    if (row.whole("stage"), row.whole("mode")) != (AFTER, ASYNCHRONOUS):
        changed |= {"stage": AFTER, "mode": ASYNCHRONOUS}
    if row.whole("statecode"):
        changed |= {"statecode": 0, "statuscode": 1}
    if not changed:
        return Plan()

    async def do() -> None:
        path = f"sdkmessageprocessingsteps({guid(row.text('sdkmessageprocessingstepid'))})"
        await site.dataverse.patch(path, changed)

    return step(Act.CHANGE, f"webhook step {each.shown} ({', '.join(changed)})", do)


async def _imaged(site: Site, each: Listening, row: Row) -> Plan:
    if not each.image:
        return Plan()
    asked = f"_sdkmessageprocessingstepid_value eq {guid(row.text('sdkmessageprocessingstepid'))}"
    images = await site.dataverse.rows("sdkmessageprocessingstepimages", select="imagetype,attributes", filter=asked)
    if any(_shows(image, each.image) for image in images):
        return Plan()
    return step(Act.CREATE, f"image of the row before, in the step {each.shown}", lambda: _image(site, each, row))


def _shows(image: Row, column: str) -> bool:
    """An image of the row before that names the column, or all of them."""
    listed = [name.strip() for name in image.text("attributes").split(",") if name.strip()]
    return image.whole("imagetype") in (BEFORE_IMAGE, 2) and (not listed or column in listed)


async def _image(site: Site, each: Listening, row: Row) -> None:
    owner = guid(row.text("sdkmessageprocessingstepid"))
    body = {
        "name": IMAGE,
        "entityalias": IMAGE,
        "imagetype": BEFORE_IMAGE,
        "messagepropertyname": "Target",
        "attributes": each.image,
        "sdkmessageprocessingstepid@odata.bind": f"/sdkmessageprocessingsteps({owner})",
    }
    await site.dataverse.create("sdkmessageprocessingstepimages", body)


async def removal(site: Site, ours: frozenset[str]) -> Plan:
    """Steps that we made, whoever's endpoint they use, and then our endpoint; `ours` are our solution's components."""
    asked, key = f"startswith(name,{literal(f'{NAME}: ')})", "sdkmessageprocessingstepid"
    steps = await site.dataverse.rows("sdkmessageprocessingsteps", select=f"{key},name", filter=asked)
    there = await endpoint(site)
    ends = [
        _gone(site, "webhook step", "sdkmessageprocessingsteps", key, row)
        for row in steps
        if row.text(key).lower() in ours
    ]
    if there and there.text("serviceendpointid").lower() in ours:
        ends.append(_gone(site, "webhook endpoint", "serviceendpoints", "serviceendpointid", there))
    return together(ends)


def _gone(site: Site, what: str, table: str, key: str, row: Row) -> Plan:
    path = f"{table}({guid(row.text(key))})"
    return step(Act.REMOVE, f"{what} {row.text('name')}", lambda: site.dataverse.delete(path))
