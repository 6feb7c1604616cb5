"""What the Dynamics gateway shows of an opportunity and of its organisation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sandbox.dynamics import SolutionTables
from sandbox.dynamics.seed import SELLER_2, TEAM, detail_id
from sandbox.dynamics.tables_connector import solution_row
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Group, Money, Person, Ref, Solution, Value, frozen, group
from shared.errors import Misconfigured
from shared.ports import Change
from tests.contract.dynamics_bench import MARKER, DynamicsBench, new_draft, open_bench

DANA = Person(email="dana@fabrikam.example", first_name="Dana", last_name="Rivera", phone="+1 425 555 0100")
SAM = Person(email="sam@fabrikam.example", first_name="Sam", last_name="Okafor", phone="+1 425 555 0101")
DETAILS = "/msft_mspartnersolutiondetails({})"


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


async def customer(bench: DynamicsBench) -> dict[str, Any]:
    """Lookups of a deal that a seller filled in completely."""
    place = {"address1_line1": "1 Way", "address1_city": "Bonn", "address1_country": "Deutschland"}
    account = (await bench.account(**place))["accountid"]
    contact = (await bench.contact(account, telephone1="+49 228 1", jobtitle="CIO"))["contactid"]
    return {
        "parentaccountid@odata.bind": f"/accounts({account})",
        "parentcontactid@odata.bind": f"/contacts({contact})",
    }


async def test_one_get_shows_the_whole_deal(bench: DynamicsBench) -> None:
    """Fields, customer, contact, owner and solutions come with a single request."""
    row = await bench.opportunity(
        **await customer(bench),
        name="✗ ✓ Contoso renewal",
        msft_microsoftpartnercenterreferralvisible=True,
        msft_microsoftpartnercenterhelp=299600005,
        msft_customerpurchaseintent=299600002,
        msft_microsoftpartnercenterreferralidentifier=" r-1 ",
    )
    ident = row["opportunityid"]
    bound = {"msft_OpportunityId@odata.bind": f"/opportunities({ident})"}
    detail = {"msft_SolutionDetailId@odata.bind": DETAILS.format(detail_id("SOL-1001"))}
    solution = await bench.seller("POST", "msft_mspartnersolutions", bound | detail)
    await bench.gateway.inspect()
    await bench.calls()
    record = await bench.gateway.read(ident.upper())

    assert [call.lower() for call in await bench.calls()] == [f"get opportunities({ident})"]
    assert record is not None
    address = Address(line1="1 Way", city="Bonn", postal_code="98052", country="DE")
    contact = Person(email="jo@contoso.example.com", first_name="Jo", last_name="Doe", phone="+49 228 1", title="CIO")
    expected: dict[str, Value] = {
        deal.NAME: "Contoso renewal",
        deal.AMOUNT: Money(Decimal(5000), "USD"),
        deal.CLOSING_DATE: date(2027, 1, 31),
        deal.NOTES: "Robots",
        deal.STAGE: Stage.OPEN,
        deal.VISIBLE: True,
        deal.HELP: "GeneralOrOther",
        deal.INTENT: "HaveNotDecided",
        deal.PROGRAM: None,
        deal.MICROSOFT_ID: None,
        deal.CUSTOMER: Customer(name="Contoso", address=address),
        deal.CONTACTS: group([contact]),
        deal.TEAM: group([DANA]),
        deal.SOLUTIONS: group(
            [Solution(id="SOL-1001", name="Contoso Retail Insights", type="IP", publisher="Fabrikam")]
        ),
    }
    assert dict(record.values) == expected
    assert (record.shared, record.counterpart, record.marker, record.locked) == (True, "r-1", "", {})
    assert Ref("msft_mspartnersolution", solution["msft_mspartnersolutionid"]) in record.related
    assert {ref.kind for ref in record.related} == {"account", "contact", "systemuser", "msft_mspartnersolution"}


@pytest.mark.parametrize("fill", [True, False])
async def test_a_potential_customer_will_do(bench: DynamicsBench, *, fill: bool) -> None:
    """Whether the service fills the form's account from the potential customer or not, the deal has its customer."""
    await bench.switch(fill_customer=fill)
    account = (await bench.account())["accountid"]
    record = await bench.snapshot(**{"customerid_account@odata.bind": f"/accounts({account})"})
    shown = record.values[deal.CUSTOMER]
    assert isinstance(shown, Customer)
    assert (shown.name, shown.address.country) == ("Contoso", "US")
    nobody = await bench.snapshot()
    assert (nobody.values[deal.CUSTOMER], nobody.values[deal.CONTACTS]) == (None, Group())


async def test_the_sales_team_is_owner_and_access_team(bench: DynamicsBench) -> None:
    """Members of the row's access team are of the team; nobody is where a team or an application owns the row."""
    row = await bench.opportunity()
    unit = (await bench.rows("businessunits?$select=businessunitid"))[0]["businessunitid"]
    about = {"regardingobjectid_opportunity@odata.bind": f"/opportunities({row['opportunityid']})"}
    named = {"name": "Access", "teamtype": 1, "businessunitid@odata.bind": f"/businessunits({unit})"}
    team = (await bench.seller("POST", "teams", about | named))["teamid"]
    member = {"@odata.id": f"systemusers({SELLER_2})"}
    await bench.seller("POST", f"teams({team})/teammembership_association/$ref", member)
    record = await bench.gateway.read(row["opportunityid"])
    assert record is not None
    assert record.values[deal.TEAM] == group([DANA, SAM])
    assert Ref("systemuser", SELLER_2) in record.related
    ours = await bench.snapshot(**{"ownerid@odata.bind": f"/teams({TEAM})"})
    assert ours.values[deal.TEAM] == Group()


async def test_a_computed_value_is_locked(bench: DynamicsBench) -> None:
    """A deal value that products make can only be sent, and closed rows lock everything."""
    record = await bench.snapshot(isrevenuesystemcalculated=True)
    assert set(record.locked) == {deal.AMOUNT}
    await bench.close(record.ref.id, "WinOpportunity")
    closed = await bench.gateway.read(record.ref.id)
    assert closed is not None
    assert set(closed.locked) == set(deal.TITLES) - deal.AFTER_WON
    assert closed.values[deal.ACTUAL] == Money(Decimal(70), "USD")


async def test_ids_that_are_none_are_nobody(bench: DynamicsBench) -> None:
    """What is no GUID names no row, and is not sent as a path either."""
    assert await bench.gateway.read("x)/../accounts") is None
    assert await bench.gateway.find("it's nobody's") == ()


async def test_solution_tables_are_found_under_any_name() -> None:
    """Relationships and labels lead to the tables, whatever they are called."""
    names = SolutionTables(row="msft_foo", detail="msft_bar", prefix="msft")
    async with open_bench(solution_tables=names) as bench:
        schema = await bench.gateway.inspect()
        record = await bench.gateway.create(new_draft())
    assert schema.solutions is not None
    assert (schema.solutions.row, schema.solutions.detail) == ("msft_foo", "msft_bar")
    assert [element.key for element in record.values[deal.SOLUTIONS]] == ["sol-1001"]  # type: ignore[union-attr]  # a group


async def test_without_solution_tables_there_are_no_solutions(bench: DynamicsBench) -> None:
    """Where labels do not say which tables they are, solutions are neither shown nor written: nothing is guessed."""
    tables = bench.app.state.organization.schema.tables
    tables["msft_mspartnersolution"].label = tables["msft_mspartnersolution"].plural = "Other"
    assert (await bench.gateway.inspect()).solutions is None
    assert deal.SOLUTIONS not in (await bench.gateway.create(new_draft())).values


async def test_two_candidates_are_no_answer(bench: DynamicsBench) -> None:
    """Where two pairs of tables bear the same labels, neither is taken."""
    schema = bench.app.state.organization.schema
    other = solution_row(SolutionTables(row="msft_copy"))
    schema.tables["msft_copy"] = schema.sets["msft_copys"] = other
    assert (await bench.gateway.inspect()).solutions is None


async def test_without_a_marker_column_none_is_carried(bench: DynamicsBench) -> None:
    """A missing column of ours, or any optional one, is passed over: nothing fails for it."""
    columns = bench.app.state.organization.schema.tables["opportunity"].columns
    for name in ("cosell_syncmarker", "msft_customerpurchaseintent", "msft_microsoftpartnercenterreferralsyncaudit"):
        del columns[name]
    record = await bench.gateway.create(new_draft())
    answer = await bench.gateway.write(Change(record=record, values=frozen({deal.INTENT: "Yes"}), marker=MARKER))
    assert (record.marker, answer.marker) == (None, None)
    assert deal.INTENT not in record.values


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"prefix": "abc"}, 'DATAVERSE_PREFIX is "abc"'),
        ({"deal_value_field": "nothing"}, 'DEAL_VALUE_FIELD is "nothing", but opportunity has no such column'),
        ({"deal_value_field": "name"}, 'DEAL_VALUE_FIELD is "name", a column of type String'),
        ({"deal_currency_field": "statecode"}, 'DEAL_CURRENCY_FIELD is "statecode"'),
        (
            {"country_code_field": "primarycontactid"},
            'COUNTRY_CODE_FIELD is "primarycontactid", a column of type Lookup',
        ),
    ],
)
async def test_wrong_columns_name_their_setting(config: dict[str, Any], words: str) -> None:
    """A configured column that does not exist or has another type is told with the setting, its value and what fits."""
    async with open_bench(**config) as bench:
        with pytest.raises(Misconfigured, match=words):
            await bench.gateway.read(MARKER)


async def test_a_column_that_vanishes_is_looked_up_again(bench: DynamicsBench) -> None:
    """A name that is unknown by now is read anew once; what remains unknown is a wrong setting."""
    record = await bench.snapshot()
    columns = bench.app.state.organization.schema.tables["opportunity"].columns
    marker = columns.pop("cosell_syncmarker")
    again = await bench.gateway.read(record.ref.id)
    assert again is not None
    columns["cosell_syncmarker"] = replace(marker, max_length=50)
    del columns["msft_microsoftpartnercenterreferralsync"]
    with pytest.raises(Misconfigured, match="referralsync"):
        await bench.gateway.read(record.ref.id)


async def test_microsofts_flows_are_found(bench: DynamicsBench) -> None:
    """Flows of Microsoft's connector that are switched on are named; switched off, none is."""
    assert await bench.gateway.microsoft_flows_active() == ()
    flows = await bench.rows("workflows?$select=name&$filter=startswith(name,'Dynamics')")
    await bench.seller("PATCH", f"workflows({flows[0]['workflowid']})", {"statecode": 1, "statuscode": 2})
    assert await bench.gateway.microsoft_flows_active() == ("Dynamics 365 to Partner Center",)
    await bench.seller("PATCH", f"workflows({flows[0]['workflowid']})", {"solutionid": MARKER})
    assert await bench.gateway.microsoft_flows_active() == ("Dynamics 365 to Partner Center",)
