"""Calls without an answer (rules.md §1)."""

from __future__ import annotations

import pytest

from shared.domain import deal
from shared.errors import Remote, Unavailable
from tests.scenarios.pairs import linked_from_partner


@pytest.mark.parametrize("when", ["crm.write", "crm.write done", "partner.write", "partner.write done"])
async def test_an_unanswered_write_is_neither_lost_nor_doubled(when: str) -> None:
    """A write without an answer, before or after its effect, ends with both sides in step and nothing parked."""
    for carries in (True, False):
        w = await linked_from_partner(carries_marker=carries)
        faults = {"left": 1}

        async def cut(name: str, faults: dict[str, int] = faults) -> None:
            if name == when and faults["left"]:
                faults["left"] -= 1
                raise Unavailable(Remote(system="Dynamics 365", message="no answer"))

        w.crm.hook = w.partner.hook = cut
        w.partner.edit(w.referral.id, **{deal.NOTES: "from the portal"})
        w.crm.edit(w.row.id, **{deal.NAME: "From the CRM"})
        await w.settle()
        w.clock.advance(400)
        await w.heal()

        for row in (w.referral, w.row):
            assert (row.values[deal.NAME], row.values[deal.NOTES]) == ("From the CRM", "from the portal"), carries
        assert w.link.intents == ()
        assert w.parked.entries == {}
