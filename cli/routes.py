"""What `cosell sync` and `cosell adopt` walk through: every kind of record that a deal is made of."""

from __future__ import annotations

from collections.abc import Sequence

from cli.work import Tools
from shared.domain.values import Side
from shared.messages import Look
from shared.sync.sweep import Route


def routes(tools: Tools) -> Sequence[Route]:
    """The CRM first: its walk brings the linked referrals along."""
    crm, partner = tools.core.crm, tools.core.partner
    return (
        Route(side=Side.CRM, look=Look.OPPORTUNITY, kind=crm.kind, walked=crm),
        Route(side=Side.PARTNER, look=Look.REFERRAL, kind=partner.kind, walked=partner),
    )
