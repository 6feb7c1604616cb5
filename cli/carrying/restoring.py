"""Links put back: everything is read before anything is written, and nobody's newer link is overwritten unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from shared.domain.link import Link
from shared.errors import NeedsDecision
from shared.ports import LinkMoved, Links

AT_ONCE = 20
NAMED = 5  # links that a refusal names
FORCE = (
    "Stop the app (or set DRY_RUN), make sure that the file is newer than what is stored, and say --force; "
    "links that are as in the file are left alone in any case"
)


@dataclass
class Restored:
    """How many were made, overwritten, as they were already; and those that somebody else's write prevented."""

    made: int = 0
    replaced: int = 0
    same: int = 0
    left: list[str] = field(default_factory=list)


async def restore(
    links: Links, read: Callable[[], Iterable[Link]], *, force: bool, told: Callable[[], None] = lambda: None
) -> Restored:
    """`read` gives the file's links from the start, twice. Raises NeedsDecision where one is stored otherwise."""
    count, named = await _conflicts(links, read())
    if count and not force:
        shown = ", ".join(named)
        raise NeedsDecision(f"{count} links are stored otherwise than in the file ({shown})", advice=FORCE)
    done = Restored()
    for chunk in _chunks(read()):
        await asyncio.gather(*(_put(links, link, done, force=force) for link in chunk))
        for _ in chunk:
            told()
    return done


async def _conflicts(links: Links, found: Iterable[Link]) -> tuple[int, list[str]]:
    """How many, and the first of them. Also the proof that the file can be read to its end."""
    count, named = 0, list[str]()
    for chunk in _chunks(found):
        stored = await asyncio.gather(*(links.get(link.key) for link in chunk))
        others = [link.key for link, held in zip(chunk, stored, strict=True) if held.tag and not _same(link, held)]
        count += len(others)
        named += others[: NAMED - len(named)]
    return count, named


async def _put(links: Links, link: Link, done: Restored, *, force: bool) -> None:
    held = await links.get(link.key)
    if held.tag and _same(link, held):
        done.same += 1
        return
    if held.tag and not force:
        done.left.append(f"the link of {link.key} was stored by somebody else meanwhile")
        return
    try:
        await links.save(replace(link, tag=held.tag))
    except LinkMoved as error:
        done.left.append(str(error))
        return
    done.replaced += held.tag is not None
    done.made += held.tag is None


def _same(link: Link, held: Link) -> bool:
    return replace(link, tag=None) == replace(held, tag=None)


def _chunks(found: Iterable[Link]) -> Iterator[list[Link]]:
    rest = iter(found)
    while chunk := list(islice(rest, AT_ONCE)):
        yield chunk
