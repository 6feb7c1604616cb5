"""The shipped security role is enough for everything the connector does, and holds nothing that it does not need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest

from sandbox.dynamics import SolutionTables
from sandbox.dynamics.role import DEPTHS, WHOLE
from shared.connectors.dynamics import leads_of
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Money, Person, Solution, Value, frozen, group
from shared.errors import AccessLost
from shared.ports import Change
from tests.contract.dynamics_bench import DynamicsBench, new_draft, open_bench, send
from tests.security.dataverse_role import document, shipped

DENIED = "0x80040220"  # PrivilegeDenied, HTTP 403: web-service-error-codes
OTHERS = SolutionTables(row="msft_offer", detail="msft_offerdetail")
ONE, TWO = Solution(id="SOL-1001", name="Insights"), Solution(id="SOL-7777", name="Novelty")
SOMEBODY = group([Person(email="new@contoso.example.com", first_name="New", last_name="Person")])
NEWCOMER: dict[str, Value] = {
    deal.CUSTOMER: Customer(name="Tailspin", address=Address(postal_code="10115", country="DE")),
    deal.SOLUTIONS: group([ONE, TWO]),
    deal.TEAM: group([]),
}
SHIPPED = sorted(shipped())


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    """A customer is there already, without its country; new deals of nobody's belong to a team."""
    async with open_bench(default_owner="Co-sell") as bench:
        await bench.account(address1_country=None)
        yield bench


async def everything(bench: DynamicsBench) -> None:
    """Each kind of call that the product makes to Dataverse, the rare ones too."""
    await bench.gateway.ping()
    await bench.gateway.microsoft_flows_active()
    await bench.gateway.inspect()
    pages = [page async for page in bench.gateway.changes(None)]
    made = await bench.gateway.create(new_draft())
    await bench.gateway.create(replace(new_draft(**NEWCOMER), id="00000000-0000-4000-8000-00000000beef"))
    news = [seen async for page in bench.gateway.changes(pages[-1].cursor) for seen in page.seen]
    assert made.ref in {seen.ref for seen in news}
    assert made.ref.id in await bench.gateway.find(made.counterpart)
    await edits(bench, made.ref.id)
    await leads_too(bench)
    await catalogue(bench)


async def leads_too(bench: DynamicsBench) -> None:
    """A lead that is made, found, written and qualified, and the opportunity that comes of it."""
    leads = leads_of(bench.gateway)
    draft = replace(new_draft(), id="00000000-0000-4000-8000-00000000aaaa")
    lead = await leads.create(draft)
    assert lead.ref.id in await leads.find(lead.counterpart)
    change = Change(record=lead, values=frozen({deal.STAGE: Stage.QUALIFIED}), marker="m")
    lead = await leads.write(change)
    assert await bench.gateway.made_from(lead.ref) == ()
    await bench.gateway.create(replace(new_draft(), id="00000000-0000-4000-8000-00000000bbbb", origin=lead.ref))


async def edits(bench: DynamicsBench, ident: str) -> None:
    """Fields, currency, contact, solutions added and taken away; won, reopened, lost."""
    record = await bench.gateway.read(ident)
    assert record is not None
    values: dict[str, Value] = {deal.SOLUTIONS: group([TWO]), deal.CONTACTS: SOMEBODY}
    record = await send(bench, record, values | {deal.AMOUNT: Money(Decimal(7), "USD")})
    for stage in (Stage.WON, Stage.OPEN, Stage.LOST):
        record = await send(bench, record, {deal.STAGE: stage})
    assert record.values[deal.STAGE] is Stage.LOST


async def catalogue(bench: DynamicsBench) -> None:
    """What `cosell solutions import` does: a detail is made, and another brought up to date."""
    library = await bench.gateway.library()
    wanted = [replace(ONE, name="Renamed"), Solution(id="SOL-8888", name="Loaded")]
    await library.write(library.planned(wanted, await library.every()))


async def test_the_role_is_enough_and_nothing_is_left_over(bench: DynamicsBench) -> None:
    """Every call of the connector succeeds under the shipped role, and together they ask for all of it."""
    await bench.control("POST", "role", {"privileges": shipped()})
    await everything(bench)
    asked = (await bench.control("GET", "role"))["asked"]
    assert asked == SHIPPED


@pytest.mark.parametrize("privilege", SHIPPED)
async def test_each_privilege_is_needed(bench: DynamicsBench, privilege: str) -> None:
    """Without any one of them some call is refused with the vendor's code, and the refusal names it."""
    await bench.control("POST", "role", {"privileges": {n: d for n, d in shipped().items() if n != privilege}})
    with pytest.raises(AccessLost, match=f"missing {privilege} privilege") as caught:
        await everything(bench)
    assert (caught.value.remote.status, caught.value.remote.code) == (403, DENIED)


async def test_a_write_whose_row_cannot_be_read_says_which_privilege_is_missing(bench: DynamicsBench) -> None:
    """A refused read after a write is a missing privilege, not an outage that would be waited out for days."""
    made = await bench.gateway.create(new_draft())
    await bench.control("POST", "role", {"privileges": {n: d for n, d in shipped().items() if n != "prvReadTeam"}})
    with pytest.raises(AccessLost, match="missing prvReadTeam privilege"):
        await send(bench, made, {deal.STAGE: Stage.WON})


@pytest.mark.parametrize("depth", DEPTHS[:-1])
async def test_changes_are_followed_for_the_whole_organisation_alone(bench: DynamicsBench, depth: str) -> None:
    """Change tracking asks for organisation-level read; a narrower depth is refused, so the role says Global."""
    await bench.control("POST", "role", {"privileges": shipped() | {"prvReadOpportunity": depth}})
    with pytest.raises(AccessLost, match="missing prvReadOpportunity"):
        await everything(bench)


async def test_other_names_of_the_solution_tables_lead_to_other_privileges() -> None:
    """The solution tables' privileges follow what an organisation calls the tables."""
    async with open_bench(solution_tables=OTHERS, default_owner="Co-sell") as bench:
        await bench.control("POST", "role", {"privileges": shipped()})
        with pytest.raises(AccessLost, match="Msft_Offer"):
            await bench.gateway.create(new_draft())


async def test_sellers_are_not_held_to_it(bench: DynamicsBench) -> None:
    """The role is the application user's: what people may do is their own roles' business."""
    await bench.control("POST", "role", {"privileges": {}})
    with pytest.raises(AccessLost):
        await bench.gateway.find("r-1")
    assert await bench.rows("opportunities") == []


def test_the_file_is_what_an_administrator_can_check() -> None:
    """Each privilege is named once, at a depth that exists, with what it is for and how it is known."""
    role = document()
    names = [each["name"] for each in role["privileges"]]
    pairs = [(each["table"], each["right"]) for each in role["tables"]]
    assert (len(names), len(pairs)) == (len(set(names)), len(set(pairs)))
    assert {each["evidence"] for each in role["privileges"]} <= {"documented", "seen", "unsure"}
    every = [*role["privileges"], *role["tables"]]
    assert all(each["depth"] == WHOLE and each["for"] for each in every)
