"""What the pairs of `customize.yaml` are at Partner Center's gateway, on its simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.customize import customization
from shared.domain import deal
from shared.domain.values import Money, Value, frozen
from shared.ports import Change
from tests.contract.partner_center_bench import MARKER, PartnerCenterBench, new_draft, open_bench

PAIRS = customization(
    """version: 1
opportunity:
  fields:
    - {column: new_campaign, path: campaignId, length: 10}
    - {column: new_plan, path: details.customerAction, as: choice, choices: {Ready: Ready to buy}}
    - {column: new_due, path: acceptedDateTime, as: date, direction: to_dynamics}
    - {column: new_when, path: "+details.contractDateTime", as: date}
    - {column: new_seats, path: "+details.seats", as: number}
    - {column: new_budget, path: details.incentiveLevel, as: money, direction: to_dynamics}
    - {column: new_strategic, path: details.requirements.additionalRequirements.iot.attachServices, as: yes_no}
    - {column: new_city, path: customerProfile.address.city, direction: to_dynamics}
    - {column: new_duns, path: "customerProfile.ids[profileType=Duns].id", direction: to_dynamics}
    - {column: new_second, path: "team[1].email", direction: to_dynamics}
""",
).wishes.pairs
IDS = [{"profileType": "External", "id": "6-ABC"}, {"profileType": "DUNS", "id": "150483782"}]
NEWER = {"contractDateTime": "2027-03-31T21:00:00.1234567Z", "seats": "40", "another": [1]}


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench(pairs=PAIRS) as bench:
        yield bench


async def test_a_referral_shows_them(bench: PartnerCenterBench) -> None:
    """Values of every kind, of elements of lists, and of fields that this release does not know; the rest is empty."""
    record = await bench.snapshot(
        campaignId="Spring-7",
        acceptedDateTime="2026-11-02T09:00:00Z",
        customerProfile={"address": {"city": "Redmond"}, "ids": IDS},
        details={**NEWER, "customerAction": "Ready", "incentiveLevel": "1250.50"},
    )

    assert {name: value for name, value in record.values.items() if deal.is_extra(name)} == {
        "x:new_campaign": "Spring-7",
        "x:new_plan": "Ready",
        "x:new_due": date(2026, 11, 2),
        "x:new_when": date(2027, 3, 31),
        "x:new_seats": Money(Decimal(40), None),
        "x:new_budget": Money(Decimal("1250.50"), None),
        "x:new_strategic": None,
        "x:new_city": "Redmond",
        "x:new_duns": "150483782",
        "x:new_second": None,
    }


CHANGED: dict[str, Value] = {
    "x:new_campaign": "An endless campaign",
    "x:new_plan": None,
    "x:new_when": date(2027, 5, 1),
    "x:new_seats": Money(Decimal(41), None),
    "x:new_strategic": True,
}


async def test_a_change_is_a_patch_of_its_paths_alone(bench: PartnerCenterBench) -> None:
    """Changed fields are sent to their paths, cut to their length; what is beside them stays as it was."""
    made = await bench.referral(details={**NEWER, "customerAction": "Ready"}, campaignId="Spring-7")
    record = await bench.gateway.read(made["id"])
    assert record is not None
    after = await bench.gateway.write(Change(record=record, values=frozen(CHANGED), marker=MARKER))
    raw = await bench.raw(made["id"])

    assert {name: after.values[name] for name in CHANGED} == {**CHANGED, "x:new_campaign": "An endless"}
    assert (raw["campaignId"], raw["details"]["customerAction"]) == ("An endless", "")
    assert (raw["details"]["contractDateTime"], raw["details"]["another"]) == ("2027-05-01T12:00:00Z", [1])
    assert raw["details"]["requirements"]["additionalRequirements"]["iot"]["attachServices"] is True
    assert (raw["name"], raw["customerProfile"]) == (made["name"], made["customerProfile"])


async def test_the_same_values_are_not_sent(bench: PartnerCenterBench) -> None:
    """What the referral shows already costs no PATCH, and what flows one way only is never sent."""
    record = await bench.snapshot(campaignId="Spring-7", customerProfile={"address": {"city": "Redmond"}})
    same = {name: value for name, value in record.values.items() if deal.is_extra(name)}
    after = await bench.gateway.write(Change(record=record, values=frozen({**same, "x:new_city": "Elsewhere"})))

    assert (after.version, "PATCH" in str(await bench.requests())) == (record.version, False)


async def test_a_new_referral_carries_what_may_go_there(bench: PartnerCenterBench) -> None:
    """Pairs that flow to Partner Center are in the POST; what is empty or flows the other way is not."""
    draft = new_draft(**{**CHANGED, "x:new_when": None, "x:new_seats": None, "x:new_city": "Elsewhere"})
    held = await bench.gateway.held(draft.values)
    record = await bench.gateway.create(draft)
    raw = await bench.raw(record.ref.id)

    assert (raw["campaignId"], raw["details"]["customerAction"]) == ("An endless", None)
    assert raw["customerProfile"]["address"]["city"] == "Redmond"
    assert {name for name in held if deal.is_extra(name)} == set(CHANGED)
    assert held["x:new_campaign"] == record.values["x:new_campaign"] == "An endless"


@pytest.mark.parametrize("status", [("New", "Pending"), ("Closed", "Lost")])
async def test_they_are_locked_with_the_rest(bench: PartnerCenterBench, status: tuple[str, str]) -> None:
    """Before the accept and after the close nothing of them may be written, and the record says so."""
    record = await bench.snapshot("inbound", status=status[0], substatus=status[1])

    assert {name for name in record.values if deal.is_extra(name)} <= set(record.locked)
    widened = await bench.gateway.widen(record)
    assert {name for name in record.values if deal.is_extra(name)} <= set(widened.locked)


ODD: list[Any] = [None, {}, [], {"deep": [1]}, "x" * 500, "many", "NaN", "1e999999999", True, -5]


@pytest.mark.parametrize("odd", ODD, ids=[repr(each)[:20] for each in ODD])
async def test_a_value_of_another_shape_is_empty_and_stops_no_deal(bench: PartnerCenterBench, odd: Any) -> None:
    """Where a date or a number is expected and something else lies, the field is empty, and the rest can be read."""
    record = await bench.snapshot(details={"contractDateTime": odd, "seats": odd})

    assert record.values["x:new_when"] is None
    number = record.values["x:new_seats"]
    assert number == (Money(Decimal(-5), None) if odd == -5 else None)
