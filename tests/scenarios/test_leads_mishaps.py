"""Leads on the way to their deals, where something is in the way: settings, data, people and lost links."""

from __future__ import annotations

from dataclasses import replace

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Link
from shared.domain.values import Ref
from tests.fakes.world import LIVE, World
from tests.scenarios.test_leads import a_lead, moved, the_lead

ACCOUNT = Ref("account", "contoso")


def of_the_deal(world: World) -> Link:
    """The link of the opportunity that the lead's deal goes on under."""
    return world.links.rows[world.links.rows[the_lead(world).id].moved]


async def test_a_test_that_names_the_lead_goes_on_with_its_deal() -> None:
    """TEST_RECORDS may name the lead: what becomes of it is the same deal."""
    world = await a_lead()
    lead = the_lead(world).id
    world.configure(replace(LIVE, live=False, test_records=frozenset({lead}), fingerprint="test"))

    world.partner.edit(world.referral.id, **{deal.STAGE: Stage.ACTIVE})
    await world.settle()
    moved(world)
    world.partner.edit(world.referral.id, **{deal.NOTES: "afterwards"})
    await world.settle()

    assert world.row.values[deal.NOTES] == "afterwards"
