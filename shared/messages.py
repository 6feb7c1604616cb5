"""What travels on the queues: a signal names a record and never carries it (law 1)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.domain.values import Ref, Side
from shared.errors import BadMessage

# Raised in a message that an older release must not act on; a new field or a new word needs no new number.
VERSION = 1
PAIR, KIND, ID = r"^[a-z][a-z0-9-]{0,30}$", r"^[a-z][a-z0-9_]*$", r"^[A-Za-z0-9._-]+$"
MOST_KIND, MOST_ID = 64, 128  # characters
OLDEST, NEWEST = 2000, 2999  # years
WORD = r"^[a-z][a-z0-9-]{0,62}$"


class Look(StrEnum):
    """Which part of a deal to look at, and so which queue the signal waits on."""

    REFERRAL = "referral-changes"
    COSELL = "cosell-changes"
    OPPORTUNITY = "opportunity-changes"
    LEAD = "lead-changes"
    SOLUTION = "solution-changes"


class Why(StrEnum):
    """What woke the signal; only for telemetry and for the shortcuts that are safe for that cause alone."""

    EVENT = "event"  # a webhook announced a change
    HEAL = "heal"  # auto-heal found a version that nobody announced
    AGAIN = "again"  # ours: delayed, waiting, owed, a second look
    REPLAY = "replay"  # an administrator asked
    SYNC = "sync"  # an administrator asked for history too: deals that are older than the first start
    GONE = "gone"  # the record was deleted


def _in_our_time(at: datetime) -> datetime:
    """In UTC where it names no zone, and such that ages and delays can be reckoned with it."""
    if not OLDEST <= at.year <= NEWEST:
        raise ValueError("no signal was sent then")
    return at if at.tzinfo else at.replace(tzinfo=UTC)


class Signal(BaseModel):
    """Look at this record again.

    `side`, `kind` and `id` name the record; `first_sent` bounds how long a delayed signal lives; `tries` grows its
    delay; `due` is when it was to be looked at, which every sending sets; `trace` is a W3C traceparent. Fields of a
    newer version are kept when the signal is sent again.
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    version: int = VERSION
    pair: str = Field(default="cosell", pattern=PAIR)
    look: Look
    side: Side
    kind: str = Field(min_length=1, max_length=MOST_KIND, pattern=KIND)
    id: str = Field(min_length=1, max_length=MOST_ID, pattern=ID)
    why: Why = Why.EVENT
    tries: int = Field(default=0, ge=0)
    first_sent: Annotated[datetime, AfterValidator(_in_our_time)] | None = None
    due: Annotated[datetime, AfterValidator(_in_our_time)] | None = None
    trace: str = Field(default="", max_length=128)

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)

    def encoded(self) -> str:
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def decoded(cls, body: bytes | str) -> Signal:
        """Raises BadMessage, and for what a newer release wrote NewerMessage."""
        try:
            written = _Written.model_validate_json(body)
            if written.newer:
                raise NewerMessage(Newer.of(written))
            return cls.model_validate_json(body)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadMessage(f"not a signal: {reasons}") from error


# --- what a newer release wrote -----------------------------------------------------------------------------------


class _Written(BaseModel):
    """A signal of any version: these names mean the same in all of them (docs/adr/0011-rolling-deployment.md)."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    version: int = VERSION
    pair: str = Field(default="cosell", pattern=PAIR)
    look: str = Field(pattern=WORD)
    side: str = Field(pattern=WORD)
    kind: str = Field(min_length=1, max_length=MOST_KIND, pattern=KIND)
    id: str = Field(min_length=1, max_length=MOST_ID, pattern=ID)
    why: str = Field(default=Why.EVENT, pattern=WORD)
    handed_back: int = Field(default=0, ge=0)

    @property
    def newer(self) -> bool:
        known = self.look in set(Look) and self.side in set(Side) and self.why in set(Why)
        return self.version > VERSION or not known


class Newer(Signal):
    """A signal that this release must not act on: only sent on, as it came, until the newer release reads it.

    It goes to a queue that this release reads too, so that it is parked rather than forgotten after a roll-back.
    `handed_back` counts how often an older release met it.
    """

    written: _Written
    handed_back: int = 0

    @classmethod
    def of(cls, written: _Written) -> Newer:
        look = Look(written.look) if written.look in set(Look) else Look.REFERRAL
        side = Side(written.side) if written.side in set(Side) else Side.CRM
        return cls(
            version=written.version,
            pair=written.pair,
            look=look,
            side=side,
            kind=written.kind,
            id=written.id,
            why=Why.AGAIN,
            handed_back=written.handed_back,
            written=written,
        )

    def again(self) -> Newer:
        """The same, met once more."""
        return Newer.of(self.written.model_copy(update={"handed_back": self.handed_back + 1}))

    def encoded(self) -> str:
        return str(self.written.model_dump_json(exclude_unset=True))


class NewerMessage(BadMessage):
    """A newer release wrote this signal: it is that one's to read."""

    def __init__(self, signal: Newer) -> None:
        super().__init__("a newer release wrote this signal, and this one does not understand it")
        self.signal = signal
