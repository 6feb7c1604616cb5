"""What the simulated service does of itself to leads: their states, and what they become when they are qualified."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.dynamics.seed import currency_id
from tests.contract.sandbox_dynamics import UNKNOWN, WHOLE, Sandbox, code, sandbox

NOTHING = {"CreateAccount": False, "CreateContact": False, "CreateOpportunity": False, "Status": 3}
EVERYTHING = {"CreateAccount": True, "CreateContact": True, "CreateOpportunity": True, "Status": 3}
LEAD = {
    "subject": "Contoso renewal",
    "firstname": "Ana",
    "lastname": "Rivera",
    "companyname": "Contoso",
    "emailaddress1": "ana@contoso.example",
    "address1_country": "Germany",
    "description": "Wants to move in spring",
    "estimatedamount": 1000.5,
    "estimatedvalue": 7.0,
    "estimatedclosedate": "2027-03-31",
}


async def lead(box: Sandbox, **values: Any) -> str:
    made = await box.make("leads", **{**LEAD, **values})
    found: str = made["leadid"]
    return found


async def qualify(box: Sandbox, row: str, wish: dict[str, Any]) -> Any:
    return await box.send("POST", f"leads({row})/Microsoft.Dynamics.CRM.QualifyLead", wish)


async def test_a_new_lead_is_open_and_has_two_values() -> None:
    """The amount is money with its base, the value of the same label a number without a unit."""
    async with sandbox() as box:
        euro = f"/transactioncurrencies({currency_id('EUR')})"
        row = await box.make("leads", **LEAD, transactioncurrencyid__bind=euro)
        definition = "EntityDefinitions(LogicalName='lead')/Attributes?$select=LogicalName,AttributeType"
        types = {each["LogicalName"]: each["AttributeType"] for each in await box.rows(definition)}

    assert (row["statecode"], row["statuscode"], row["fullname"]) == (0, 1, "Ana Rivera")
    assert (row["estimatedamount"], row["estimatedamount_base"]) == (1000.5, 1087.5)
    assert row["estimatedvalue"] == 7
    assert (types["estimatedamount"], types["estimatedvalue"]) == ("Money", "Double")


@pytest.mark.parametrize(("status", "reached"), [(4, 4), (7, 7), (None, 4)])
async def test_a_lead_is_disqualified_and_reopened_by_update(status: int | None, reached: int) -> None:
    """A state and a status that belongs to it, or the state's default; back to New in the same way."""
    async with sandbox() as box:
        path = f"leads({await lead(box)})"
        sent = {"statecode": 2} | ({} if status is None else {"statuscode": status})
        closed = (await box.patch(path, sent, **WHOLE)).json()
        opened = (await box.patch(path, {"statecode": 0, "statuscode": 1}, **WHOLE)).json()

    assert (closed["statecode"], closed["statuscode"]) == (2, reached)
    assert (opened["statecode"], opened["statuscode"]) == (0, 1)


async def test_a_status_belongs_to_its_state() -> None:
    """Lost is no status of an open lead, and Qualified none of a disqualified one."""
    async with sandbox() as box:
        path = f"leads({await lead(box)})"
        refused = [await box.patch(path, {"statuscode": 4}), await box.patch(path, {"statecode": 2, "statuscode": 3})]
        other = await qualify(box, path[6:-1], NOTHING | {"Status": 4})

    assert [code(each) for each in (*refused, other)] == [(400, "0x80048408")] * 3


@pytest.mark.parametrize(("mode", "expected"), [("refuse", 400), ("allow", 204)])
@pytest.mark.parametrize("closing", [{"statecode": 2}, {"statecode": 1}])
async def test_a_closed_lead_takes_edits_or_not(mode: str, expected: int, closing: dict[str, int]) -> None:
    """Whether is public nowhere: both are played. Reopening may bring edits along."""
    async with sandbox() as box:
        await box.switch(closed_leads=mode)
        path = f"leads({await lead(box)})"
        await box.patch(path, closing)
        edited = await box.patch(path, {"description": "late"})
        reopened = await box.patch(path, {"statecode": 0, "description": "late"}, **WHOLE)

    assert edited.status_code == expected
    assert edited.status_code == 204 or code(edited) == (400, "0x80040519")
    assert reopened.json()["description"] == "late"


async def test_a_closed_lead_goes_to_no_other_closed_state() -> None:
    """What is disqualified has to be reopened before it is qualified, and the other way round."""
    async with sandbox() as box:
        path = f"leads({await lead(box)})"
        await box.patch(path, {"statecode": 2})
        refused = await box.patch(path, {"statecode": 1})

    assert code(refused) == (400, "0x80040519")


async def test_qualifying_makes_what_it_is_asked_for() -> None:
    """Account, contact and opportunity, in this order, bound to each other and to the lead, which ends Qualified."""
    async with sandbox() as box:
        row = await lead(box)
        answer = (await qualify(box, row, EVERYTHING)).json()
        kinds = [each["@odata.type"].rpartition(".")[2] for each in answer["value"]]
        ids = [each[f"{kind}id"] for kind, each in zip(kinds, answer["value"], strict=True)]
        account, contact, deal = [
            await box.get(f"{set_}({id_})")
            for set_, id_ in zip(("accounts", "contacts", "opportunities"), ids, strict=True)
        ]
        after = await box.get(f"leads({row})")

    assert answer["@odata.context"].endswith("#Microsoft.Dynamics.CRM.QualifyLeadResponse")
    assert kinds == ["account", "contact", "opportunity"]
    assert [each["_originatingleadid_value"] for each in (account, contact, deal)] == [row] * 3
    assert (account["name"], account["address1_country"], contact["fullname"]) == ("Contoso", "Germany", "Ana Rivera")
    assert (contact["_parentcustomerid_value"], account["_primarycontactid_value"]) == (ids[0], ids[1])
    assert (deal["_parentaccountid_value"], deal["_parentcontactid_value"]) == (ids[0], ids[1])
    assert (after["statecode"], after["statuscode"]) == (1, 3)
    assert (after["_parentaccountid_value"], after["_parentcontactid_value"]) == (ids[0], ids[1])
    assert after["_qualifyingopportunityid_value"] == ids[2]


async def test_an_opportunity_takes_the_leads_words_and_money() -> None:
    """The default maps: the topic is its name, the amount its estimated value, the day and the notes its own."""
    async with sandbox() as box:
        answer = await qualify(box, await lead(box, budgetamount=5), NOTHING | {"CreateOpportunity": True})
        deal = await box.get(f"opportunities({answer.json()['value'][0]['opportunityid']})")

    assert (deal["name"], deal["estimatedvalue"]) == ("Contoso renewal", 1000.5)
    assert (deal["estimatedclosedate"], deal["description"]) == ("2027-03-31", "Wants to move in spring")
    assert (deal["budgetamount"], deal["emailaddress"]) == (5, "ana@contoso.example")


async def test_an_existing_customer_is_kept() -> None:
    """The account that the lead has already is the opportunity's, and none is made."""
    async with sandbox() as box:
        known = (await box.make("accounts", name="Contoso"))["accountid"]
        row = await lead(box, parentaccountid__bind=f"/accounts({known})")
        answer = await qualify(box, row, NOTHING | {"CreateOpportunity": True})
        deal = await box.get(f"opportunities({answer.json()['value'][0]['opportunityid']})")
        accounts = await box.rows("accounts")

    assert (deal["_parentaccountid_value"], deal["_customerid_value"]) == (known, known)
    assert len(accounts) == 1


async def test_currency_and_customer_are_the_callers() -> None:
    """What the action names wins over the lead's, and has to exist."""
    async with sandbox() as box:
        person = (await box.make("contacts", lastname="Okafor"))["contactid"]
        named = {
            "OpportunityCurrencyId": {"transactioncurrencyid": currency_id("EUR")},
            "OpportunityCustomerId": {"@odata.type": "Microsoft.Dynamics.CRM.contact", "contactid": person},
        }
        wish = NOTHING | {"CreateOpportunity": True}
        answer = await qualify(box, await lead(box), wish | named)
        deal = await box.get(f"opportunities({answer.json()['value'][0]['opportunityid']})")
        row = await lead(box)
        missing = await qualify(box, row, wish | {"OpportunityCustomerId": {"accountid": UNKNOWN}})
        after = await box.get(f"leads({row})")

    assert deal["_transactioncurrencyid_value"] == currency_id("EUR")
    assert (deal["_customerid_value"], deal["_parentcontactid_value"]) == (person, person)
    assert code(missing) == (404, "0x80040217")
    assert after["statecode"] == 0


async def test_qualifying_may_make_nothing() -> None:
    """With all three false only the lead's state changes, and no opportunity is named by it."""
    async with sandbox() as box:
        row = await lead(box)
        answer = await qualify(box, row, NOTHING | {"Status": -1})
        counts = [len(await box.rows(each)) for each in ("accounts", "contacts", "opportunities")]
        after = await box.get(f"leads({row})")

    assert answer.json()["value"] == []
    assert counts == [0, 0, 0]
    assert (after["statecode"], after["statuscode"], after["_qualifyingopportunityid_value"]) == (1, 3, None)


async def test_what_a_lead_does_not_name_is_not_made() -> None:
    """Without a company there is no account, without a person no contact."""
    async with sandbox() as box:
        row = (await box.make("leads", subject="Only a topic"))["leadid"]
        answer = await qualify(box, row, EVERYTHING)

    assert [each["@odata.type"] for each in answer.json()["value"]] == ["#Microsoft.Dynamics.CRM.opportunity"]


@pytest.mark.parametrize("missing", NOTHING)
async def test_every_parameter_of_the_action_is_required(missing: str) -> None:
    """None of the four may be left out, and a word is no boolean."""
    async with sandbox() as box:
        row = await lead(box)
        left_out = await qualify(box, row, {name: value for name, value in NOTHING.items() if name != missing})
        wrong = await qualify(box, row, NOTHING | {missing: "true"})

    assert code(left_out) == code(wrong) == (400, "0x80040203")


@pytest.mark.parametrize("expected", ["0x80040519", "0x80081018"])
@pytest.mark.parametrize("state", [1, 2])
async def test_a_closed_lead_is_not_qualified_again(expected: str, state: int) -> None:
    """Qualified or disqualified, it is refused; with which of two codes is public nowhere."""
    async with sandbox() as box:
        await box.switch(qualify_closed=expected)
        row = await lead(box)
        await box.patch(f"leads({row})", {"statecode": state})
        again = await qualify(box, row, EVERYTHING)
        made = await box.rows("opportunities")

    assert code(again) == (400, expected)
    assert made == []


async def test_a_lead_that_is_gone_cannot_be_qualified() -> None:
    """404, as for every row."""
    async with sandbox() as box:
        assert code(await qualify(box, UNKNOWN, NOTHING)) == (404, "0x80040217")


async def test_without_the_right_to_make_accounts_none_is_made() -> None:
    """The refusal has a code of its own, and the lead stays open."""
    async with sandbox() as box:
        row = await lead(box)
        await box.control("role", {"privileges": {"prvReadLead": "Global", "prvWriteLead": "Global"}})
        refused = await qualify(box, row, EVERYTHING)
        after = await box.get(f"leads({row})")
        allowed = await qualify(box, row, NOTHING)

    assert code(refused) == (400, "0x80081018")
    assert after["statecode"] == 0
    assert allowed.status_code == 200


async def test_a_lead_tells_what_happens_to_it() -> None:
    """Creation, update and deletion are posted; the target of an update holds what was sent."""
    async with sandbox() as box:
        await box.subscribe()
        path = f"leads({await lead(box)})"
        await box.patch(path, {"statecode": 2, "statuscode": 5})
        await box.send("DELETE", path)
        await box.delivered()
        _, updated, deleted = box.receiver.bodies()

    assert box.receiver.events() == [("Create", "lead"), ("Update", "lead"), ("Delete", "lead")]
    target = {each["key"]: each["value"] for each in updated["InputParameters"][0]["value"]["Attributes"]}
    assert (target["statecode"]["Value"], target["statuscode"]["Value"]) == (2, 5)
    assert deleted["PrimaryEntityId"] == path[6:-1]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("all", [("Create", "opportunity"), ("Update", "lead"), ("QualifyLead", "lead")]),
        ("qualify_only", [("QualifyLead", "lead")]),
        ("update_only", [("Create", "opportunity"), ("Update", "lead")]),
    ],
)
async def test_what_qualifying_tells(mode: str, expected: list[tuple[str, str]]) -> None:
    """Which messages steps see is public nowhere: the action's own, those of the rows, or both."""
    async with sandbox() as box:
        row = await lead(box)
        await box.switch(qualify_events=mode)
        await box.subscribe()
        await qualify(box, row, NOTHING | {"CreateOpportunity": True})
        await box.delivered()

    assert box.receiver.events() == expected
    assert box.receiver.bodies()[-1]["PrimaryEntityId"] == row


async def test_the_actions_own_message_has_its_parameters() -> None:
    """The lead is a reference, the status an option, the rest as it was sent; a target there is not."""
    async with sandbox() as box:
        row = await lead(box)
        await box.subscribe()
        await qualify(box, row, NOTHING)
        await box.delivered()
        body = box.receiver.bodies()[-1]

    inputs = {each["key"]: each["value"] for each in body["InputParameters"]}
    assert (inputs["LeadId"]["LogicalName"], inputs["LeadId"]["Id"]) == ("lead", row)
    assert inputs["Status"]["Value"] == 3
    assert [inputs[name] for name in NOTHING if name != "Status"] == [False] * 3
    assert "Target" not in inputs
