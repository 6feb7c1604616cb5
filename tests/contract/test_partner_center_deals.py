"""Partner Center's own rules, against its simulator: writes, life cycle, lost answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Group, Money, Person, Solution, Value, group
from shared.errors import Conflict, Refused, Unavailable
from shared.ports import Change, Snapshot
from tests.contract.partner_center_bench import MARKER, OPPORTUNITY, PartnerCenterBench, open_bench


@pytest.fixture
async def bench() -> AsyncIterator[PartnerCenterBench]:
    async with open_bench(longest_call=5.0) as bench:
        yield bench


def written(record: Snapshot, **values: Value) -> Change:
    return Change(record=record, values=values, marker=MARKER)


async def test_everything_can_be_written_at_once(bench: PartnerCenterBench) -> None:
    """One conditional PATCH carries every field, and the answer shows each as it was wanted."""
    record = await bench.snapshot("portal", consent={"consentToShareReferralWithMicrosoftSellers": False})
    wanted: dict[str, Value] = {
        deal.NAME: "New name",
        deal.AMOUNT: Money(Decimal("99.95"), "CHF"),
        deal.CLOSING_DATE: date(2028, 2, 29),
        deal.NOTES: "Notes",
        deal.VISIBLE: True,
        deal.INTENT: "Yes",
        deal.SOLUTIONS: group([Solution(id="SOL-2", name="Two", type="3P", publisher="Fabrikam")]),
        deal.CONTACTS: group([Person(email="a@contoso.example.com", first_name="A", last_name="B", phone="+1")]),
        deal.TEAM: group([Person(email="c@fabrikam.example.com", first_name="C", last_name="D", phone="+2")]),
        deal.STAGE: Stage.ACTIVE,
    }
    answer = await bench.gateway.write(Change(record=record, values=wanted, marker=MARKER, counterpart=OPPORTUNITY))

    assert {name: answer.values[name] for name in wanted} == wanted
    assert (answer.counterpart, answer.marker) == (OPPORTUNITY, MARKER)
    assert (await bench.requests())["PATCH /v1.0/engagements/referrals/{id}"] == 1


async def test_what_we_do_not_manage_survives(bench: PartnerCenterBench) -> None:
    """Somebody without a mail address, a category, another attribute: all outlive a change of their list."""
    record = await bench.snapshot(
        "portal",
        consent={"consentToShareReferralWithMicrosoftSellers": False},
        customerProfile={"team": [{"firstName": "Desk"}, {"firstName": "Jo", "email": "jo@contoso.example.com"}]},
    )
    people = record.values[deal.CONTACTS]
    assert isinstance(people, Group)
    new = Person(email="new@contoso.example.com", first_name="N", last_name="O", phone="+1")
    await bench.gateway.write(written(record, contacts=group([*people, new])))
    team = (await bench.raw(record.ref.id))["customerProfile"]["team"]

    assert [member["firstName"] for member in team] == ["Desk", "Jo", "N"]


async def test_an_equal_day_keeps_its_time(bench: PartnerCenterBench) -> None:
    """A closing date of the same UTC day is not sent; another day is sent as noon."""
    record = await bench.snapshot("portal", details={"closingDateTime": "2027-06-30T23:59:00Z"})
    same = await bench.gateway.write(written(record, closing_date=date(2027, 6, 30), notes="x"))
    assert (await bench.raw(record.ref.id))["details"]["closingDateTime"].startswith("2027-06-30T23:59:00")
    await bench.gateway.write(written(same, closing_date=date(2027, 7, 1)))
    assert (await bench.raw(record.ref.id))["details"]["closingDateTime"].startswith("2027-07-01T12:00:00")


async def test_no_difference_no_write(bench: PartnerCenterBench) -> None:
    """A change that the record shows already is not sent."""
    record = await bench.snapshot("portal")
    again = await bench.gateway.write(Change(record=record, values={deal.NAME: record.values[deal.NAME]}))

    assert again.version == record.version
    assert "PATCH /v1.0/engagements/referrals/{id}" not in await bench.requests()


@pytest.mark.parametrize(
    ("stage", "substatus"), [(Stage.ACTIVE, "Accepted"), (Stage.DECLINED, "Declined"), (Stage.ERROR, "Error")]
)
async def test_an_inbound_deal_is_answered(bench: PartnerCenterBench, stage: Stage, substatus: str) -> None:
    """Accept and decline are one patch of status and substatus on a pending referral."""
    record = await bench.snapshot("inbound")
    assert record.values[deal.STAGE] is Stage.PENDING
    assert set(deal.TITLES) - set(record.locked) == {deal.STAGE}
    answer = await bench.gateway.write(written(record, stage=stage, close_reason="No capacity"))
    raw = await bench.raw(record.ref.id)

    assert answer.values[deal.STAGE] is stage
    assert raw["substatus"] == substatus
    assert raw["statusReason"] == (None if stage is Stage.ACTIVE else "No capacity")


async def test_a_won_deal_says_for_how_much(bench: PartnerCenterBench) -> None:
    """Won carries the actual value; afterwards every field is locked but the contract that it is registered with."""
    record = await bench.snapshot("portal")
    actual = Money(Decimal(777), "USD")
    answer = await bench.gateway.write(written(record, stage=Stage.WON, amount=actual))

    assert (answer.values[deal.STAGE], answer.values[deal.ACTUAL]) == (Stage.WON, actual)
    assert set(deal.TITLES) - set(answer.locked) == {deal.CONTRACT}


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_an_illegal_step_is_refused(bench: PartnerCenterBench, status: int) -> None:
    """What the life cycle forbids refuses that record, whichever status Microsoft chose for it: it is no conflict."""
    await bench.switch(illegal_transition=status)
    record = await bench.snapshot("portal")
    with pytest.raises(Refused) as caught:
        await bench.gateway.write(written(record, stage=Stage.PENDING))

    assert caught.value.remote.status == status


async def test_an_edit_after_our_read_conflicts(bench: PartnerCenterBench) -> None:
    """Somebody who writes between our read and our write wins, whatever it was that he wrote."""
    ident = await bench.make()
    await bench.control("POST", f"referrals/{ident}/ambush", {"details": {"notes": "theirs"}})
    record = await bench.gateway.read(ident)
    assert record is not None
    with pytest.raises(Conflict):
        await bench.gateway.write(written(record, notes="ours"))

    assert (await bench.raw(ident))["details"]["notes"] == "theirs"


@pytest.mark.parametrize("kind", ["timeout_after", "reset_after", "reset_before"])
async def test_a_write_without_an_answer_is_not_repeated(kind: str) -> None:
    """An answer that never came is Unavailable; the marker tells later whether the write took effect."""
    async with open_bench(longest_call=0.2) as bench:
        record = await bench.snapshot("portal")
        await bench.control("POST", "faults", {"method": "PATCH", "path": ".*", "kind": kind, "times": 5})
        with pytest.raises(Unavailable):
            await bench.gateway.write(written(record, notes="ours"))
        assert (await bench.requests())["PATCH /v1.0/engagements/referrals/{id}"] == 1
        again = await bench.gateway.read(record.ref.id)

    assert again is not None
    assert again.marker == (MARKER if kind.endswith("after") else None)


async def test_an_answer_without_a_body_is_read_again(bench: PartnerCenterBench) -> None:
    """Where `Prefer` is not honoured (204), the record is read back."""

    class Deaf:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            headers = [pair for pair in scope.get("headers", []) if pair[0] != b"prefer"]
            await self.app({**scope, "headers": headers}, receive, send)

    record = await bench.snapshot("portal")
    transport = bench.client._transport
    transport.app = Deaf(bench.app)  # type: ignore[attr-defined]  # the bench's own transport has an app
    answer = await bench.gateway.write(written(record, notes="ours"))

    assert (answer.values[deal.NOTES], answer.marker) == ("ours", MARKER)
    assert answer.version != record.version


async def test_a_record_deleted_since_it_was_read_is_looked_at_again(bench: PartnerCenterBench) -> None:
    """A write to a referral that is gone is a conflict, not a refusal: the next read finds nothing."""
    record = await bench.snapshot("portal")
    await bench.control("DELETE", f"referrals/{record.ref.id}")
    with pytest.raises(Conflict):
        await bench.gateway.write(written(record, notes="ours"))

    assert await bench.gateway.read(record.ref.id) is None
