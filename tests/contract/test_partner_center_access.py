"""What Partner Center's gates do to us: tokens, roles, throttles, foreign links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.domain import deal
from shared.domain.values import frozen
from shared.errors import AccessLost, Refused, Throttled, Unavailable
from shared.ports import Change, World
from tests.contract.partner_center_bench import BASE, MARKER, PartnerCenterBench, new_draft, open_bench

ITEM = "GET /v1.0/engagements/referrals/{id}"


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench() as bench:
        yield bench


async def test_an_old_token_is_renewed(bench: PartnerCenterBench) -> None:
    """An expired token is replaced by a fresh one within the call, for a creation too."""
    bench.tokens.tokens[:] = ["sandbox-expired", "sandbox-user"]
    await bench.gateway.create(new_draft())

    assert [fresh for _, fresh in bench.tokens.asked] == [False, True]
    assert len((await bench.control("GET", "referrals"))["value"]) == 1


async def test_an_application_alone_has_no_access(bench: PartnerCenterBench) -> None:
    """The Referrals API takes users only: an app-only token is lost access for everything, not one record's refusal."""
    record = await bench.snapshot("portal")
    bench.tokens.tokens[:] = ["sandbox-app"]
    change = Change(record=record, values=frozen({deal.NOTES: "x"}), marker=MARKER)
    for call in (bench.gateway.read(record.ref.id), bench.gateway.write(change), bench.gateway.ping()):
        with pytest.raises(AccessLost, match="Referrals admin"):
            await call


async def test_one_record_that_we_may_not_see_stops_no_other(bench: PartnerCenterBench) -> None:
    """403 on one referral while others can be listed refuses that one alone."""
    ident = await bench.make()
    await bench.control("POST", "faults", {"method": "GET", "path": f".*{ident}", "status": 403})
    with pytest.raises(Refused, match="may not see this referral"):
        await bench.gateway.read(ident)

    assert await bench.gateway.read(ident) is not None


async def test_microsofts_referral_cannot_be_written(bench: PartnerCenterBench) -> None:
    """A write to the other party's referral is refused for that record."""
    made = await bench.referral("inbound")
    record = await bench.gateway.read(made["id"])
    assert record is not None
    wide = await bench.gateway.widen(record)
    assert wide.invited is not None
    theirs = await bench.gateway.read(wide.invited)
    assert theirs is not None
    with pytest.raises(Refused):
        await bench.gateway.write(Change(record=theirs, values=frozen({deal.NOTES: "x"}), marker=MARKER))


async def test_a_short_throttle_is_waited_out(bench: PartnerCenterBench) -> None:
    """A Retry-After of seconds is honoured within the call; a long one is the pause's."""
    record = await bench.snapshot("portal")
    await bench.control("DELETE", "requests")
    await bench.fault(429, 2, times=2)
    assert await bench.gateway.read(record.ref.id) is not None
    assert bench.slept == [2.0, 2.0]
    await bench.fault(429, 57, times=1)
    with pytest.raises(Throttled):
        await bench.gateway.read(record.ref.id)
    assert bench.slept == [2.0, 2.0]
    assert (await bench.requests())[ITEM] == 4


async def test_a_ping_knows_the_organization_it_was_told() -> None:
    """The world is the configured organization, or the tenant of a token that shows one."""
    async with open_bench(organization="org-1") as bench:
        assert await bench.gateway.ping() == World(organisation="org-1")
    async with open_bench() as bench:
        assert await bench.gateway.ping() == World(organisation="")


@pytest.mark.parametrize("ident", ["..", "../registration", "a/b", "a?b", "", "x" * 65, "ü"])
async def test_an_id_never_becomes_part_of_an_address(bench: PartnerCenterBench, ident: str) -> None:
    """What cannot be a referral's id is nobody's id, and nothing is asked."""
    assert await bench.gateway.read(ident) is None
    assert await bench.requests() == {}


async def test_a_next_page_elsewhere_is_not_followed(bench: PartnerCenterBench) -> None:
    """A list whose next page lies on another host does not get our token there."""
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        body: dict[str, Any] = {"value": [], "@odata.nextLink": "http://evil.example.net/v1.0/engagements/referrals?x"}
        return httpx.Response(200, json=body)

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        gateway = replace(bench.gateway, rest=replace(bench.gateway.rest, client=client))
        with pytest.raises(Refused, match="another host"):
            await gateway.recover(new_draft(), bench.clock.now())

    assert asked == [httpx.URL(BASE).host]


async def test_pages_that_lead_in_a_circle_are_left(bench: PartnerCenterBench) -> None:
    """A next page that was read before ends the reading with an outage, not with an endless loop."""
    link = f"{BASE}/v1.0/engagements/referrals?$skiptoken=same"
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"value": [], "@odata.nextLink": link}))
    async with httpx.AsyncClient(transport=transport) as client:
        gateway = replace(bench.gateway, rest=replace(bench.gateway.rest, client=client))
        with pytest.raises(Unavailable, match="lead back"):
            await gateway.recover(new_draft(), bench.clock.now())


async def test_a_registration_of_another_shape_is_refused(bench: PartnerCenterBench) -> None:
    """A webhook registration that cannot be read is never written over."""
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, json={"WebhookUrl": ["a", "b"]})

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as client:
        registration = replace(bench.registration, rest=replace(bench.registration.rest, client=client))
        with pytest.raises(Refused, match="shape"):
            await registration.ensure("https://example.com/hook")

    assert asked == ["GET"]
