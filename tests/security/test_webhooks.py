"""What can be done to us through the doors: nothing but a second look at a record, whatever is sent however often."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.dynamics.organization import ORGANIZATION
from shared.domain.outcome import Kind
from shared.platform.doors import Answer
from tests.integration.bench import Bench, linked_inbound, linked_outbound, open_bench
from tests.integration.network import DYNAMICS_EVENTS, PARTNER_EVENTS

STRANGERS = "99999999-2222-4333-8444-555555555555"
WRITES = ("POST", "PATCH", "PUT", "DELETE")
LOOKS = 9  # at growing intervals, for the ten minutes that a new referral may lag behind its own announcement


class Tap:
    """Notes each call that comes to a door, as somebody on the way could."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.calls = bench, list[tuple[str, Mapping[str, str], bytes]]()
        partner, dynamics = bench.app.partner_event, bench.app.dynamics_event

        async def at_partner(headers: Mapping[str, str], body: bytes) -> Answer:
            self.calls.append((PARTNER_EVENTS, dict(headers), body))
            return await partner(headers, body)

        async def at_dynamics(headers: Mapping[str, str], body: bytes) -> Answer:
            self.calls.append((DYNAMICS_EVENTS, dict(headers), body))
            return await dynamics(headers, body)

        bench.app.partner_event = at_partner  # type: ignore[method-assign]  # a tap on one object
        bench.app.dynamics_event = at_dynamics  # type: ignore[method-assign]  # the same

    async def replay(self) -> list[Answer]:
        noted = list(self.calls)
        answers = [await self.bench.take(*call) for call in noted]
        self.calls = noted
        return answers


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path / "root.pem") as made:
        yield made


async def everything(bench: Bench) -> tuple[Any, ...]:
    """Both systems' records and our links, as they are."""
    referrals = sorted(await bench.people.referrals(), key=lambda one: str(one["id"]))
    rows = await bench.people.opportunities()
    return referrals, rows, {name: (link.partner, link.gone) for name, link in bench.links.rows.items()}


def writes(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] in WRITES]


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=5), timedelta(days=9)])
async def test_a_replayed_event_is_harmless(bench: Bench, later: timedelta) -> None:
    """Valid calls of both systems, sent again at once, later or days later, are taken and change nothing."""
    tap = Tap(bench)
    referral, row = await linked_inbound(bench)
    await bench.people.edit_opportunity(str(row["opportunityid"]), name="Contoso, extended")
    await bench.settle()
    before = await everything(bench)
    bench.clock.advance(later.total_seconds())
    bench.calls.clear()
    for _ in range(3):
        answers = await tap.replay()
        assert {answer.status for answer in answers} == {200}
        await bench.settle()

    assert {path for path, *_ in tap.calls} == {PARTNER_EVENTS, DYNAMICS_EVENTS}
    assert (await everything(bench), writes(bench), bench.parked.entries) == (before, [], {})
    assert referral["id"] in {one["id"] for one in before[0]}


async def test_another_tenants_event_is_left_and_forgotten(bench: Bench) -> None:
    """A well-signed event of a referral that is not ours (anybody may register our address) leads to reads alone."""
    before = await everything(bench)
    bench.calls.clear()
    await bench.people.portal("POST", "events", {"event": "referral-created", "id": STRANGERS})
    outcomes = await bench.settle()

    assert outcomes[-1].kind is Kind.LEFT
    assert {outcome.kind for outcome in outcomes} <= {Kind.DELAYED, Kind.LEFT}
    assert (await everything(bench), writes(bench), bench.parked.entries) == (before, [], {})
    assert len(outcomes) <= LOOKS


async def test_a_referral_that_we_may_not_see_stops_no_other(bench: Bench) -> None:
    """Where Partner Center answers 403 for it: that one record is parked, once however often it is announced."""
    await bench.fault("partner_center", method="GET", path=f"referrals/{STRANGERS}$", status=403, times=100)
    for _ in range(5):
        await bench.people.portal("POST", "events", {"event": "referral-updated", "id": STRANGERS})
        await bench.settle()
    await linked_inbound(bench)

    assert {entry.ref.id for entry in bench.parked.entries.values()} == {STRANGERS}
    assert len(bench.parked.entries) == 1


def deletion(kind: str, ident: str, **more: Any) -> bytes:
    body = {"MessageName": "Delete", "PrimaryEntityName": kind, "PrimaryEntityId": ident, "Depth": 1}
    return json.dumps(body | {"OrganizationId": ORGANIZATION} | more).encode()


async def test_a_forged_deletion_buries_nothing(bench: Bench) -> None:
    """Who has the webhook's key may say that a row is gone: it is looked at, and as it is there, nothing happens."""
    referral, row = await linked_inbound(bench)
    before = await everything(bench)
    bench.calls.clear()
    for kind in ("opportunity", "account", "msft_mspartnersolution", "referral"):
        for ident in (str(row["opportunityid"]), str(referral["id"]), STRANGERS):
            assert (await bench.app.dynamics_event({}, deletion(kind, ident))).status == 200
    await bench.settle()

    assert (await everything(bench), writes(bench), bench.parked.entries) == (before, [], {})


@pytest.mark.parametrize("organisation", [STRANGERS, "", f"{ORGANIZATION}x", None])
async def test_an_event_must_name_our_organisation(bench: Bench, organisation: str | None) -> None:
    """Once the organisation is pinned, an event of another one, or of none, is refused and wakes nothing."""
    answer = await bench.app.dynamics_event({}, deletion("opportunity", STRANGERS, OrganizationId=organisation))
    assert (answer.status, bench.signals.heap) == (403, [])


async def test_an_edit_under_our_tag_is_found_by_heal(bench: Bench) -> None:
    """Who writes to Dynamics 365 under our tag keeps the event from us, and not the edit."""
    referral, row = await linked_outbound(bench)
    tagged = f"opportunities({row['opportunityid']})?tag=cosell:cosell"
    await bench.people.crm("PATCH", tagged, {"description": "Hidden"})
    assert await bench.settle() == []
    assert (await bench.people.read_referral(str(referral["id"])))["details"]["notes"] != "Hidden"
    await bench.heal()
    assert (await bench.people.read_referral(str(referral["id"])))["details"]["notes"] == "Hidden"
