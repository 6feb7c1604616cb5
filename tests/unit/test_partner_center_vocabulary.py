"""Stages, parties, leads and locks: Partner Center's words in ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.connectors.partner_center.mapping import snapshot
from shared.connectors.partner_center.vocabulary import WRITTEN, is_lead, is_ours, locks, stage_of
from shared.connectors.partner_center.wire import Referral
from shared.connectors.rest import decoded
from shared.domain import deal
from shared.domain.lifecycle import CLOSED, EARLY, Stage
from shared.ports import Snapshot

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"


def newest(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = decoded((SAMPLES / "referral_newest.json").read_bytes())
    return data | changes


def shot(data: dict[str, Any], organization: str = "") -> Snapshot:
    return snapshot(Referral.read(data), "v1", organization=organization, portal_link="https://example.com/{id}")


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
    assert set(WRITTEN) == set(Stage) - EARLY
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
