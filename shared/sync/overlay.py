"""Stores that are read and never written: what a rehearsed look saves is known to that look alone."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from shared.domain.link import Link
from shared.domain.values import Ref
from shared.ports import Cursors, LinkMoved, Links


@dataclass(frozen=True, kw_only=True)
class OverLinks:
    """ports.Links over those of the store; a save is a new version of a link that only this object shows."""

    links: Links
    saved: dict[str, Link] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def get(self, key: str) -> Link:
        return self.saved[key] if key in self.saved else await self.links.get(key)

    async def by_partner(self, ident: str) -> Link | None:
        if known := next((link for link in self.saved.values() if link.partner == ident), None):
            return known
        found = await self.links.by_partner(ident)
        return None if found is None or found.key in self.saved else found

    async def save(self, link: Link) -> Link:
        """Raises LinkMoved as the store would where the referral is another deal's."""
        owner = await self.by_partner(link.partner) if link.partner else None
        if owner is not None and owner.key != link.key:
            raise LinkMoved(link.key)
        self.saved[link.key] = replace(link, tag=f"rehearsed {next(self.numbers)}")
        return self.saved[link.key]

    async def move(self, before: Link, after: Link) -> Link:
        await self.save(before)
        return await self.save(after)

    async def waiting_on(self, ref: Ref) -> tuple[str, ...]:
        return await self.links.waiting_on(ref)

    def every(self) -> AsyncIterator[Link]:
        return self.links.every()


@dataclass(frozen=True, kw_only=True)
class OverCursors:
    """ports.Cursors over those of the store."""

    cursors: Cursors
    texts: dict[str, str] = field(default_factory=dict)

    async def get(self, name: str) -> str | None:
        return self.texts[name] if name in self.texts else await self.cursors.get(name)

    async def put(self, name: str, text: str) -> None:
        self.texts[name] = text

    async def swap(self, name: str, before: str | None, after: str) -> bool:
        same = await self.get(name) == before
        if same:
            self.texts[name] = after
        return same
