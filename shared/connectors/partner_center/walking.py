"""Every referral of ours, newest first: what a first load walks through.

Partner Center documents no filter by time for this list, so all of it is paged through, a hundred at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from shared.connectors.partner_center.listing import pages
from shared.connectors.partner_center.mapping import KIND
from shared.connectors.partner_center.vocabulary import is_ours
from shared.connectors.partner_center.wire import Brief, is_ident
from shared.connectors.rest import Rest
from shared.domain.values import Ref
from shared.ports import Listed

NEWEST_MADE = {"$orderby": "createdDateTime desc"}


async def walked(rest: Rest, organization: str, before: datetime | None) -> AsyncIterator[tuple[Listed, ...]]:
    """A page at a time; only one of them is ever held."""
    async for page in pages(rest, NEWEST_MADE):
        ours = [brief for brief in page.briefs() if is_ours(brief, organization) and is_ident(brief.id)]
        yield tuple(_listed(brief) for brief in ours if before is None or brief.created <= before)


def _listed(brief: Brief) -> Listed:
    return Listed(
        ref=Ref(KIND, brief.id),
        created=brief.created,
        changed=brief.updated,
        counterpart=(brief.external_reference_id or "").strip(),
    )
