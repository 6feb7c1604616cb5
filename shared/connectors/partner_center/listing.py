"""Reading Partner Center's lists: pages in order, links repaired, the end known from an ordering alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from shared.connectors.partner_center.wire import SYSTEM, Brief, Listing
from shared.connectors.rest import Rest
from shared.errors import Remote, Unavailable

PATH = "v1.0/engagements/referrals"


async def pages(rest: Rest, params: Mapping[str, str]) -> AsyncIterator[Listing]:
    """Every page of a list, the next one fetched only when it is asked for."""
    followed: set[str] = set()
    listing = Listing.read((await rest.call("GET", PATH, params=params)).json())
    yield listing
    while listing.next_link:
        url = mended(listing.next_link, rest.base_url)
        if url in followed:
            remote = Remote(system=SYSTEM, message="the pages of a list lead back to one that was read before")
            raise Unavailable(remote)
        followed.add(url)
        listing = Listing.read((await rest.call("GET", url)).json())
        yield listing


def mended(link: str, base_url: str) -> str:
    """A nextLink as it can be followed.

    The documented sample (get-a-list-of-referrals) is http, which would send the token in the clear, and lacks
    `/engagements`. Its host is not mended: `Rest` refuses another one.
    """
    try:
        found = urlsplit(link)
    except ValueError:
        return link  # no address at all, which `Rest` refuses too
    base = urlsplit(base_url)
    scheme = base.scheme if found.hostname == base.hostname else found.scheme
    path = found.path
    if path.rstrip("/").endswith("/referrals") and "/engagements/" not in path:
        path = f"/{PATH}"
    return urlunsplit((scheme, found.netloc, path, found.query, ""))


class Descent:
    """Whether a list ordered newest first has been read past a time.

    A service that ignores `$orderby` would otherwise end the reading early and silently: once an item is newer than
    the one before it, nothing but the end of the list is trusted.
    """

    def __init__(self, bound: datetime) -> None:
        self._bound = bound
        self._last: datetime | None = None
        self._ordered = True
        self.past = False

    def within(self, items: list[tuple[datetime, Brief]]) -> list[Brief]:
        """Those of a page that are not older than the bound."""
        for moment, _ in items:
            self._ordered = self._ordered and (self._last is None or moment <= self._last)
            self._last = moment
        oldest = min((moment for moment, _ in items), default=None)
        self.past = self._ordered and oldest is not None and oldest < self._bound
        return [brief for moment, brief in items if moment >= self._bound]
