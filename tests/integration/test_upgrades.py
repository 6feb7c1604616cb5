"""Private, partner-led, co-sell on both simulators: every way up, by either side and at once, and none down."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.people import WANTED_HELP, help_option
from tests.integration.bench import Bench, audit, linked_outbound

VISIBLE = "msft_microsoftpartnercenterreferralvisible"
SHARED = "consentToShareReferralWithMicrosoftSellers"
HELP = help_option("Quotes Or Licensing")
SHOW, ASK = {VISIBLE: True}, {WANTED_HELP: HELP}
PRIVATE, LED, CO_SELL = ("Independent", False, 0), ("Shared", True, 0), ("Shared", True, 1)


async def kind(bench: Bench) -> tuple[str, bool, int]:
    """Type, consent and number of invitations of the deal."""
    own = await bench.own()
    return own["type"], own["consent"][SHARED], len(await bench.microsofts())


async def seller(bench: Bench, **values: Any) -> None:
    await bench.people.edit_opportunity(str((await bench.row())["opportunityid"]), **values)
    await bench.settle()


async def portal(bench: Bench, **values: Any) -> None:
    await bench.people.edit_referral(str((await bench.own())["id"]), **values)
    await bench.settle()


@pytest.mark.parametrize(
    "steps",
    [
        [(SHOW, LED), (ASK, CO_SELL)],
        [(ASK, CO_SELL)],
        [({**SHOW, **ASK}, CO_SELL)],
        [("portal", LED), (ASK, CO_SELL)],
        [("portal", LED)],
    ],
)
async def test_every_way_up(bench: Bench, steps: list[tuple[Any, Any]]) -> None:
    """Each step is seen on both sides, Microsoft is invited once, and nothing was ever refused."""
    await linked_outbound(bench)
    assert await kind(bench) == PRIVATE
    for step, expected in steps:
        if step == "portal":
            await portal(bench, consent={SHARED: True})
        else:
            await seller(bench, **step)
        assert await kind(bench) == expected
        assert (await bench.row())[VISIBLE] is True
    await bench.heal()

    assert await kind(bench) == steps[-1][1]
    assert (bench.parked.entries, bench.refused) == ({}, [])


async def test_no_way_back(bench: Bench) -> None:
    """Visibility, help and contact of a co-sell deal that a seller takes back are set back once, and told once."""
    _, row = await linked_outbound(bench, **ASK)
    contact = row["_parentcontactid_value"]
    account = row["_parentaccountid_value"]
    other = await bench.people.contact(account, firstname="Lee", emailaddress1="lee@contoso.example.com")
    bound = {"parentcontactid@odata.bind": f"/contacts({other})"}
    bench.calls.clear()
    await seller(bench, **{VISIBLE: False, WANTED_HELP: help_option("General Or Other"), **bound})
    row = await bench.row()
    lines = audit(row)

    assert (row[VISIBLE], row[WANTED_HELP], row["_parentcontactid_value"]) == (True, HELP, contact)
    for words in ("How can Microsoft help cannot be changed", "Customer contact cannot be changed"):
        assert sum(words in line for line in lines) == 1
    assert bench.sent("pc PATCH referrals") == []
    await bench.heal()
    assert audit(await bench.row()) == lines


async def test_a_deal_goes_up_while_both_sides_edit_it(bench: Bench) -> None:
    """Help, visibility, a name and notes at once, two from each side: one invitation, and every edit is on both."""
    referral, row = await linked_outbound(bench)
    await bench.people.edit_referral(str(referral["id"]), consent={SHARED: True}, name="Contoso lighthouse")
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Urgent.", **ASK)
    await bench.settle()
    own, row = await bench.own(), await bench.row()

    assert await kind(bench) == CO_SELL
    assert (own["name"], own["details"]["notes"]) == ("Contoso lighthouse", "Urgent.")
    assert (row["name"], row["description"], row[VISIBLE]) == ("✓ Contoso lighthouse", "Urgent.", True)


async def test_help_without_a_contact_waits_as_a_private_deal(bench: Bench) -> None:
    """Nothing that cannot be taken back happens before the contact is there; with it, all happens at once."""
    _, row = await linked_outbound(bench)
    await seller(bench, **{"parentcontactid@odata.bind": None, "customerid_contact@odata.bind": None})
    await seller(bench, **ASK)
    row = await bench.row()
    assert await kind(bench) == PRIVATE
    assert "add a contact of the customer" in audit(row)[0]
    contact = await bench.people.contact(row["_parentaccountid_value"])
    await seller(bench, **{"parentcontactid@odata.bind": f"/contacts({contact})"})

    assert await kind(bench) == CO_SELL


async def test_notes_to_microsoft_are_those_of_the_invitation(bench: Bench) -> None:
    """Microsoft is told the deal's notes once; the deal's own notes go on travelling, and are never set back."""
    await linked_outbound(bench, **ASK)
    (theirs,) = await bench.microsofts()
    assert theirs["inviteContext"]["notes"] == "First call held."
    await seller(bench, description="Second call held.")
    assert (await bench.own())["details"]["notes"] == "Second call held."
    await portal(bench, details={"notes": "From the portal."})
    (theirs,) = await bench.microsofts()

    assert (await bench.row())["description"] == "From the portal."
    assert theirs["inviteContext"]["notes"] == "First call held."
    assert not any("set back" in line for line in audit(await bench.row()))


async def test_a_new_owner_and_a_new_colleague_are_both_in_the_team(bench: Bench) -> None:
    """The owner of the opportunity goes out; who joins in the portal stays there, and Audit names him once."""
    referral, row = await linked_outbound(bench)
    lee = {"firstName": "Lee", "lastName": "Novak", "phoneNumber": "1", "email": "lee@fabrikam.example"}
    await bench.people.edit_referral(str(referral["id"]), team=[*referral["team"], lee])
    await bench.settle()
    assert "Sales team was changed in Partner Center: Lee Novak" in audit(await bench.row())[0]
    users = (await bench.people.crm("GET", "systemusers?$filter=lastname eq 'Okafor'"))["value"]
    await seller(bench, **{"ownerid@odata.bind": f"/systemusers({users[0]['systemuserid']})"})
    team = {one["email"] for one in (await bench.own())["team"]}

    assert team == {"sam@fabrikam.example", "lee@fabrikam.example"}
    assert sum("Sales team was changed" in line for line in audit(await bench.row())) == 1
    assert row["_ownerid_value"]


@pytest.mark.parametrize("choice", ["Yes", "No", "Have not decided"])
async def test_the_purchase_intent_travels_both_ways(bench: Bench, choice: str) -> None:
    """Each answer of the customer's reaches the referral, and one of the portal's comes back."""
    first = 299_600_000
    options = {"Yes": first, "No": first + 1, "Have not decided": first + 2}
    codes = {"Yes": "Yes", "No": "No", "Have not decided": "HaveNotDecided"}
    await linked_outbound(bench, msft_customerpurchaseintent=options[choice])
    attributes = (await bench.own())["details"]["requirements"]["additionalRequirements"]["attributes"]
    assert attributes == [{"type": "CustomerMarketplaceIntent", "id": codes[choice]}]
    wanted = "No" if choice == "Yes" else "Yes"
    changed = [{"type": "CustomerMarketplaceIntent", "id": wanted}]
    await portal(bench, details={"requirements": {"additionalRequirements": {"attributes": changed}}})

    assert (await bench.row())["msft_customerpurchaseintent"] == options[wanted]


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("Workload Specific Value Proposition", "WorkloadSpecificValueProposition"),
        ("Customer Technical Architecture", "CustomerTechnicalArchitecture"),
        ("Proof Of Concept Or Demo", "ProofOfConceptOrDemo"),
        ("Quotes Or Licensing", "QuotesOrLicensing"),
        ("Post Sales Customer Success", "PostSalesCustomerSuccess"),
        ("General Or Other", "GeneralOrOther"),
    ],
)
async def test_every_kind_of_help_can_be_asked_for(bench: Bench, label: str, code: str) -> None:
    """Each option of the column is the help that Microsoft is asked for."""
    await linked_outbound(bench, **{WANTED_HELP: help_option(label)})
    (theirs,) = await bench.microsofts()

    assert theirs["inviteContext"]["assistanceRequestCode"] == code
