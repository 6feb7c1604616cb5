"""The poll of Partner Center shows every change once, whichever way its lists behave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from shared.connectors.partner_center.polling import MOST_KEPT, Cursor
from shared.domain import deal
from shared.domain.values import Ref
from tests.contract.gateway_laws import poll
from tests.contract.partner_center_bench import PartnerCenterBench, open_bench

LIST = "GET /v1.0/engagements/referrals"


@pytest.fixture(params=[False, True], ids=["ordering", "range filter"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[PartnerCenterBench]:
    async with open_bench(range_filters=request.param) as bench:
        yield bench


async def ids(bench: PartnerCenterBench, cursor: str | None) -> tuple[list[str], str]:
    seen, moved = await poll(bench.gateway, cursor)
    return [s.ref.id for s in seen], moved


async def test_an_empty_world_has_no_history(bench: PartnerCenterBench) -> None:
    """Where nothing was there at the baseline, everything that comes is news, whatever the clocks say."""
    seen, cursor = await ids(bench, None)
    assert seen == []
    bench.advance(-86_400)
    made = await bench.make()

    assert (await ids(bench, cursor))[0] == [made]


async def test_a_change_is_shown_once(bench: PartnerCenterBench) -> None:
    """The overlap is read again and again, and shows only versions that were not shown."""
    ident = await bench.make()
    _, cursor = await ids(bench, None)
    for number in range(3):
        bench.advance(1)
        await bench.edit(ident, {deal.NOTES: f"{number}"})
        seen, cursor = await ids(bench, cursor)
        assert seen == [ident]
        seen, cursor = await ids(bench, cursor)
        assert seen == []


@pytest.mark.parametrize("next_link", ["good", "odd"])
@pytest.mark.parametrize("range_filters", ["accepted", "refused"])
async def test_every_page_is_read_back_to_the_cursor(
    bench: PartnerCenterBench, next_link: str, range_filters: str
) -> None:
    """More changes than fit a page are all shown, and pages before the cursor are not read."""
    await bench.switch(next_link=next_link, range_filters=range_filters)
    for _ in range(250):
        await bench.make()
    bench.advance(3600)
    marker = await bench.make()
    _, cursor = await ids(bench, None)
    bench.advance(3600)
    new = [await bench.make() for _ in range(120)]
    await bench.control("DELETE", "requests")
    seen, _ = await ids(bench, cursor)

    assert sorted(seen) == sorted(new)
    assert marker not in seen
    refused = bench.gateway.poll.range_filters and range_filters == "refused"
    assert (await bench.requests())[LIST] == 2 + refused


async def test_a_list_that_lags_loses_nothing(bench: PartnerCenterBench) -> None:
    """A referral that a list shows late, behind a newer change, is seen within the overlap."""
    ident = await bench.make()
    _, cursor = await ids(bench, None)
    await bench.switch(list_lag_seconds=60.0)
    bench.advance(61)
    late = await bench.make()
    bench.advance(1)
    await bench.edit(ident, {deal.NOTES: "newer"})
    seen, cursor = await ids(bench, cursor)
    assert seen == [ident]
    bench.advance(60)

    assert (await ids(bench, cursor))[0] == [late]


async def test_the_other_partys_referral_is_related(bench: PartnerCenterBench) -> None:
    """Microsoft's side of a deal is told from ours by its kind."""
    _, cursor = await ids(bench, None)
    made = await bench.referral("inbound")
    seen, _ = await poll(bench.gateway, cursor)
    kinds = {s.ref.kind: s.ref for s in seen}

    assert set(kinds) == {"referral", "related"}
    assert kinds["referral"] == Ref("referral", made["id"])
    theirs = await bench.gateway.read(kinds["related"].id)
    assert theirs is not None
    assert (theirs.ours, theirs.parent) == (False, made["engagementId"])


async def test_a_time_in_the_future_hides_nothing(bench: PartnerCenterBench) -> None:
    """A referral stamped by a clock that runs ahead cannot put the cursor past the real changes that follow."""
    ident = await bench.make()
    bench.advance(86_400)
    await bench.edit(ident, {deal.NOTES: "tomorrow"})
    bench.advance(-86_400)
    _, cursor = await ids(bench, None)
    for _ in range(2):
        bench.advance(60)
        made = await bench.make()
        seen, cursor = await ids(bench, cursor)
        assert made in seen


async def test_a_cursor_has_a_size(bench: PartnerCenterBench) -> None:
    """However much changed within the overlap, the cursor fits a table property; what was left out is shown again."""
    _, cursor = await ids(bench, None)
    for _ in range(MOST_KEPT + 20):
        await bench.make()
    seen, cursor = await ids(bench, cursor)
    again, _ = await ids(bench, cursor)

    assert (len(seen), len(again)) == (MOST_KEPT + 20, 20)
    assert len(Cursor.decoded(cursor).kept) == MOST_KEPT
    assert len(cursor) < 32_000


async def test_what_another_release_notes_in_the_cursor_goes_along(bench: PartnerCenterBench) -> None:
    """While two releases heal in turn, the older one moves the cursor and forgets nothing of the newer one's."""
    ident = await bench.make()
    _, cursor = await ids(bench, None)
    theirs = {"related": {"at": 3}, "schema": 2}
    bench.advance(1)
    await bench.edit(ident, {deal.NOTES: "edited"})
    seen, moved = await ids(bench, json.dumps(json.loads(cursor) | theirs))
    assert seen == [ident]
    assert json.loads(moved).items() >= theirs.items()
    assert Cursor.decoded(moved).at > Cursor.decoded(cursor).at
