"""What travels on the queues: a signal names a record and never carries it (law 1)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.domain.values import Ref, Side
from shared.errors import BadMessage

VERSION = 1


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
    GONE = "gone"  # the record was deleted


class Signal(BaseModel):
    """Look at this record again.

    `side`, `kind` and `id` name the record; `first_sent` bounds how long a delayed signal lives; `tries` grows its
    delay; `trace` is a W3C traceparent. Fields of a newer version are kept when the signal is sent again.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    version: int = VERSION
    pair: str = Field(default="cosell", pattern=r"^[a-z][a-z0-9-]{0,30}$")
    look: Look
    side: Side
    kind: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")
    id: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9._-]+$")
    why: Why = Why.EVENT
    tries: int = Field(default=0, ge=0)
    first_sent: datetime | None = None
    trace: str = Field(default="", max_length=128)

    @property
    def ref(self) -> Ref:
        return Ref(self.kind, self.id)

    def encoded(self) -> str:
        return self.model_dump_json(exclude_none=True)

    @classmethod
    def decoded(cls, body: bytes | str) -> Signal:
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise BadMessage(f"not a signal: {reasons}") from error
