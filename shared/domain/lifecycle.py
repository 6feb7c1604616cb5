"""The stages of a deal on either side, in one vocabulary."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Where a deal stands. The partner side shows the first two, the CRM the next two, both show closed ones."""

    PENDING = "pending"  # a referral that nobody has accepted yet
    ACTIVE = "active"  # accepted
    HOLD = "hold"  # an open CRM row whose reason is On Hold
    OPEN = "open"  # an open CRM row with any other reason
    WON = "won"
    LOST = "lost"
    DECLINED = "declined"
    EXPIRED = "expired"
    ERROR = "error"


NOT_WON = frozenset({Stage.LOST, Stage.DECLINED, Stage.EXPIRED, Stage.ERROR})
CLOSED = NOT_WON | {Stage.WON}
