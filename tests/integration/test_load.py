"""Far more changes than both systems take, on four hosts in virtual time; `dev.py prove --only load` plays 10,000."""

from __future__ import annotations

import asyncio

import pytest

from shared.domain.values import Side
from shared.messages import Look, Signal
from tests.fakes import virtual
from tests.proof.figure import Harm
from tests.proof.load import HOSTS, SHARE, Passed, Storm, harms, passed
from tests.proof.load_deals import Deal
from tests.proof.load_line import TOO_MANY_AT_ONCE
from tests.proof.load_world import Place, open_place

CHANGES = 120


def at_once(seen: Passed) -> int:
    return sum(refusal.code == TOO_MANY_AT_ONCE for refusal in seen.crm.refusals)


def test_a_burst_beyond_all_limits_drains() -> None:
    """While both systems throttle and auto-heal runs: no edit lost, nothing parked, no Retry-After that grows."""
    seen = virtual.run(passed(Storm(tried="a burst", changes=CHANGES, partner=4_000, heals=True)))

    assert list(harms(seen)) == []
    assert seen.crm.refusals
    assert len(seen.episodes(seen.partner)) > 1
    assert SHARE < seen.crm.most <= HOSTS * SHARE


def test_without_a_share_of_its_own_each_worker_takes_too_much() -> None:
    """Where every worker takes the user's 52, Dataverse refuses requests for it, and still nothing is lost."""
    seen = virtual.run(passed(Storm(tried="a burst", changes=CHANGES, share=52, crm=1_000_000)))

    assert at_once(seen) > 0
    assert {harm for harm, _ in harms(seen)} == {Harm.OTHER}
    assert (seen.apart, seen.lost, seen.parked, seen.raised) == ((), (), (), ())


def look(deal: Deal) -> bytes:
    return Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id=deal.row).encoded().encode()


async def throttled(place: Place, seconds: int) -> None:
    """Dataverse refuses one request, with that Retry-After."""
    rule = {"path": "/api/data/", "status": 429, "retry_after": seconds, "times": 1}
    await place.people.control("dynamics", "POST", "faults", rule)


def test_a_429_of_one_host_stops_the_others_within_a_second() -> None:
    """`retry_after_until` is a row that all read: no host calls either system until the time is up, then all do."""

    async def work() -> None:
        async with open_place(HOSTS) as place:
            deals = await place.deals(HOSTS)
            await throttled(place, 57)
            await place.apps[0].run(look(deals[0]))
            assert len(place.traffic["crm"].refusals) == 1
            await asyncio.sleep(1.1)
            place.forget_traffic()
            for app, deal in zip(place.apps, deals, strict=True):
                await app.run(look(deal))
            assert [traffic.calls for traffic in place.traffic.values()] == [0, 0]
            assert await place.drain(longest=120)
            assert place.traffic["crm"].calls >= HOSTS
            assert place.traffic["crm"].refusals == []

    virtual.run(work())


def test_a_loop_where_nothing_can_happen_says_so() -> None:
    """Virtual time does not hang where real time would."""

    async def work() -> None:
        await asyncio.Event().wait()

    with pytest.raises(virtual.Stuck):
        virtual.run(work())
