"""A new referral says everything that Microsoft asks of one."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from shared.connectors.partner_center.creating import invitation, new_deal
from shared.connectors.partner_center.mapping import snapshot
from shared.connectors.partner_center.wire import Referral
from shared.connectors.rest import encoded
from shared.domain.link import Purpose
from shared.domain.values import Customer, Money, Ref, Solution, Value, group
from shared.errors import NotMet
from shared.ports import Draft

SAMPLES = Path(__file__).parents[1] / "samples" / "partner_center"


def draft(purpose: Purpose = Purpose.CREATE, **values: Value) -> Draft:
    return Draft(purpose=purpose, id="", source=Ref("opportunity", "o-1"), values=values, marker="m-1")


def test_a_private_deal_is_independent() -> None:
    """Without visibility the deal is Independent, has no target, and still carries marker and source."""
    body = new_deal(draft(name="A", amount=Money(Decimal("1.10"), "USD"), customer=Customer(name="Contoso")))

    assert (body["type"], body["target"], body["externalReferenceId"], body["lastRunId"]) == (
        "Independent",
        [],
        "o-1",
        "m-1",
    )
    assert body["consent"]["consentToShareReferralWithMicrosoftSellers"] is False
    assert all(body["consent"][c] for c in body["consent"] if "Share" not in c or "Others" in c)
    assert '"dealValue":1.10' in encoded(body)
    assert "size" not in body["customerProfile"]


def test_a_visible_deal_is_shared() -> None:
    """With visibility the deal is Shared and its solutions are its target."""
    body = new_deal(draft(visible=True, solutions=group([Solution(id="SOL-1")])))

    assert (body["type"], body["target"]) == ("Shared", [{"type": "SolutionProfile", "id": "SOL-1"}])
    assert body["consent"]["consentToShareReferralWithMicrosoftSellers"] is True


@pytest.mark.parametrize("values", [{}, {"solutions": None, "customer": None, "amount": None, "closing_date": None}])
def test_an_incomplete_deal_is_still_a_body(values: dict[str, Value]) -> None:
    """What is missing is for Microsoft to name: the body is complete in its parts, whatever the deal lacks."""
    assert {"type", "customerProfile", "consent", "details", "team"} <= set(new_deal(replace(draft(), values=values)))


def own() -> Referral:
    return Referral.read(json.loads((SAMPLES / "referral_newest.json").read_text(), parse_float=Decimal))


def test_an_invitation_repeats_the_own_referral() -> None:
    """Microsoft's referral has the own one's deal, its engagement, the help asked for and the notes."""
    parent = snapshot(own(), "v", organization="", portal_link="")
    invite = replace(draft(Purpose.INVITE, help="GeneralOrOther", notes="Please"), parent=parent)
    body = invitation(invite)

    assert body["engagementId"] == own().engagement_id
    assert body["target"] == [{"type": "BusinessProfileLocation", "id": "msft"}]
    assert body["inviteContext"] == {"assistanceRequestCode": "GeneralOrOther", "notes": "Please"}
    assert body["details"] == own().plain()["details"]
    assert not {"id", "eTag", "externalReferenceId", "status", "links"} & set(body)


def test_an_invitation_needs_a_deal_and_a_wish() -> None:
    """Without a chosen help, or without an engagement, the seller is told what is missing."""
    parent = snapshot(own(), "v", organization="", portal_link="")
    with pytest.raises(NotMet, match="how Microsoft can help"):
        invitation(replace(draft(Purpose.INVITE), parent=parent))
    with pytest.raises(NotMet, match="engagement"):
        invitation(draft(Purpose.INVITE, help="GeneralOrOther"))
