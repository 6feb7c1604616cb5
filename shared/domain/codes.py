"""The code of what was raised: what time or an administrator mends, told apart for alerts."""

from __future__ import annotations

from shared.domain.code import Code
from shared.errors import (
    AccessLost,
    BadMessage,
    Conflict,
    CosellError,
    Misconfigured,
    NeedsDecision,
    NotMet,
    Refused,
    Throttled,
    TooNew,
    Transient,
)

CODES: tuple[tuple[type[CosellError], Code], ...] = (
    (Conflict, Code.CONFLICT),
    (Throttled, Code.THROTTLED),
    (TooNew, Code.NEWER_RELEASE),
    (Transient, Code.UNAVAILABLE),
    (AccessLost, Code.ACCESS_LOST),
    (Misconfigured, Code.MISCONFIGURED),
    (NotMet, Code.MISSING_DATA),
    (NeedsDecision, Code.NEEDS_DECISION),
    (Refused, Code.REFUSED),
    (BadMessage, Code.BUG),
)


def code_of(error: CosellError) -> Code:
    """The first that fits; anything else is a fault of ours."""
    return next((code for kind, code in CODES if isinstance(error, kind)), Code.BUG)
