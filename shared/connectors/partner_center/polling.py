"""What changed in Partner Center since a cursor: the list by `updatedDateTime`, newest first, with an overlap."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.connectors.partner_center.listing import PATH, Descent, pages
from shared.connectors.partner_center.mapping import KIND
from shared.connectors.partner_center.vocabulary import is_ours
from shared.connectors.partner_center.wire import NEVER, Brief, Listing, instant, is_ident
from shared.connectors.rest import Rest
from shared.domain.values import Ref
from shared.errors import Refused
from shared.ports import Clock, Page, Seen

# A list lags behind the writes it lists, and the service's servers do not share one clock.
OVERLAP = timedelta(minutes=3)
MOST_KEPT = 200  # of about 80 characters each: a cursor is one table property of 32 K characters
OTHER_KIND = "related"  # another party's referral; its engagement leads to ours
NEWEST_FIRST = {"$orderby": "updatedDateTime desc"}


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The newest update seen, and the versions seen within the overlap, which are no news the next time.

    Where more were seen than fit, some are shown again: harmless, as their version is the link's.
    `more` is what another release notes here: it goes along with every move.
    """

    at: datetime = NEVER
    kept: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bound(self) -> datetime:
        return max(self.at, NEVER + OVERLAP) - OVERLAP

    def news(self, brief: Brief) -> bool:
        return not brief.e_tag or self.kept.get(brief.id) != brief.e_tag

    def encoded(self) -> str:
        known = {"at": self.at.isoformat(), "kept": dict(self.kept)}
        return json.dumps({**self.more, **known}, separators=(",", ":"))

    @classmethod
    def decoded(cls, text: str) -> Cursor:
        """A text that cannot be read starts from the beginning: dear, but it loses nothing."""
        try:
            data = json.loads(text)
            more = {name: value for name, value in data.items() if name not in ("at", "kept")}
            kept = {str(k): str(v) for k, v in data["kept"].items()}
            return cls(at=instant(data["at"]) or NEVER, kept=kept, more=more)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()


@dataclass(frozen=True, kw_only=True)
class Poll:
    """One way to poll: `range_filters` asks the service for the window alone, which no page documents."""

    rest: Rest
    clock: Clock
    organization: str
    range_filters: bool = False

    async def changes(self, cursor: str | None) -> AsyncIterator[Page]:
        """Pages of what is new; without a cursor nothing is, and only a cursor comes back (the baseline)."""
        if cursor is None:
            yield Page(cursor=(await self._baseline()).encoded())
            return
        since = Cursor.decoded(cursor)
        read: list[Brief] = []
        async for briefs in self._window(since.bound):
            read += briefs
            yield Page(seen=tuple(self._seen(b) for b in briefs if since.news(b) and is_ident(b.id)))
        yield Page(cursor=self._moved(since, read).encoded())

    async def _baseline(self) -> Cursor:
        first = Listing.read((await self.rest.call("GET", PATH, params={**NEWEST_FIRST, "$top": "1"})).json())
        newest = max((brief.updated for brief in first.briefs()), default=NEVER)
        read = [brief async for briefs in self._window(Cursor(at=newest).bound) for brief in briefs]
        return self._moved(Cursor(), read)

    async def _window(self, bound: datetime) -> AsyncIterator[list[Brief]]:
        params = {**NEWEST_FIRST, **self._range(bound)}
        try:
            async for briefs in self._descend(params, bound):
                yield briefs
        except Refused:
            if params == NEWEST_FIRST:
                raise
            async for briefs in self._descend(NEWEST_FIRST, bound):
                yield briefs

    async def _descend(self, params: Mapping[str, str], bound: datetime) -> AsyncIterator[list[Brief]]:
        descent = Descent(bound)
        async for listing in pages(self.rest, params):
            yield descent.within([(brief.updated, brief) for brief in listing.briefs()])
            if descent.past:
                return

    def _range(self, bound: datetime) -> Mapping[str, str]:
        if not self.range_filters or bound == NEVER:
            return {}
        return {"$filter": f"updatedDateTime ge {bound:%Y-%m-%dT%H:%M:%SZ}"}

    def _seen(self, brief: Brief) -> Seen:
        kind = KIND if is_ours(brief, self.organization) else OTHER_KIND
        return Seen(ref=Ref(kind, brief.id), version=brief.e_tag or "")

    def _moved(self, since: Cursor, read: list[Brief]) -> Cursor:
        """A time in the future would hide every real change after it: it is cut to now."""
        at = min(max([since.at, *(brief.updated for brief in read)]), max(since.at, self.clock.now()))
        near = sorted((b for b in read if b.updated >= Cursor(at=at).bound), key=lambda b: b.updated, reverse=True)
        return replace(since, at=at, kept={b.id: b.e_tag or "" for b in near[:MOST_KEPT]})
