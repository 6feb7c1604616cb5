"""A referral is shown in the deal's words, and unknown parts of it survive."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.partner_center.mapping import snapshot, widened
from shared.connectors.partner_center.wire import Referral, instant
from shared.connectors.rest import decoded
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Money, Person, Ref, Side, Solution, group
from shared.errors import Refused
from shared.ports import Snapshot

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"


def newest(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = decoded((SAMPLES / "referral_newest.json").read_bytes())
    return data | changes


def shot(data: dict[str, Any], organization: str = "") -> Snapshot:
    return snapshot(Referral.read(data), "v1", organization=organization, portal_link="https://example.com/{id}")


def test_every_part_of_a_referral_is_shown() -> None:
    """The newest known JSON, field by field."""
    record = shot(newest())

    assert dict(record.values) == {
        deal.NAME: "Contoso cold chain",
        deal.AMOUNT: Money(Decimal("50000.10"), "USD"),
        deal.CLOSING_DATE: date(2026, 12, 4),
        deal.NOTES: "Refrigerated lorries",
        deal.STAGE: Stage.ACTIVE,
        deal.VISIBLE: True,
        deal.INTENT: "HaveNotDecided",
        deal.SOLUTIONS: group([Solution(id="SOL-10001-FAB", type="3P")]),
        deal.CONTACTS: group(
            [Person(email="Jo@contoso.example.com", first_name="Jo", last_name="Doe", phone="+1 425 555 0100")]
        ),
        deal.TEAM: group(
            [Person(email="kim@fabrikam.example.com", first_name="Kim", last_name="Abe", phone="+1", title="Seller")]
        ),
        deal.PROGRAM: "Co-sell",
        deal.CUSTOMER: Customer(
            name="Contoso",
            address=Address(line1="1 Way", city="Redmond", state="WA", postal_code="98052", country="US"),
            size="10to50employees",
        ),
    }
    assert (Side.PARTNER, Ref("referral", newest()["id"])) == (record.side, record.ref)
    assert record.modified == datetime(2026, 3, 7, 6, 29, 50, 123456, tzinfo=UTC)
    assert record.created == datetime(2026, 2, 28, 17, 27, 47, 875490, tzinfo=UTC)
    assert (record.counterpart, record.marker, record.parent) == ("", None, newest()["engagementId"])
    assert record.link == f"https://example.com/{newest()['id']}"
    assert (record.ours, record.lead, record.invited, record.shared) == (True, False, None, True)


def test_the_json_survives_a_read() -> None:
    """What was read can be written again as it was: unknown members, nulls and digits included."""
    assert Referral.read(newest()).plain() == newest()


def _swapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].upper() + key[1:]: _swapped(item) for key, item in value.items()}
    return [_swapped(item) for item in value] if isinstance(value, list) else value


def test_case_does_not_matter() -> None:
    """Keys and status words in another case mean the same: Microsoft's own samples mix them."""
    lowered = newest(status="ACTIVE", substatus="accepted")

    assert dict(shot(_swapped(lowered)).values) == dict(shot(newest()).values)


@pytest.mark.parametrize("empty", [None, {}])
def test_a_bare_referral_is_shown_too(empty: Any) -> None:
    """Whatever Microsoft leaves out or sends as null is an empty field, never a crash."""
    parts = ("details", "consent", "customerProfile", "inviteContext", "trackingInfo")
    record = shot({"id": "1", "status": "New", **dict.fromkeys(parts, empty), "team": None, "target": None})

    assert record.values[deal.AMOUNT] is None
    assert record.values[deal.VISIBLE] is False
    assert record.values[deal.TEAM] == record.values[deal.SOLUTIONS] == group([])
    assert record.values[deal.STAGE] is Stage.PENDING


def test_a_shape_that_cannot_be_read_is_refused_by_name() -> None:
    """A member of the wrong type refuses that record, and says which member."""
    with pytest.raises(Refused, match=r"details\.dealValue"):
        Referral.read(newest(details={"dealValue": "a lot"}))


def theirs(ident: str, **changes: Any) -> Referral:
    base = {"id": ident, "organizationId": "msft", "status": "Active", "createdDateTime": "2026-01-01T00:00:00Z"}
    return Referral.read(base | changes)


def test_microsofts_side_joins_the_record() -> None:
    """Help, Microsoft's stage and CRM id come from the other referral of the engagement, or the id from our own."""
    record = shot(newest())
    answer = theirs(
        "m", inviteContext={"assistanceRequestCode": "GeneralOrOther"}, trackingInfo={"microsoftMsxId": "7-ABC"}
    )
    wide = widened(record, [Referral.read(newest()), answer])
    own = shot(newest(trackingInfo={"microsoftMsxId": "7-OWN"}))

    shown = (deal.HELP, deal.MICROSOFT_STAGE, deal.MICROSOFT_ID)
    assert [wide.values[name] for name in shown] == ["GeneralOrOther", Stage.ACTIVE, "7-ABC"]
    assert wide.invited == "m"
    assert [widened(record, []).values[name] for name in shown] == [None, None, None]
    assert widened(own, [theirs("m")]).values[deal.MICROSOFT_ID] == "7-OWN"
    assert not set(shown) & set(record.values)


def test_of_several_invitations_the_open_one_counts() -> None:
    """After a declined invitation and a new one, the open one is Microsoft's side, else the newest."""
    old = theirs("old", status="Closed", substatus="Declined")
    new = theirs("new", createdDateTime="2026-02-01T00:00:00Z")
    closed = theirs("closed", status="Closed", substatus="Expired", createdDateTime="2026-03-01T00:00:00Z")
    record = shot(newest())

    assert widened(record, [old, new, closed]).invited == "new"
    assert widened(record, [old, closed]).invited == "closed"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05.1234567Z", datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5+02:00", datetime(2026, 1, 2, 1, 4, 5, 500000, tzinfo=UTC)),
        ("2026-01-02T03:04:05", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_in_every_form_that_was_seen(text: str | None, moment: datetime | None) -> None:
    """Six or seven digits, any offset, none at all; what is no time is nothing."""
    assert instant(text) == moment


def test_the_sample_is_json() -> None:
    """The sample is what a standard parser reads, so that it stands for an answer."""
    assert json.loads((SAMPLES / "referral_newest.json").read_text())["status"] == "Active"
