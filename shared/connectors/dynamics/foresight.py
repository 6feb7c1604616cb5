"""What creating an opportunity would find and make first, by the creation's own code on calls that write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shared.connectors.dynamics.batch import Operation
from shared.connectors.dynamics.calls import Batched, Calls
from shared.connectors.dynamics.creating import Creation
from shared.connectors.dynamics.odata import Row
from shared.ports import Draft

ONE_OF = {"accounts": ("account", "accountid"), "contacts": ("contact", "contactid")}
NAMES = ("name", "lastname")


class _Enough(Exception):
    """The opportunity itself would be sent now: everything before it is known."""


@dataclass(frozen=True, kw_only=True)
class Foreseen(Calls):
    """Calls whose reads are made; a write is only noted, and answered as if it had been."""

    notes: list[str] = field(default_factory=list)

    async def list(self, path: str, params: Mapping[str, str]) -> tuple[Row, ...]:
        found = await super().list(path, params)
        if path in ONE_OF and found:
            kind, key = ONE_OF[path]
            self.notes.append(f"the {kind} {found[0].text(key)} is found")
        return found

    async def make(self, path: str, body: Mapping[str, Any], *, select: str) -> Row | None:
        del select
        table = path.partition("(")[0]
        kind = ONE_OF[table][0] if table in ONE_OF else f"row of {table}"
        if await self.get(path, {}) is not None:
            return None
        named = " ".join(str(body[name]) for name in ("firstname", *NAMES) if body.get(name))
        self.notes.append(f'a new {kind} is made: "{named}"' if named else f"a new {kind} is made")
        return Row({})

    async def patch(self, path: str, body: Mapping[str, Any], *, match: str, select: str) -> Row | None:
        del match, select
        self.notes.append(f"{', '.join(sorted(body))} of {path} is filled in")
        return None

    async def batch(self, changes: Sequence[Operation], read: Operation) -> Batched:
        del changes, read
        raise _Enough


async def foreseen(creation: Creation, draft: Draft) -> tuple[str, ...]:
    """Sentences, in order. Raises what the creation would raise before it writes the opportunity."""
    calls = creation.calls
    looking = Foreseen(rest=calls.rest, tag=calls.tag, new_id=calls.new_id)
    try:
        await replace(creation, calls=looking).row(draft)
    except _Enough:
        return tuple(looking.notes)
    raise AssertionError("a creation sends its row in a batch")  # or this file is to be changed with it
