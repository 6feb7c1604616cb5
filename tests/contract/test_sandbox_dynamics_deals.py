"""What the simulated service does of itself to opportunities and their lines."""

from __future__ import annotations

import pytest

from sandbox.dynamics.seed import SELLER, currency_id
from tests.contract.sandbox_dynamics import WHOLE, Sandbox, code, sandbox


async def test_closing_by_patch_is_refused_and_names_the_message() -> None:
    """Won and lost are reached by WinOpportunity and LoseOpportunity alone."""
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity())['opportunityid']})"
        won = await box.patch(path, {"statecode": 1, "statuscode": 3})
        lost = await box.patch(path, {"statecode": 2})

    assert code(won) == code(lost) == (400, "0x80100005")
    assert "WinOpportunity" in won.json()["error"]["message"]


@pytest.mark.parametrize(
    ("action", "status", "reached"),
    [("WinOpportunity", -1, (1, 3)), ("LoseOpportunity", 5, (2, 5)), ("LoseOpportunity", -1, (2, 4))],
)
async def test_closing_has_all_its_effects(action: str, status: int, reached: tuple[int, int]) -> None:
    """An activity is made; state, status, actual value and date are set; a second closing is refused."""
    async with sandbox() as box:
        row = (await box.opportunity(estimatedvalue=1000))["opportunityid"]
        first, second = await box.win(row, action, status), await box.win(row, action, status)
        closed = await box.get(f"opportunities({row})?$expand=Opportunity_OpportunityClose")

    assert first.status_code == 204
    assert code(second) == (400, "0x80040515")
    assert (closed["statecode"], closed["statuscode"]) == reached
    assert (closed["actualvalue"], closed["actualclosedate"]) == (900.5, "2026-10-31")
    assert [(each["subject"], each["statecode"]) for each in closed["Opportunity_OpportunityClose"]] == [("Closed", 1)]


async def test_a_status_of_another_state_cannot_close() -> None:
    """Status belongs to the state that the action leads to."""
    async with sandbox() as box:
        row = (await box.opportunity())["opportunityid"]
        assert code(await box.win(row, "WinOpportunity", 4)) == (400, "0x80048408")


async def test_a_closed_row_refuses_edits_until_it_is_reopened() -> None:
    """Reopening is an update of the state alone; with `allow_audit` the Audit column is written all the same."""
    audit = {"msft_microsoftpartnercenterreferralsyncaudit": "line"}
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity())['opportunityid']})"
        await box.win(path[14:-1])
        refused = await box.patch(path, {"description": "late"})
        refused_audit = await box.patch(path, audit)
        await box.switch(closed_rows="allow_audit")
        allowed = await box.patch(path, audit)
        still = await box.patch(path, {"description": "late"})
        reopened = await box.patch(path, {"statecode": 0, "statuscode": 1})
        edited = await box.patch(path, {"description": "late"})

    assert code(refused) == code(refused_audit) == code(still) == (400, "0x80040515")
    assert [allowed.status_code, reopened.status_code, edited.status_code] == [204] * 3


@pytest.mark.parametrize(("mode", "status"), [("sticks", 2), ("in_progress", 1)])
async def test_on_hold_in_a_create_body(mode: str, status: int) -> None:
    """Whether On Hold survives a creation is public nowhere: both are played."""
    async with sandbox() as box:
        await box.switch(create_on_hold=mode)
        row = await box.opportunity(statuscode=2, statecode=1)

    assert (row["statecode"], row["statuscode"]) == (0, status)


async def test_the_customer_follows_the_parents() -> None:
    """The customer is filled from account or contact and the other way round, unless the switch is off."""
    async with sandbox() as box:
        account = (await box.make("accounts", name="Contoso"))["accountid"]
        bind = f"/accounts({account})"
        forward = await box.opportunity(parentaccountid__bind=bind)
        backward = await box.opportunity(customerid_account__bind=bind)
        await box.switch(fill_customer=False)
        bare = await box.opportunity(parentaccountid__bind=bind)

    assert forward["_customerid_value"] == forward["_accountid_value"] == account
    assert backward["_parentaccountid_value"] == account
    assert bare["_customerid_value"] is None


async def line(box: Sandbox, opportunity: str, price: float) -> None:
    bind = f"/opportunities({opportunity})"
    await box.make("opportunityproducts", opportunityid__bind=bind, quantity=2, priceperunit=price)


async def test_a_system_calculated_revenue_is_the_lines_total() -> None:
    """What the caller sends for it is passed over."""
    async with sandbox() as box:
        row = (await box.opportunity(isrevenuesystemcalculated=True, estimatedvalue=5))["opportunityid"]
        await line(box, row, 10.25)
        await box.patch(f"opportunities({row})", {"estimatedvalue": 99})
        found = await box.get(f"opportunities({row})")

    assert (found["totalamount"], found["estimatedvalue"]) == (20.5, 20.5)


@pytest.mark.parametrize("by_switch", [True, False])
async def test_a_currency_is_fixed_by_lines(by_switch: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """With product lines, or by switch, a change of currency is refused; without them bases follow it."""
    euro = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency_id('EUR')})"}
    async with sandbox() as box:
        path = f"opportunities({(await box.opportunity(estimatedvalue=92))['opportunityid']})"
        free = await box.patch(path, euro, **WHOLE)
        if by_switch:
            await box.switch(currency_locked=True)
        else:
            await line(box, path[14:-1], 1)
        dollar = {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({currency_id('USD')})"}
        refused = await box.patch(path, dollar)

    assert free.json()["estimatedvalue_base"] == 100
    assert code(refused) == (400, "0x80048479")


async def test_a_plug_in_runs_inside_the_call() -> None:
    """With the switch on, an update of the estimated value also moves the budget."""
    async with sandbox() as box:
        await box.switch(plugin=True)
        path = f"opportunities({(await box.opportunity())['opportunityid']})"
        answer = await box.patch(path, {"estimatedvalue": 70}, **WHOLE)

    assert answer.json()["budgetamount"] == 70


async def test_ownership_is_by_one_name_for_users_and_teams() -> None:
    """The owner binds to either kind and fills the owning user or team."""
    async with sandbox() as box:
        team = (await box.make("teams", name="Co-sell team"))["teamid"]
        owned = await box.opportunity(ownerid__bind=f"/systemusers({SELLER})")
        shared = await box.opportunity(ownerid__bind=f"/teams({team})")

    assert (owned["_owninguser_value"], owned["_owningteam_value"]) == (SELLER, None)
    assert (shared["_owninguser_value"], shared["_owningteam_value"]) == (None, team)
