"""Every opportunity that a seller wants shared, newest first: what a first load walks through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.connectors.dynamics.names import Names
from shared.connectors.dynamics.odata import Row, is_guid, joined, rows_of, unreadable
from shared.connectors.rest import Rest
from shared.domain.values import Ref
from shared.ports import Listed

PAGE_SIZE = 500
KEY = "opportunityid"


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Pages through one organisation's opportunities."""

    rest: Rest
    names: Names
    page_size: int = PAGE_SIZE

    async def pages(self, *, before: datetime | None, since: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
        """A page at a time, the next one fetched when it is asked for."""
        url, params = "opportunities", self._query(before, since)
        followed: set[str] = set()
        prefer = {"Prefer": f"odata.maxpagesize={self.page_size}"}
        while url:
            if url in followed:
                raise unreadable("the pages of a list lead back to one that was read before")
            followed.add(url)
            body = (await self.rest.call("GET", url, params=params, headers=prefer)).json()
            yield tuple(self._listed(row) for row in rows_of(body) if is_guid(row.text(KEY)))
            url, params = Row(body if isinstance(body, Mapping) else {}).text("@odata.nextLink"), None

    def _query(self, before: datetime | None, since: datetime | None) -> Mapping[str, str] | None:
        wanted = [f"{self.names.sync} eq true"]
        wanted += [f"createdon le {_instant(before)}"] if before else []
        wanted += [f"modifiedon ge {_instant(since)}"] if since else []
        return {
            "$select": joined((KEY, "createdon", "modifiedon", self.names.referral)),
            "$filter": " and ".join(wanted),
            "$orderby": f"createdon desc,{KEY} desc",
        }

    def _listed(self, row: Row) -> Listed:
        return Listed(
            ref=Ref("opportunity", row.text(KEY).lower()),
            created=row.moment("createdon"),
            changed=row.moment("modifiedon"),
            counterpart=row.text(self.names.referral).strip(),
        )


def _instant(at: datetime) -> str:
    """Columns hold whole seconds; what was made within this one is walked again."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
