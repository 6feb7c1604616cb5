"""Polling by change tracking: a delta link for each table, together one cursor.

Documented under use-change-tracking-synchronize-data-external-systems: the first pass lists everything and ends with
a delta link; the link then lists what changed, deletions last. A link dies after seven days and when a column is
added to its table; then everything has to be read again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.calls import PAGE_SIZE
from shared.connectors.dynamics.odata import Row, is_guid, joined, rows_of, unreadable
from shared.connectors.dynamics.schema import SolutionNames
from shared.connectors.dynamics.showing import Showing
from shared.connectors.dynamics.verdicts import CursorExpired, NotTracked
from shared.connectors.foreign_json import lenient
from shared.connectors.rest import Rest
from shared.domain.values import Ref
from shared.errors import Misconfigured
from shared.ports import Page, Seen

DEAL, LEAD = "opportunity", "lead"
EXPIRED = ""  # in place of a link: everything has to be read again


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One table to follow: `owner` is the lookup to the opportunity that its rows belong to, "" for none."""

    kind: str
    set: str
    key: str
    owner: str = ""

    @property
    def select(self) -> str:
        return joined((self.key, f"_{self.owner}_value") if self.owner else (self.key,))

    def seen(self, row: Row) -> Seen | None:
        """A changed row. A solution row stands for its deal, whose own version does not move with it."""
        gone, owner = bool(row.text("reason")), row.lookup(self.owner) if self.owner else ""
        kind = DEAL if self.owner and not gone else self.kind
        ident = row.text("id").lower() if gone else owner if self.owner else row.text(self.key).lower()
        if not is_guid(ident):
            return None  # no row is called so, and a signal could not name it
        return Seen(ref=Ref(kind, ident), version="" if gone else row.version, gone=gone)


FEEDS = (
    Feed(kind=DEAL, set="opportunities", key="opportunityid"),
    Feed(kind=LEAD, set="leads", key="leadid"),
    Feed(kind="account", set="accounts", key="accountid"),
    Feed(kind="contact", set="contacts", key="contactid"),
    Feed(kind="systemuser", set="systemusers", key="systemuserid"),
)


@dataclass(frozen=True, kw_only=True)
class Delta:
    """Follows one organisation's tables; `showing` tells which deals a changed detail stands for."""

    rest: Rest
    solutions: SolutionNames | None
    showing: Showing | None = None
    page_size: int = PAGE_SIZE

    def feeds(self) -> tuple[Feed, ...]:
        names = self.solutions
        if names is None:
            return FEEDS
        rows = Feed(kind=names.row, set=names.row_set, key=names.row_id, owner=names.opportunity)
        return (*FEEDS, rows, Feed(kind=names.detail, set=names.detail_set, key=names.detail_id))

    async def pages(self, cursor: str | None) -> AsyncIterator[Page]:
        """What changed in all tables; the last page alone carries the moved cursor.

        A table that the cursor does not know yet starts with a baseline: everything is walked, nothing is seen.
        """
        links, followed = _links(cursor), {feed.kind for feed in self.feeds()}
        # What another release follows keeps its place: forgotten, it would begin with a baseline there.
        moved = {kind: link for kind, link in (links or {}).items() if kind not in followed}
        full = frozenset[str]()
        for feed in self.feeds():
            async for page, link in self._feed(feed, _start(links, feed)):
                full |= page.full
                moved |= {feed.kind: link} if link else {}
                if page.seen:
                    yield Page(seen=page.seen, full=full)
        yield Page(cursor=json.dumps(moved, sort_keys=True), full=full)

    async def _feed(self, feed: Feed, link: str | None) -> AsyncIterator[tuple[Page, str]]:
        try:
            async for found in self._walk(feed, link):
                yield found
        except CursorExpired:
            async for found in self._walk(feed, EXPIRED):
                yield found
        except NotTracked as error:
            if feed.kind == DEAL:
                raise Misconfigured((f"Change tracking is off for {feed.kind} in Dynamics 365: turn it on",)) from error

    async def _walk(self, feed: Feed, link: str | None) -> AsyncIterator[tuple[Page, str]]:
        # Only the deals' own lists are "everything there is": the rest merely woke deals.
        baseline, everything = link is None, link == EXPIRED and feed.kind in (DEAL, LEAD)
        full = frozenset((feed.kind,)) if everything else frozenset[str]()
        url, params = (link, None) if link else (feed.set, {"$select": feed.select})
        followed: set[str] = set()
        prefer = {"Prefer": f"odata.track-changes,odata.maxpagesize={self.page_size}"}
        while url:
            if url in followed:
                raise unreadable("the pages of a list lead back to one that was read before")
            followed.add(url)
            body = (await self.rest.call("GET", url, params=params, headers=prefer)).json()
            shown = () if baseline else tuple(seen for row in rows_of(body) if (seen := feed.seen(row)))
            if self.showing and feed.kind == self.showing.names.detail:
                shown = await self._deals(self.showing, shown)
            row = Row(body if isinstance(body, Mapping) else {})
            yield Page(seen=shown, full=full), row.text("@odata.deltaLink")
            url, params = row.text("@odata.nextLink"), None

    async def _deals(self, showing: Showing, details: tuple[Seen, ...]) -> tuple[Seen, ...]:
        """A changed detail stands for the deals that show it; one that is gone was taken from them before."""
        changed = [seen for seen in details if not seen.gone]
        deals = await showing.of_details(seen.ref.id for seen in changed)
        return tuple(Seen(ref=Ref(DEAL, ident), version=changed[0].version) for ident in deals)


def _links(cursor: str | None) -> dict[str, Any] | None:
    """Where each table was left, by whichever release; None for a text that does not say it."""
    if cursor is None:
        return {}
    try:
        links = lenient(cursor)
    except ValueError:
        return None
    return links if isinstance(links, dict) else None


def _start(links: Mapping[str, Any] | None, feed: Feed) -> str | None:
    """None, the baseline, for a table that the cursor does not know; EXPIRED for one whose place cannot be read."""
    if links is not None and feed.kind not in links:
        return None
    link = links[feed.kind] if links else None
    return link if isinstance(link, str) else EXPIRED
