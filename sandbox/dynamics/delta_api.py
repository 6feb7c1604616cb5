"""Change tracking: everything once, then what changed since a token, deletions last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.call import Answer
from sandbox.dynamics.odata_text import bad_query
from sandbox.dynamics.privileges import Guard
from sandbox.dynamics.query_api import applied, cookie, cookie_state, link
from sandbox.dynamics.role import WHOLE
from sandbox.dynamics.rows_api import Work
from sandbox.dynamics.schema import Table
from sandbox.dynamics.store import Deletion, Row

_TIME = "%m/%d/%Y %H:%M:%S"


def is_tracking(work: Work) -> bool:
    paged = work.options.skip_token and 'istracking="True"' in work.options.skip_token
    return bool(work.options.delta_token or paged or "odata.track-changes" in work.call.preferences)


def changes(work: Work, table: Table) -> Answer:
    """One page. A cookie holds: since, the version when paging began, phase, the last version shown."""
    Guard(caller=work.call.caller).table("Read", table, WHOLE)  # use-change-tracking-synchronize-data-external-systems
    _refuse_options(work, table)
    work.renderer.check(table, work.options)
    since, until, phase, seen = _position(work, table)
    items = _pending(work, table, since, phase, seen)
    page = items[: work.call.page_size]
    full = since < 0
    context = work.context(table) if full else f"{work.context(table)}/$delta"
    body: dict[str, Any] = {"@odata.context": context, "value": [_shown(work, table, each) for each in page]}
    if len(items) > len(page):
        last = page[-1]
        state = f"{since};{until};{int(isinstance(last, Deletion))};{_version(last)}"
        body["@odata.nextLink"] = link(work, cookie(2, state, tracking=True))
    else:
        token = f"{until}!{work.pipeline.organization.now().astimezone(UTC):{_TIME}}"
        body["@odata.deltaLink"] = link(work, token, name="$deltatoken")
    return Answer(status=200, body=body, headers=applied(work))


def count(work: Work, table: Table) -> int:
    since, _, phase, seen = _position(work, table)
    return len(_pending(work, table, since, phase, seen))


def _refuse_options(work: Work, table: Table) -> None:
    if not table.tracked:
        raise errors.DataverseError(errors.NOT_TRACKED, f"Change tracking is not enabled for entity '{table.name}'.")
    for name in work.options.named():
        raise bad_query(f"The query option {name} is not supported when change tracking is requested.")


def _position(work: Work, table: Table) -> tuple[int, int, int, int]:
    version = work.pipeline.organization.store.version
    if work.options.skip_token:
        state = [int(part) for part in cookie_state(work.options.skip_token).split(";")]
        if len(state) != 4:
            raise bad_query("Malformed XML in the Paging Cookie.")
        since, until, phase, seen = state
        return since, until, phase, seen
    if work.options.delta_token:
        since = _since(work, table, work.options.delta_token)
        return since, version, 0, since
    return -1, version, 0, -1


def _since(work: Work, table: Table, token: str) -> int:
    """A token dies of age, and when the table's definition changes."""
    version, mark, when = token.partition("!")
    organization = work.pipeline.organization
    try:
        taken = datetime.strptime(when, _TIME).replace(tzinfo=UTC)
    except ValueError as error:
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "The delta token is not valid.") from error
    if not mark or not version.isdigit():
        raise errors.DataverseError(errors.INVALID_ARGUMENT, "The delta token is not valid.")
    days = organization.organization_row().get("expirechangetrackingindays") or 7
    old = organization.now() - taken > timedelta(days=int(days))
    if old or int(version) < organization.schema_versions.get(table.name, 0):
        raise errors.DataverseError(
            errors.TOKEN_EXPIRED,
            "Version stamp associated with the client has expired. Please perform a full sync.",
        )
    return int(version)


def _pending(work: Work, table: Table, since: int, phase: int, seen: int) -> list[Row | Deletion]:
    """New and changed rows in version order, then deletions; a first pass has none."""
    store = work.pipeline.organization.store
    rows: list[Row | Deletion] = []
    if phase == 0:
        newer = [row for row in store.table(table.name).values() if row["versionnumber"] > seen]
        rows.extend(sorted(newer, key=_version))
    if since >= 0:
        after = seen if phase else since
        rows.extend(each for each in store.deletions if each.table == table.name and each.version > after)
    return rows


def _version(item: Row | Deletion) -> int:
    return item.version if isinstance(item, Deletion) else int(item["versionnumber"])


def _shown(work: Work, table: Table, item: Row | Deletion) -> dict[str, Any]:
    if isinstance(item, Deletion):
        context = f"{work.root}$metadata#{table.entity_set}/$deletedEntity"
        return {"@odata.context": context, "id": item.id, "reason": "deleted"}
    return work.renderer.row(table, item, work.options)
