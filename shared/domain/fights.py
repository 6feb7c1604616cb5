"""Two automations that turn a field back and forth between two values, and how that is recognised (rules.md §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shared.domain.link import Flip, Link
from shared.domain.plan import Plan
from shared.domain.values import Digest, digest

WINDOW = timedelta(minutes=5)
TURNS = 3  # x, y, x, and now y again: the third turn back is not made
MOST = 40  # flips that a link remembers


def fights(link: Link, plan: Plan, now: datetime) -> str | None:
    """The title of a field that we have been turning between two values within minutes."""
    for values in plan.writes.values():
        for name, value in values.items():
            if name in plan.titles and _turns(link, name, digest(value, link.key), now) >= TURNS:
                return plan.titles[name]
    return None


def _turns(link: Link, name: str, coming: Digest, now: datetime) -> int:
    """How often in a row, ending with `coming`, the field went back and forth between two values."""
    recent = [flip.digest for flip in link.flips if flip.field == name and now - flip.at < WINDOW]
    chain = [*recent, coming]
    turns = 1 if len(chain) > 1 and chain[-1] != chain[-2] else 0
    for before, after in zip(reversed(chain[:-2]), reversed(chain), strict=False):
        if before != after or not turns:
            break
        turns += 1
    return turns


def with_flips(link: Link, plan: Plan, now: datetime) -> Link:
    """The link remembering what is about to be written, as long as a fight could still be recognised by it."""
    fresh = [flip for flip in link.flips if now - flip.at < WINDOW]
    for side, values in plan.writes.items():
        fresh += [Flip(field=n, side=side, digest=digest(v, link.key), at=now) for n, v in values.items()]
    return replace(link, flips=tuple(fresh[-MOST:]))
