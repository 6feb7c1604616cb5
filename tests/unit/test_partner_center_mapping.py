"""A referral is shown in the deal's words, and unknown parts of it survive."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from shared.connectors.partner_center.mapping import snapshot, widened
from shared.connectors.partner_center.vocabulary import WRITTEN, is_lead, is_ours, locks, stage_of
from shared.connectors.partner_center.wire import Referral, instant
from shared.connectors.rest import decoded
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, Stage
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


STAGES = [
    ("New", "Pending", Stage.PENDING),
    ("New", "Received", Stage.PENDING),
    ("Active", "Accepted", Stage.ACTIVE),
    ("Closed", "Won", Stage.WON),
    ("Closed", "Lost", Stage.LOST),
    ("Closed", "Declined", Stage.DECLINED),
    ("Closed", "Expired", Stage.EXPIRED),
    ("Closed", "Error", Stage.ERROR),
    ("Closed", "Archived", Stage.ERROR),
    ("None", "None", None),
    (None, None, None),
]


@pytest.mark.parametrize(("status", "substatus", "stage"), STAGES)
def test_status_and_substatus_are_one_stage(status: str | None, substatus: str | None, stage: Stage | None) -> None:
    """The two fields are read as one; a status that nobody knows is not shown, so it is never merged."""
    referral = newest(status=status, substatus=substatus)

    assert stage_of(Referral.read(referral)) is stage
    assert (deal.STAGE in shot(referral).values) is (stage is not None)


def test_every_stage_can_be_written_and_read_back() -> None:
    """The table of stages is total, and what it writes reads as the same kind of stage."""
    assert set(WRITTEN) == set(Stage)
    for stage, (status, substatus) in WRITTEN.items():
        same = {Stage.HOLD: Stage.PENDING, Stage.OPEN: Stage.ACTIVE}.get(stage, stage)
        assert stage_of(Referral.read(newest(status=status, substatus=substatus))) is same


def test_a_closed_referral_shows_why_and_for_how_much() -> None:
    """Reason and actual value travel with the stage."""
    lost = shot(newest(status="Closed", substatus="Lost", statusReason="Customer budget")).values
    won = shot(newest(status="Closed", substatus="Won")).values

    assert lost[deal.CLOSE_REASON] == "Customer budget"
    assert deal.ACTUAL not in lost
    assert won[deal.ACTUAL] == won[deal.AMOUNT]


@pytest.mark.parametrize(
    ("changes", "organization", "ours"),
    [
        ({}, "", True),
        ({}, "5F2C1F3E-8B1D-4A63-9D0C-0A1B2C3D4E5F", True),
        ({}, "somebody else", False),
        ({"organizationId": "MSFT"}, "", False),
        ({"organizationId": None, "target": [{"id": "msft"}]}, "", False),
        ({"organizationId": None}, "any", True),
        ({"organizationId": "x", "organizationName": "Microsoft"}, "", False),
    ],
)
def test_whose_referral_it_is(changes: dict[str, Any], organization: str, ours: bool) -> None:  # noqa: FBT001  a parameter of the table
    """Microsoft's side is told by id, target or name; with a configured organization only its own is ours."""
    assert is_ours(Referral.read(newest(**changes)), organization) is ours


@pytest.mark.parametrize(
    ("kind", "qualification", "inviter", "lead"),
    [
        ("Independent", "Direct", "msft", True),
        ("Independent", "Direct", None, True),
        ("Independent", "MarketingQualified", "msft", True),
        ("Independent", "SalesQualified", "msft", True),
        ("Independent", "SalesQualified", None, False),
        ("Independent", "SalesQualified", "a-partner", False),
        ("Shared", "SalesQualified", "msft", False),
    ],
)
def test_what_is_a_lead(kind: str, qualification: str, inviter: str | None, lead: bool) -> None:  # noqa: FBT001  a parameter of the table
    """The classification of referrals-api-introduction."""
    invited = {"invitedBy": {"organizationId": inviter}}
    referral = newest(type=kind, qualification=qualification, inviteContext=invited)

    assert is_lead(Referral.read(referral)) is lead


@pytest.mark.parametrize("stage", [*CLOSED])
def test_a_closed_referral_is_locked(stage: Stage) -> None:
    """Terminal states take no edits of any kind."""
    held = locks(stage, visible=True, contacts=True, invited=True)

    assert set(deal.TITLES) | {deal.CUSTOMER} == set(held)


def test_a_pending_referral_can_only_be_answered() -> None:
    """While pending nothing but the stage may be written."""
    held = locks(Stage.PENDING, visible=False, contacts=False, invited=False)

    assert set(deal.TITLES) - set(held) == {deal.STAGE}


def test_what_is_shared_is_written_once() -> None:
    """Visibility once true, the contact once shared, help once asked; before that all of them are free."""
    free = locks(Stage.ACTIVE, visible=False, contacts=True, invited=False)
    held = locks(Stage.ACTIVE, visible=True, contacts=True, invited=True)

    assert set(held) - set(free) == {deal.VISIBLE, deal.CONTACTS, deal.HELP}
    assert deal.CONTACTS not in locks(Stage.ACTIVE, visible=True, contacts=False, invited=False)


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
