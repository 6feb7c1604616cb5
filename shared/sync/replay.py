"""What an administrator's replay does with a link that had come to its end (rules.md §2, §5)."""

from __future__ import annotations

from shared.domain import deal
from shared.domain.lifecycle import CLOSED
from shared.domain.link import Link
from shared.sync.desk import Linked


def reopened(pair: Linked) -> bool:
    """Did the row part with its closed referral, and is it still open?"""
    stages = (pair.partner.values.get(deal.STAGE), pair.crm.values.get(deal.STAGE))
    return pair.link.detached and stages[0] in CLOSED and stages[1] not in CLOSED


def freed(link: Link) -> Link:
    """The link without its former pair: `detached` says that what the other record still carries is history.

    It stays so until the record that was asked for is made: a crash or a dry run before that forgets nothing.
    """
    return Link(pair=link.pair, key=link.key, origin=link.origin, detached=True, tag=link.tag)
