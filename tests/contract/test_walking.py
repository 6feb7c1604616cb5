"""A walk shows every own record that is shared, newest first, whatever the lists of its system do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from shared.connectors.dynamics.walking import Walk
from shared.connectors.rest import Rest
from shared.errors import Unavailable
from shared.ports import Listed, Walked
from tests.contract import dynamics_bench, partner_center_bench
from tests.contract.dynamics_bench import SYNC, DynamicsBench
from tests.contract.partner_center_bench import PartnerCenterBench


@pytest.fixture
async def dynamics() -> AsyncIterator[DynamicsBench]:
    async with dynamics_bench.open_bench() as bench:
        yield bench


@pytest.fixture
async def partner() -> AsyncIterator[PartnerCenterBench]:
    async with partner_center_bench.open_bench() as bench:
        yield bench


async def walked(
    gateway: Walked, *, before: datetime | None = None, since: datetime | None = None
) -> list[tuple[Listed, ...]]:
    return [page async for page in gateway.every(before=before, since=since)]


def ids(pages: list[tuple[Listed, ...]]) -> list[str]:
    return [one.ref.id for page in pages for one in page]


async def test_dynamics_shows_shared_rows_page_by_page(dynamics: DynamicsBench) -> None:
    """Small pages, followed by their links; rows whose sync column is no are nobody's, open and closed ones are."""
    made, referral = [], dynamics.config.names.referral
    for number in range(7):
        made.append((await dynamics.opportunity(name=f"Deal {number}", **{referral: f"r-{number}"}))["opportunityid"])
        dynamics.advance(10)
    await dynamics.opportunity(**{SYNC: False})
    await dynamics.close(made[3])
    walk = Walk(rest=dynamics.gateway.calls.rest, names=dynamics.config.names, page_size=3)
    pages = [page async for page in walk.pages(before=None, since=None)]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert ids(pages) == made[::-1]
    assert [one.counterpart for page in pages for one in page][-1] == "r-0"
    assert all(one.ref.kind == "opportunity" and one.created.tzinfo for page in pages for one in page)


async def test_dynamics_leaves_out_what_is_later_and_what_did_not_change(dynamics: DynamicsBench) -> None:
    """`before` and `since` are asked of the service: the second that is named is walked too."""
    made, times = [], []
    for _ in range(4):
        row = await dynamics.opportunity()
        made.append(row["opportunityid"])
        times.append(datetime.fromisoformat(row["createdon"]))
        dynamics.advance(60)
    assert ids(await walked(dynamics.gateway, before=times[1])) == made[1::-1]
    await dynamics.seller("PATCH", f"opportunities({made[0]})", {"description": "edited"})

    assert ids(await walked(dynamics.gateway, since=times[3])) == [made[3], made[0]]


async def test_dynamics_pages_that_lead_in_a_circle_end(dynamics: DynamicsBench) -> None:
    """A service that names the same page for ever is an error and no endless run."""

    class Circling:
        """Every page is followed by itself."""

        async def call(self, _method: str, url: str, **_: object) -> object:
            class Body:
                @staticmethod
                def json() -> object:
                    return {"value": [], "@odata.nextLink": url}

            return Body()

    walk = Walk(rest=cast("Rest", Circling()), names=dynamics.config.names)
    with pytest.raises(Unavailable, match="lead back"):
        [page async for page in walk.pages(before=None, since=None)]


async def test_partner_center_shows_its_own_referrals_page_by_page(partner: PartnerCenterBench) -> None:
    """More than fit a page; Microsoft's own are not ours to share."""
    made = []
    for number in range(130):
        made.append((await partner.referral("portal", name=f"Deal {number}"))["id"])
        partner.advance(1)
    made.append((await partner.referral("inbound"))["id"])
    partner.advance(1)
    pages = await walked(partner.gateway)

    everything: list[object] = (await partner.control("GET", "referrals"))["value"]
    assert len(pages) >= 2
    assert len(everything) == len(made) + 1
    assert ids(pages) == made[::-1]
    middle = next(one.created for page in pages for one in page if one.ref.id == made[60])
    assert ids(await walked(partner.gateway, before=middle)) == made[60::-1]


async def test_partner_center_says_when_each_was_changed_and_whose_it_is(partner: PartnerCenterBench) -> None:
    """What its list cannot filter by is there to be looked at."""
    ident = (await partner.referral("portal", externalReferenceId=partner_center_bench.OPPORTUNITY))["id"]
    partner.advance(3600)
    await partner.edit(ident, {"name": "Renamed"})
    ((one,),) = await walked(partner.gateway)

    assert one.counterpart == partner_center_bench.OPPORTUNITY
    assert one.changed - one.created >= timedelta(hours=1) - timedelta(seconds=1)
    assert one.created.tzinfo == UTC
