"""GET on the collection: filter, order, page and select, with the link to the next page in either known form."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.partner_center.errors import refused
from sandbox.partner_center.odata_filter import FilterParser, moment
from sandbox.partner_center.schema import REFERRAL
from sandbox.partner_center.settings import PAGE_SIZE
from sandbox.partner_center.views import context, view
from sandbox.partner_center.world import Referral, World

OPTIONS = frozenset({"$filter", "$orderby", "$top", "$skip", "$select", "$count", "$expand", "$skiptoken"})
ORDERS = ("createdDateTime", "updatedDateTime")


def page(world: World, query: Mapping[str, str]) -> dict[str, Any]:
    world.expire_due()
    options = _read_token(query["$skiptoken"]) if "$skiptoken" in query else _checked(query)
    rows = _ordered(_matching(world, options.get("$filter")), options.get("$orderby"))
    start = int(options.get("$skip", "0"))
    stop = min(len(rows), start + int(options["$top"])) if "$top" in options else len(rows)
    end = min(stop, start + PAGE_SIZE)
    select = _selected(options.get("$select"))
    values = [select(view(world, one)) for one in rows[start:end]]
    # The documented sample counts the page, not the total.
    answer = {"@odata.context": context(world, "Referrals"), "@odata.count": len(values), "value": values}
    if end < stop:
        rest = {**options, "$skip": str(end)} | ({"$top": str(stop - end)} if "$top" in options else {})
        answer["@odata.nextLink"] = _next_link(world, rest)
    return answer


def _checked(query: Mapping[str, str]) -> dict[str, str]:
    unknown = [name for name in query if name.startswith("$") and name not in OPTIONS]
    if unknown:
        raise refused(f"The query option '{unknown[0]}' is not supported.", unknown[0])
    for name in ("$top", "$skip"):
        if name in query and not query[name].isdigit():
            raise refused(f"The value of {name} is not a whole number from 0.", name)
    return {name: value for name, value in query.items() if name in OPTIONS}


def _matching(world: World, text: str | None) -> list[Referral]:
    visible = world.now() - timedelta(seconds=world.switches.number("list_lag_seconds"))
    rows = [one for one in world.referrals.values() if moment(one["createdDateTime"]) <= visible]
    if text is None:
        return rows
    keep = FilterParser(text, ranges=world.switches.text("range_filters") == "accepted").parse()
    return [one for one in rows if keep(one)]


def _ordered(rows: list[Referral], text: str | None) -> list[Referral]:
    for part in reversed(text.split(",") if text else []):
        field, _, direction = part.strip().partition(" ")
        if field not in ORDERS or direction.strip() not in ("", "asc", "desc"):
            raise refused(f"The $orderby '{part.strip()}' is not supported.", "$orderby")
        rows = sorted(rows, key=_by(field), reverse=direction.strip() == "desc")
    return rows


def _by(field: str) -> Callable[[Referral], datetime]:
    return lambda referral: moment(referral[field])


def _selected(text: str | None) -> Callable[[Referral], Referral]:
    if not text:
        return lambda referral: referral
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in REFERRAL]
    if unknown:
        raise refused(f"Could not find a property named '{unknown[0]}'.", "$select")
    return lambda referral: {name: referral[name] for name in names}


def _next_link(world: World, options: Mapping[str, str]) -> str:
    token = base64.urlsafe_b64encode(json.dumps(options).encode()).decode()
    path = "/v1.0/engagements/referrals"
    base = world.base_url
    if world.switches.text("next_link") == "odd":
        path, base = "/v1.0/referrals", base.replace("https://", "http://")
    return f"{base}{path}?$skiptoken={token}"


def _read_token(token: str) -> dict[str, str]:
    try:
        options: dict[str, str] = json.loads(base64.urlsafe_b64decode(token))
    except (binascii.Error, ValueError) as error:
        raise refused("The $skiptoken is not valid.", "$skiptoken") from error
    return options
