"""Whether this installation may work at all: its world, Microsoft's own connector, access to either system."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.outcome import Kind
from shared.domain.values import Side
from tests.integration.bench import Bench, linked_inbound, made_in_crm

MINUTE = timedelta(minutes=1)
READS = {"GET"}


def written(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] not in READS]


async def check(bench: Bench, name: str) -> dict[str, Any]:
    """One finding of the health page."""
    checks: dict[str, dict[str, Any]] = (await bench.app.health()).body["checks"]  # type: ignore[assignment]  # JSON
    return checks[name]


async def flows(bench: Bench, *, active: bool) -> None:
    """Somebody switches Microsoft's flows on or off."""
    for flow in (await bench.people.crm("GET", "workflows"))["value"]:
        values = {"statecode": 1, "statuscode": 2} if active else {"statecode": 0, "statuscode": 1}
        await bench.people.crm("PATCH", f"workflows({flow['workflowid']})", values)


async def test_beside_microsofts_own_flows_nothing_is_written(bench: Bench) -> None:
    """Two synchronisers make two referrals of one deal: signals wait, health names the flows, and all comes later."""
    await flows(bench, active=True)
    bench.configure()
    bench.calls.clear()
    await made_in_crm(bench)
    await bench.people.referral("portal", customerProfile={"name": "Northwind"})
    await bench.settle(within=MINUTE)
    found = await check(bench, "microsoft_flows")
    assert (found["ok"], "Dynamics 365 to Partner Center" in found["detail"]) == (False, True)
    assert (written(bench), bench.parked.entries) == ([], {})
    await flows(bench, active=False)
    bench.configure()
    await bench.settle()

    assert len(await bench.people.opportunities()) == len(await bench.people.referrals()) == 2


async def test_a_copy_of_the_world_is_refused(bench: Bench) -> None:
    """Settings that lead to another organisation than the pinned one: nothing is written, health says which."""
    other = "99999999-2222-4333-8444-555555555555"
    pinned = json.loads(bench.cursors.texts["world"])
    bench.cursors.texts["world"] = json.dumps(pinned | {"dataverse": other})
    bench.configure()
    bench.calls.clear()
    await bench.people.referral("portal")
    await bench.settle(within=MINUTE)
    await bench.app.heal()
    found = await check(bench, "world")

    assert (found["ok"], other in found["detail"]) == (False, True)
    assert (written(bench), await bench.people.opportunities()) == ([], [])
    assert bench.parked.entries == {}


@pytest.mark.parametrize(
    ("system", "side", "path"), [("dynamics", Side.CRM, "/api/data/"), ("partner_center", Side.PARTNER, "/v1.0/")]
)
async def test_lost_access_pauses_the_system_and_resumes_by_itself(
    bench: Bench, system: str, side: Side, path: str
) -> None:
    """A token or role is missing: signals are delayed without an attempt, health is red, nothing is parked."""
    await bench.fault(system, path=path, status=401, times=40)
    await bench.people.referral("portal")
    outcomes = await bench.settle(within=timedelta(seconds=45))
    assert {outcome.kind for outcome in outcomes} == {Kind.DELAYED}
    assert side in bench.pauses.ends
    assert not (await check(bench, f"{side}_pause"))["ok"]
    await bench.people.control(system, "DELETE", "faults")
    await bench.settle()

    assert (await bench.row())["name"] == "✓ Contoso factory analytics"
    assert bench.parked.entries == {}


async def test_a_refusal_of_one_record_stops_no_other(bench: Bench) -> None:
    """403 for one referral alone, while the account may list others: that record is parked, the next one comes."""
    refused = await bench.people.referral("portal", name="Not for us")
    await bench.fault("partner_center", path=f"/referrals/{refused['id']}", status=403, times=99)
    _, row = await linked_inbound(bench, name="For us", customerProfile={"name": "Northwind"})

    assert row["name"] == "✓ For us"
    assert "may not see this referral" in bench.entry(str(refused["id"])).advice
    assert bench.pauses.ends == {}


async def test_health_is_green_when_everything_is_right(bench: Bench) -> None:
    """Every check is named and well."""
    answer = await bench.app.health()
    checks: dict[str, dict[str, Any]] = answer.body["checks"]  # type: ignore[assignment]  # JSON

    assert (answer.status, [name for name, found in checks.items() if not found["ok"]]) == (200, [])
    assert checks.keys() >= {"storage", "partner_center", "dynamics", "dynamics_columns", "world", "microsoft_flows"}
    assert "webhook_registration" in checks


async def test_throttling_waits_for_as_long_as_the_server_says(bench: Bench) -> None:
    """A 429 stops every signal to that system until its time is over, and then each runs."""
    await bench.fault("dynamics", path="/api/data/", status=429, retry_after=120, times=1)
    for number in range(3):
        await bench.people.referral("portal", customerProfile={"name": f"Northwind {number}"})
    await bench.settle(within=timedelta(seconds=100))
    assert await bench.people.opportunities() == []
    await bench.settle()

    assert len(await bench.people.opportunities()) == 3
