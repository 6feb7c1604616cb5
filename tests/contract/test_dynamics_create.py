"""How the Dynamics gateway makes an opportunity out of a referral."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from sandbox.dynamics.seed import SELLER, SELLER_2, TEAM
from shared.domain import deal
from shared.domain.identity import chosen_id
from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Group, Person, Ref, Value, group
from shared.errors import Misconfigured, NeedsDecision, NotMet, Refused
from shared.ports import Mark, Note, Search
from tests.contract.dynamics_bench import AUDIT, MARKER, SYNC, DynamicsBench, new_draft, open_bench

ACCOUNT = chosen_id("cosell", "account", "contoso", "98052")


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


async def count(bench: DynamicsBench, entity_set: str, **where: str) -> int:
    query = " and ".join(f"{name} eq '{text}'" for name, text in where.items())
    return len(await bench.rows(f"{entity_set}?$filter={query}"))


@pytest.mark.parametrize(("answer", "stage"), [("sticks", Stage.HOLD), ("in_progress", Stage.OPEN)])
async def test_everything_of_a_referral_is_in_the_new_row(bench: DynamicsBench, answer: str, stage: Stage) -> None:
    """Sync is yes; referral, link, marker, values, solutions, owner, customer and Audit are there, in few calls."""
    await bench.switch(create_on_hold=answer, fill_customer=answer == "sticks")
    await bench.gateway.inspect()
    await bench.calls()
    draft = replace(new_draft(), note=Note(line="Came from Partner Center", mark=Mark.CHECK))
    record = await bench.gateway.create(draft)
    calls = await bench.calls()
    raw = await bench.raw(draft.id)

    assert sorted(call.partition("(")[0] for call in calls) == [
        "GET accounts",
        "GET contacts",
        "GET msft_mspartnersolutiondetails",
        "GET systemusers",
        "GET transactioncurrencies",
        "PATCH accounts",
        "PATCH contacts",
        "POST $batch",
    ]
    assert record.values[deal.STAGE] is stage
    assert {n: record.values[n] for n in draft.values if n not in (deal.STAGE, deal.TEAM, deal.SOLUTIONS)} == {
        n: v for n, v in draft.values.items() if n not in (deal.STAGE, deal.TEAM, deal.SOLUTIONS)
    }
    assert [s.key for s in record.values[deal.SOLUTIONS]] == ["sol-1001"]  # type: ignore[union-attr]  # a group
    assert [p.key for p in record.values[deal.TEAM]] == ["dana@fabrikam.example"]  # type: ignore[union-attr]  # a group
    assert (record.shared, record.counterpart, record.marker) == (True, draft.source.id, MARKER)
    assert {Ref("account", ACCOUNT), Ref("systemuser", SELLER)} <= set(record.related)
    assert (raw[SYNC], raw["name"], raw["_customerid_value"]) == (True, "✓ Contoso warehouse robots", ACCOUNT)
    assert raw[AUDIT].endswith("- Came from Partner Center")
    assert raw["msft_microsoftpartnercenterreferrallink"] == draft.source_link


async def test_creation_happens_once(bench: DynamicsBench) -> None:
    """However often and however concurrently it is tried, there is one opportunity, account and contact."""
    draft = new_draft()
    records = await asyncio.gather(*(bench.gateway.create(draft) for _ in range(4)))
    again = await bench.gateway.create(replace(draft, marker="another"))

    assert {record.version for record in records} == {again.version}
    assert again.marker == MARKER
    assert await count(bench, "accounts", name="Contoso") == 1
    assert await count(bench, "contacts", emailaddress1="jo@contoso.example.com") == 1
    assert len(await bench.rows("opportunities?$select=name")) == 1


async def test_a_creation_that_died_halfway_is_finished(bench: DynamicsBench) -> None:
    """An answer that never came leaves a row that the next try finds, and a search tells so."""
    draft = new_draft()
    await bench.control("POST", "faults", {"method": "POST", "path": "batch", "kind": "reset_after", "times": 1})
    with pytest.raises(Exception, match="no answer came"):
        await bench.gateway.create(draft)
    found = await bench.gateway.recover(draft, bench.clock.now())
    assert found.search is Search.FOUND
    assert found.record is not None
    assert (await bench.gateway.create(draft)).version == found.record.version
    absent = await bench.gateway.recover(replace(draft, id=MARKER), bench.clock.now())
    assert absent.search is Search.ABSENT


async def test_an_account_is_found_by_name_and_postal_code(bench: DynamicsBench) -> None:
    """The active account of that name and postal code is taken as it is; only an empty country code is filled in."""
    theirs = await bench.account(address1_country=None, address1_line1="Their own street", address1_city="Their city")
    await bench.account(address1_postalcode="10001")
    inactive = await bench.account()
    await bench.seller("PATCH", f"accounts({inactive['accountid']})", {"statecode": 1, "statuscode": 2})
    contact = await bench.contact(theirs["accountid"], jobtitle="CIO", firstname="Johanna")
    record = await bench.gateway.create(new_draft())
    account = await bench.seller("GET", f"accounts({theirs['accountid']})")

    assert {Ref("account", theirs["accountid"]), Ref("contact", contact["contactid"])} <= set(record.related)
    assert (account["address1_line1"], account["address1_country"]) == ("Their own street", "US")
    assert (await bench.seller("GET", f"contacts({contact['contactid']})"))["jobtitle"] == "CIO"


async def test_a_country_that_is_there_stays(bench: DynamicsBench) -> None:
    """What the customer's account says of its country is never overwritten."""
    account = await bench.account(address1_country="Deutschland")
    record = await bench.gateway.create(new_draft())
    kept = await bench.seller("GET", f"accounts({account['accountid']})")
    assert kept["address1_country"] == "Deutschland"
    assert kept["@odata.etag"] == account["@odata.etag"]
    customer = record.values[deal.CUSTOMER]
    assert isinstance(customer, Customer)
    assert customer.address.country == "DE"


async def test_several_accounts_are_a_decision(bench: DynamicsBench) -> None:
    """Two candidates are named to a person, and nothing is made."""
    one, two = await bench.account(), await bench.account()
    with pytest.raises(NeedsDecision) as caught:
        await bench.gateway.create(new_draft())
    assert one["accountid"] in caught.value.reason
    assert two["accountid"] in caught.value.reason
    assert await bench.rows("opportunities?$select=name") == []


async def test_an_account_of_ours_that_was_deactivated_is_a_decision(bench: DynamicsBench) -> None:
    """The id that an account would get is taken by one that somebody deactivated: a person is asked."""
    await bench.gateway.create(new_draft())
    await bench.seller("PATCH", f"accounts({ACCOUNT})", {"statecode": 1, "statuscode": 2})
    with pytest.raises(NeedsDecision, match="inactive"):
        await bench.gateway.create(replace(new_draft(), id=MARKER))


async def test_names_with_apostrophes_are_literals(bench: DynamicsBench) -> None:
    """A customer's name cannot end the literal that it is searched by."""
    address = Address(postal_code="' or name ne '", country="US")
    draft = new_draft(**{deal.CUSTOMER: Customer(name="O'Hara & Sons (100%) #1", address=address)})
    await bench.account(name="Another", address1_postalcode="1")
    record = await bench.gateway.create(draft)
    again = await bench.gateway.create(replace(draft, id=MARKER))
    assert record.values[deal.CUSTOMER] == again.values[deal.CUSTOMER] == draft.values[deal.CUSTOMER]


@pytest.mark.parametrize(
    ("default", "owner"),
    [
        ("sam@fabrikam.example", SELLER_2),
        ("Sam Okafor", SELLER_2),
        (SELLER_2, SELLER_2),
        ("Co-sell", TEAM),
        (TEAM, TEAM),
    ],
)
async def test_the_default_owner(default: str, owner: str) -> None:
    """A team that names nobody known leaves the row to the default owner: a user or a team, by id, mail or name."""
    async with open_bench(default_owner=default) as bench:
        strangers = group([Person(email="nobody@fabrikam.example"), Person(email="")])
        draft = new_draft(**{deal.TEAM: strangers})
        await bench.gateway.create(draft)
        assert (await bench.raw(draft.id))["_ownerid_value"] == owner


async def test_owners_must_exist() -> None:
    """A default owner that names nobody is a wrong setting, named with its value; none at all leaves it to the app."""
    async with open_bench(default_owner="Nobody") as bench:
        with pytest.raises(Misconfigured, match='DEFAULT_OWNER is "Nobody"'):
            await bench.gateway.create(new_draft(**{deal.TEAM: Group()}))
    async with open_bench(default_owner="Access") as bench:
        unit = (await bench.rows("businessunits?$select=businessunitid"))[0]["businessunitid"]
        bound = {"businessunitid@odata.bind": f"/businessunits({unit})"}
        await bench.seller("POST", "teams", {"name": "Access", "teamtype": 1} | bound)
        with pytest.raises(Misconfigured, match="no owner team"):
            await bench.gateway.create(new_draft(**{deal.TEAM: Group()}))
    async with open_bench() as bench:
        record = await bench.gateway.create(new_draft(**{deal.TEAM: Group()}))
        assert record.values[deal.TEAM] == Group()


async def test_disabled_users_own_nothing(bench: DynamicsBench) -> None:
    """A seller who has left is passed over for the next one of the team."""
    await bench.seller("PATCH", f"systemusers({SELLER})", {"isdisabled": True})
    people = group([Person(email="dana@fabrikam.example"), Person(email="sam@fabrikam.example")])
    record = await bench.gateway.create(new_draft(**{deal.TEAM: people}))
    assert Ref("systemuser", SELLER_2) in record.related


async def test_columns_take_what_fits(bench: DynamicsBench) -> None:
    """Texts are cut to their columns' lengths, with a mark at the end."""
    customer = Customer(name="C" * 200, address=Address(postal_code="1" * 30, city="Y" * 90, country="US"))
    values: dict[str, Value] = {deal.NAME: "N" * 400, deal.CUSTOMER: customer}
    draft = new_draft(**values)
    record = await bench.gateway.create(draft)
    shown = record.values[deal.CUSTOMER]
    assert isinstance(shown, Customer)
    assert (record.values[deal.NAME], shown.name) == ("N" * 299 + "…", "C" * 159 + "…")
    assert shown.address.city == "Y" * 79 + "…"
    assert (await bench.gateway.create(replace(draft, id=MARKER))).values[deal.CUSTOMER] == shown


async def test_no_customer_waits(bench: DynamicsBench) -> None:
    """A referral without a company's name waits for one."""
    for value in (None, Customer(name=" ")):
        with pytest.raises(NotMet, match="names no customer"):
            await bench.gateway.create(new_draft(**{deal.CUSTOMER: value}))


async def test_configured_columns_are_the_only_ones() -> None:
    """Deal value, currency and country are written where the settings say and nowhere else."""
    fields = {"deal_value_field": "budgetamount", "deal_currency_field": "stepname"}
    config: dict[str, Any] = {**fields, "country_code_field": "address1_county"}
    async with open_bench(**config) as bench:
        draft = new_draft()
        record = await bench.gateway.create(draft)
        raw = await bench.raw(draft.id)
        account = await bench.seller("GET", f"accounts({ACCOUNT})")
    assert (raw["budgetamount"], raw["estimatedvalue"], raw["stepname"]) == (1234.56, None, "EUR")
    assert (account["address1_county"], account["address1_country"]) == ("US", None)
    assert record.values[deal.AMOUNT] == draft.values[deal.AMOUNT]


async def test_a_refused_part_makes_nothing(bench: DynamicsBench) -> None:
    """Opportunity and solution rows come together or not at all."""
    organization: Any = bench.app.state.organization
    table = organization.schema.tables["msft_mspartnersolution"]
    table.columns["msft_name"] = replace(table.columns["msft_name"], required="SystemRequired")
    draft = new_draft()
    with pytest.raises(Refused):
        await bench.gateway.create(draft)
    assert await bench.gateway.read(draft.id) is None
