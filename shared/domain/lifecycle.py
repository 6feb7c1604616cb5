"""The stages of a deal on either side, in one vocabulary, and which of them follows which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.values import Side


class Stage(StrEnum):
    """Where a deal stands. The partner side shows the first two, the CRM the next four, both show closed ones."""

    PENDING = "pending"  # a referral that nobody has accepted yet
    ACTIVE = "active"  # accepted
    LEAD = "lead"  # a CRM row that is no deal yet, while its referral is not accepted
    QUALIFIED = "qualified"  # a CRM row that was a lead, and goes on as the deal's row
    HOLD = "hold"  # an open CRM row whose reason is On Hold
    OPEN = "open"  # an open CRM row with any other reason
    WON = "won"
    LOST = "lost"
    DECLINED = "declined"
    EXPIRED = "expired"
    ERROR = "error"


NOT_WON = frozenset({Stage.LOST, Stage.DECLINED, Stage.EXPIRED, Stage.ERROR})
CLOSED = NOT_WON | {Stage.WON}
EARLY = frozenset({Stage.LEAD, Stage.QUALIFIED})


@dataclass(frozen=True, kw_only=True)
class Move:
    """What the life cycle asks for: a stage on one side, or only a reason why nothing follows.

    `again`: more follows once this is written. `detach`: the deal is closed for good and the CRM row is on its own.
    """

    to: Side | None = None
    stage: Stage | None = None
    reason: str = ""
    again: bool = False
    detach: bool = False


AGREE = Move()
ACCEPT = Move(to=Side.PARTNER, stage=Stage.ACTIVE, reason="accepted in the CRM", again=True)
ACCEPT_FIRST = Move(to=Side.PARTNER, stage=Stage.ACTIVE, reason="accepted, because a deal is won only then", again=True)
DECLINE = Move(to=Side.PARTNER, stage=Stage.DECLINED, reason="declined in the CRM")
WIN = Move(to=Side.PARTNER, stage=Stage.WON, reason="won in the CRM")
LOSE = Move(to=Side.PARTNER, stage=Stage.LOST, reason="lost in the CRM")
TAKE_UP = Move(to=Side.CRM, stage=Stage.OPEN, reason="accepted in Partner Center")
QUALIFY = Move(to=Side.CRM, stage=Stage.QUALIFIED, reason="accepted in Partner Center", again=True)
DETACH = Move(detach=True, reason="reopened after its referral was closed for good: it is no longer synchronised")
CLOSED_APART = Move(reason="The two sides were closed differently; closed records are left as they are")


def crm_view(stage: Stage) -> Stage:
    """A closed referral as the CRM knows it: won or lost."""
    return Stage.WON if stage is Stage.WON else Stage.LOST


def decide(*, partner: Stage, crm: Stage, partner_base: Stage | None, crm_base: Stage | None) -> Move:
    """Which side follows which, by rules.md §5: what each side shows now, and showed when last settled."""
    if partner in CLOSED:
        return _after_close(partner, crm, crm_base)
    if crm in CLOSED:
        return _closed_in_crm(partner, crm)
    if crm in EARLY:
        return _early(partner, crm)
    if partner is Stage.PENDING:
        # Accept only what was settled as On Hold: a row whose creation came back In Progress accepted nothing.
        return ACCEPT if crm is Stage.OPEN and crm_base is Stage.HOLD else AGREE
    # On Hold while Active is the seller's own business, unless it is still the hold of the unaccepted referral.
    waited = crm is Stage.HOLD and crm_base is Stage.HOLD and partner_base is Stage.PENDING
    return TAKE_UP if waited else AGREE


def _early(partner: Stage, crm: Stage) -> Move:
    """Qualifying a lead accepts its referral, and the other way round, whatever was settled before."""
    if partner is Stage.PENDING:
        return ACCEPT if crm is Stage.QUALIFIED else AGREE
    return QUALIFY if crm is Stage.LEAD else AGREE


def _closed_in_crm(partner: Stage, crm: Stage) -> Move:
    table = {
        (Stage.PENDING, Stage.WON): ACCEPT_FIRST,
        (Stage.PENDING, Stage.LOST): DECLINE,
        (Stage.ACTIVE, Stage.WON): WIN,
        (Stage.ACTIVE, Stage.LOST): LOSE,
    }
    return table[partner, crm_view(crm)]


def _after_close(partner: Stage, crm: Stage, crm_base: Stage | None) -> Move:
    """A closed referral always wins; it never opens again."""
    if crm in CLOSED:
        return AGREE if crm_view(crm) is crm_view(partner) else CLOSED_APART
    if crm_base in CLOSED:
        return DETACH
    if crm in EARLY and partner is Stage.WON:  # it is won as a deal, so it has to be one first
        return _early(Stage.ACTIVE, crm)
    if crm is Stage.QUALIFIED:  # no lead any more, and there may be a deal that was made of it
        return AGREE
    return Move(to=Side.CRM, stage=crm_view(partner), reason=f"the referral was closed as {partner}")
