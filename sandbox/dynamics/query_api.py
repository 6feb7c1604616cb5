"""Collections: filter, order, pages with an opaque cookie, counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_plus

from sandbox.dynamics.call import Answer
from sandbox.dynamics.odata_filter import compile_filter
from sandbox.dynamics.odata_text import bad_query
from sandbox.dynamics.render import ordered
from sandbox.dynamics.rows_api import Work
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Row

COUNT_LIMIT = 5000
_COOKIE = re.compile(r'pagingcookie="(?P<cookie>-?\d+(?:;-?\d+)*)"')


def cookie(page: int, state: str, *, tracking: bool) -> str:
    """Opaque to clients; as the vendor's looks."""
    return f'<cookie pagenumber="{page}" pagingcookie="{state}" istracking="{tracking}" />'


def cookie_state(token: str) -> str:
    match = _COOKIE.search(unquote_plus(token))
    if not match:
        raise bad_query("Malformed XML in the Paging Cookie.")
    return match["cookie"]


def link(work: Work, token: str, *, name: str = "$skiptoken") -> str:
    """This call's URL with its own options and the given token."""
    dropped = ("$skiptoken", "$deltatoken")
    kept = [part for part in work.call.query.split("&") if part and unquote_plus(part).split("=")[0] not in dropped]
    query = "&".join([*kept, f"{name}={quote(token, safe='!<>=')}"])
    return f"{work.root}{work.call.path}?{query}"


def select_rows(work: Work, table: Table, rows: list[Row]) -> list[Row]:
    keep: Callable[[Row], bool] = lambda _: True  # noqa: E731 - no filter
    if work.options.filter:
        keep = compile_filter(work.pipeline.organization.world, table, work.options.filter)
    return ordered(table, [row for row in rows if keep(row)], work.options)


def listing(work: Work, table: Table, rows: list[Row]) -> Answer:
    work.renderer.check(table, work.options)
    found = select_rows(work, table, rows)
    start = int(cookie_state(work.options.skip_token).split(";")[0]) if work.options.skip_token else 0
    size = work.options.top if work.options.top is not None else work.call.page_size
    page = found[start : start + size]
    body: dict[str, Any] = {"@odata.context": work.context(table), **_counts(work, len(found))}
    body["value"] = [work.renderer.row(table, row, work.options) for row in page]
    end = start + len(page)
    if work.options.top is None and end < len(found):
        body["@odata.nextLink"] = link(work, cookie(end // size + 1, str(end), tracking=False))
    return Answer(status=200, body=body, headers=applied(work))


def _counts(work: Work, total: int) -> dict[str, Any]:
    """Capped; the annotations say so, with -1 when no count was asked for."""
    counts: dict[str, Any] = {"@odata.count": min(total, COUNT_LIMIT)} if work.options.count else {}
    notes = {
        "Microsoft.Dynamics.CRM.totalrecordcount": min(total, COUNT_LIMIT) if work.options.count else -1,
        "Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded": work.options.count and total > COUNT_LIMIT,
    }
    return counts | {f"@{name}": value for name, value in notes.items() if work.renderer.wants(name)}


def applied(work: Work) -> dict[str, str]:
    """Preference-Applied names what of Prefer was obeyed."""
    names = ("odata.include-annotations", "odata.maxpagesize", "odata.track-changes")
    given = work.call.preferences
    parts = [f'{name}="{given[name]}"' if "annotations" in name else name for name in names if name in given]
    parts = [f"{part}={given[part]}" if part == "odata.maxpagesize" else part for part in parts]
    return {"Preference-Applied": ",".join(parts)} if parts else {}
