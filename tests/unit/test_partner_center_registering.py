"""Deal registration on the wire: what a referral says of it, and the operations that make it say something else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.partner_center.mapping import snapshot
from shared.connectors.partner_center.patching import operations
from shared.connectors.partner_center.registering import DECIDED_REASON, SEVERAL_REASON
from shared.connectors.partner_center.vocabulary import TERMINAL_REASON
from shared.connectors.partner_center.wire import Referral
from shared.domain import deal
from shared.domain.values import Contract, Money
from shared.ports import Snapshot

CONTRACT = Contract(
    value=Money(Decimal(140000), "USD"),
    term="Finite",
    start=date(2026, 12, 1),
    end=date(2027, 11, 30),
    signed=date(2026, 11, 20),
    on_azure=True,
    deployment="Customer",
    pricing="Other",
)
SAID: dict[str, Any] = {
    "id": "r-1",
    "type": "AzureIPCoSell",
    "status": "ReviewPending",
    "statusReason": None,
    "newer": {"kept": True},
    "solutionDetails": [
        {
            "id": "SOL-1",
            "currency": "USD",
            "value": 140000,
            "isDeployedOnAzure": True,
            "primaryDeploymentOn": "Customer",
            "pricingModel": "Other",
        }
    ],
    "contract": {
        "currency": "usd",
        "value": 140000,
        "term": "Finite",
        "startDateTime": "2026-12-01T00:00:00Z",
        "endDateTime": "2027-11-30T09:30:00.1234567Z",
        "signDateTime": "2026-11-20T12:00:00Z",
    },
}


def referral(*registrations: dict[str, Any], solutions: int = 1, **more: Any) -> Referral:
    listed = [{"id": f"SOL-{number + 1}", "type": "Name"} for number in range(solutions)]
    body = {
        "id": "one",
        "status": "Closed",
        "substatus": "Won",
        "consent": {"consentToShareReferralWithMicrosoftSellers": True},
        "details": {"dealValue": 140000, "currency": "USD", "requirements": {"solutions": listed}},
        "registrationStatus": "ReviewPending" if registrations else "None",
        "registrations": list(registrations),
    }
    return Referral.read(body | more)


def read(found: Referral) -> Snapshot:
    return snapshot(found, '"1"', organization="", portal_link="{id}")


def test_what_is_registered_is_shown() -> None:
    """Status, reason and contract, dates as days."""
    values = read(referral(SAID | {"statusReason": "Soon"})).values

    assert (values[deal.REGISTRATION], values[deal.REGISTRATION_REASON]) == ("ReviewPending", "Soon")
    assert values[deal.CONTRACT] == CONTRACT


@pytest.mark.parametrize(
    "more", [{"substatus": "Lost"}, {"status": "Active", "substatus": "Accepted"}, {"consent": {}}]
)
def test_a_deal_that_cannot_be_registered_shows_nothing_of_it(more: dict[str, Any]) -> None:
    """Only a won deal that Microsoft sees has a registration, so no other is asked for one."""
    record = read(referral(**more))

    assert not {deal.REGISTRATION, deal.REGISTRATION_REASON, deal.CONTRACT} & set(record.values)
    assert deal.CONTRACT in record.locked


def test_a_won_deal_takes_its_contract_alone() -> None:
    """Everything else of a closed referral stays locked."""
    record = read(referral())

    assert (record.values[deal.REGISTRATION], record.values[deal.CONTRACT]) == (None, None)
    assert set(deal.TITLES) - set(record.locked) == {deal.CONTRACT}
    assert record.locked[deal.NOTES] == TERMINAL_REASON


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (referral(SAID, registrationStatus="Approved"), DECIDED_REASON),
        (referral(SAID, registrationStatus="Failed"), DECIDED_REASON),
        (referral(SAID, registrationStatus="SomethingNewer"), DECIDED_REASON),
        (referral(solutions=2), SEVERAL_REASON),
        (referral(solutions=0), SEVERAL_REASON),
    ],
)
def test_when_a_contract_can_no_longer_be_written(found: Referral, reason: str) -> None:
    """Not once Microsoft has decided, in whatever word, and not where several solutions would share one value."""
    assert read(found).locked[deal.CONTRACT] == reason


def test_a_first_registration_is_added_whole() -> None:
    """One operation with the shape that the vendor's connector documents."""
    (operation,) = operations(referral(), {deal.CONTRACT: CONTRACT})
    value = operation["value"]

    assert (operation["op"], operation["path"]) == ("add", "/registrations/-")
    assert (value["type"], value["solutionDetails"][0]["id"]) == ("AzureIPCoSell", "SOL-1")
    assert (value["contract"]["term"], value["contract"]["endDateTime"]) == ("Finite", "2027-11-30T12:00:00Z")


def test_an_edit_sends_what_differs() -> None:
    """Each changed part is an operation of its own; a day that is the same keeps its time."""
    wanted = replace(CONTRACT, signed=date(2026, 11, 25), pricing="PayAsYouGo")
    sent = operations(referral(SAID), {deal.CONTRACT: wanted})

    assert sent == [
        {"op": "replace", "path": "/registrations/0/contract/signDateTime", "value": "2026-11-25T12:00:00Z"},
        {"op": "replace", "path": "/registrations/0/solutionDetails/0/pricingModel", "value": "PayAsYouGo"},
    ]
    assert operations(referral(SAID), {deal.CONTRACT: CONTRACT}) == []


@pytest.mark.parametrize(
    "said", [{}, {"contract": None}, {"contract": {"term": "Finite"}}, {"solutionDetails": [], "contract": {}}]
)
def test_half_a_registration_is_no_contract(said: dict[str, Any]) -> None:
    """What the portal has not filled in is not shown as a contract, and is nothing to fail about."""
    assert read(referral(SAID | {"contract": {}, "solutionDetails": []} | said)).values[deal.CONTRACT] is None
