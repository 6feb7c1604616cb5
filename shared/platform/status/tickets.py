"""Tickets for the page's buttons: a form is believed only with one that this page gave to the same visitor lately.

A ticket is an HMAC over who, what and until when, so nothing is kept of it. The secret behind it lies in the state
table, made by whichever worker needs it first: all workers have to agree, and no administrator has to make one up.
docs/adr/0014-two-doors-to-the-status-page.md says what reading it would give away.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.ports import Clock, Cursors

NAME = "status-tickets"
GOOD_FOR = 2 * 3600  # seconds
BYTES = 32
_TICKET = re.compile(r"([0-9a-f]{1,12})\.([0-9a-f]{64})")


def random_text() -> str:
    return secrets.token_hex(BYTES)


@dataclass(kw_only=True)
class Tickets:
    """`bound` is the visitor that a ticket is for, `act` the one thing that it allows."""

    cursors: Cursors
    clock: Clock
    new: Callable[[], str] = random_text
    _known: str = field(default="", repr=False)

    async def make(self, bound: str, act: str) -> str:
        until = f"{int(self.clock.now().timestamp()) + GOOD_FOR:x}"
        return f"{until}.{await self._seal(until, bound, act)}"

    async def good(self, ticket: str, bound: str, act: str) -> bool:
        found = _TICKET.fullmatch(ticket)
        if found is None or int(found[1], 16) < self.clock.now().timestamp():
            return False
        return hmac.compare_digest(found[2], await self._seal(found[1], bound, act))

    async def _seal(self, *words: str) -> str:
        text = json.dumps(words)  # so that no two lists of words are one text
        return hmac.new((await self._secret()).encode(), text.encode(), hashlib.sha256).hexdigest()

    async def _secret(self) -> str:
        """The shared one; a row that somebody emptied is filled again."""
        while len(self._known) < BYTES:
            held = await self.cursors.get(NAME)
            if held is None or len(held) < BYTES:
                await self.cursors.swap(NAME, held, self.new())
            else:
                self._known = held
        return self._known
