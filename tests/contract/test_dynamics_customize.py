"""What `customize.yaml` changes at the Dynamics gateway, on its simulator: one section of the file a part."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.dynamics import leads_of
from shared.customize.source import ROOT
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Address, Customer, Money, Person, Ref, Value, group
from shared.errors import Misconfigured, NeedsDecision, NotMet
from tests.contract.custom_columns import REGION
from tests.contract.customized import customized, draft, draft_of, referred
from tests.contract.dynamics_bench import MARKER, DynamicsBench, open_bench, send

CREATE = """
opportunity:
  create:
    new_campaign: {from: campaignId, otherwise: none}
    new_story: {template: "{customerProfile.name} / {details.dealValue} ({customerProfile.address.state})"}
    new_region: Americas
    new_strategic: true
    new_due: 2027-01-31
    new_when: 2027-01-31
    new_budget: 1000.556
    new_score: 1.234
    new_seats: {from: details.customerRequestedContact, otherwise: 7}
    new_programid: {lookup: {table: new_program, where: {new_code: {template: "P-{campaignId}"}}}}
contact:
  create:
    new_origin: {from: "customerProfile.team[0].email"}
"""


async def program(bench: DynamicsBench, code: str, **values: Any) -> str:
    row = {"new_name": code, "new_code": code} | values
    return str((await bench.seller("POST", "new_programs", row))["new_programid"])


# --- 1. required columns ------------------------------------------------------------------------------------------


async def test_a_new_row_is_given_what_is_wished() -> None:
    """Constants of every type, what the referral says, a template and a looked-up row are in the row from the start."""
    async with customized(CREATE) as bench:
        wanted = await program(bench, "P-Spring-7")
        closed = await program(bench, "P-Spring-7")
        await bench.seller("PATCH", f"new_programs({closed})", {"statecode": 1, "statuscode": 2})
        record = await bench.gateway.create(draft())
        row = await bench.raw(record.ref.id)

    assert (row["new_campaign"], row["new_story"]) == ("Spring-7", "Contoso / 1234.5 ()")
    assert (row["new_region"], row["new_strategic"], row["new_seats"]) == (REGION + 1, True, 7)
    assert (row["new_due"], row["new_when"]) == ("2027-01-31", "2027-01-31T12:00:00Z")
    assert (row["new_budget"], row["new_score"]) == (1000.56, 1.23)
    assert row["_new_programid_value"] == wanted


async def test_new_contacts_and_accounts_are_given_what_is_wished() -> None:
    """Rows that are made beside the deal get their columns too; rows that are there are left as they are."""
    async with customized('account: {create: {new_tier: "{x}"}}\n'.replace("{x}", "Silver") + CREATE) as bench:
        await program(bench, "P-Spring-7")
        await bench.gateway.create(draft())
        (account,) = await bench.rows("accounts?$select=new_tier")
        (contact,) = await bench.rows("contacts?$select=new_origin")
        other = referred(customerProfile={"name": "Contoso"})
        await bench.gateway.create(draft_of(other, **{deal.NAME: "Another"}))
        (again,) = await bench.rows("accounts?$select=new_tier")

    assert (account["new_tier"], contact["new_origin"]) == ("Silver", "jo@contoso.example.com")
    assert again["@odata.etag"] == account["@odata.etag"]


async def test_a_text_from_the_referral_is_cut_to_its_column() -> None:
    """What a referral says may be longer than a column: it is cut with a mark, and refused by nobody."""
    async with customized("opportunity: {create: {new_campaign: {from: details.notes}}}") as bench:
        origin = referred(details={"notes": "a" * 50})
        row = await bench.raw((await bench.gateway.create(draft_of(origin))).ref.id)

    assert row["new_campaign"] == "a" * 19 + "…"


BY_CAMPAIGN = "{lookup: {table: new_program, where: {new_code: {from: campaignId}}}}"


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("new_seats: {from: details.notes}", "new_seats"),
        ("new_region: {from: campaignId}", "EMEA"),
        (f"new_programid: {BY_CAMPAIGN}", "no row of new_program"),
    ],
)
async def test_what_cannot_be_given_waits_with_its_reason(yaml: str, said: str) -> None:
    """A referral's word that no column takes, or no row answers to, waits for a person, and nothing is made."""
    async with customized(f"opportunity: {{create: {{{yaml}}}}}") as bench:
        with pytest.raises(NotMet, match=said) as caught:
            await bench.gateway.create(draft())

        assert await bench.rows("opportunities?$select=name") == []
    assert "Spring-7" not in caught.value.kept


async def test_a_lookup_without_anything_to_look_for_is_left_out() -> None:
    """Where the referral says nothing to look up by, the column stays empty and the deal goes on."""
    async with customized(f"opportunity: {{create: {{new_programid: {BY_CAMPAIGN}}}}}") as bench:
        record = await bench.gateway.create(draft_of(referred(campaignId=None)))

        assert (await bench.raw(record.ref.id))["_new_programid_value"] is None


async def test_an_inactive_or_ambiguous_row_is_bound_by_nobody() -> None:
    """Of two rows that answer to a lookup neither is taken."""
    async with customized(f"opportunity: {{create: {{new_programid: {BY_CAMPAIGN}}}}}") as bench:
        await program(bench, "Spring-7")
        await program(bench, "Spring-7")
        with pytest.raises(NotMet, match="several rows of new_program"):
            await bench.gateway.create(draft())


async def test_a_lookup_by_id_costs_no_call() -> None:
    """The id of a row is bound as it stands: the calls are those of a creation without it."""
    ident, counts, rows = "5f0f3a0e-7a55-4c5c-9a43-2f6d6c1f8f0b", [], []
    for given in ("new_campaign: x", f"new_programid: {{lookup: {{table: new_program, id: {ident}}}}}"):
        async with customized(f"opportunity: {{create: {{{given}}}}}") as bench:
            await program(bench, "A", new_programid=ident)
            await bench.gateway.inspect()
            await bench.calls()
            record = await bench.gateway.create(draft())
            counts.append(len(await bench.calls()))
            rows.append((await bench.raw(record.ref.id))["_new_programid_value"])

    assert (rows, counts[0]) == ([None, ident], counts[1])


# --- 2. further fields --------------------------------------------------------------------------------------------

PAIRS = """
opportunity:
  fields:
    - {column: new_campaign, path: campaignId, length: 10}
    - {column: new_plan, path: details.customerAction, as: choice, choices: {Ready: Ready to buy, Later: 100000001}}
    - {column: new_due, path: acceptedDateTime, as: date, direction: to_dynamics}
    - {column: new_when, path: closedDateTime, as: date, direction: to_dynamics}
    - {column: new_budget, path: details.incentiveLevel, as: money}
    - {column: new_seats, path: salesStage, as: number}
    - {column: new_strategic, path: favorite, as: yes_no}
    - {column: new_story, path: referralSource, direction: to_partner_center}
"""
TOLD: dict[str, Value] = {
    "x:new_campaign": "Spring-7",
    "x:new_plan": "Ready",
    "x:new_due": date(2027, 1, 31),
    "x:new_when": date(2027, 2, 28),
    "x:new_budget": Money(Decimal(1000), None),
    "x:new_seats": Money(Decimal(40), None),
    "x:new_strategic": True,
}
HELD = {
    "new_campaign": "Spring-7",
    "new_plan": REGION,
    "new_due": "2027-01-31",
    "new_when": "2027-02-28T12:00:00Z",
    "new_budget": 1000,
    "new_seats": 40,
    "new_strategic": True,
}


async def test_pairs_are_written_and_shown_by_their_columns_type() -> None:
    """Each kind of pair is in the new row as its column wants it, and is shown again in the referral's own words."""
    async with customized(PAIRS) as bench:
        record = await bench.gateway.create(draft(**TOLD, **{"x:new_story": "not sent here"}))
        row = await bench.raw(record.ref.id)
        shown = await bench.gateway.read(record.ref.id)

    assert {name: row[name] for name in HELD} == HELD
    assert row["new_story"] is None
    assert shown is not None
    assert {name: shown.values[name] for name in TOLD} == TOLD


async def test_a_write_of_a_pair_changes_its_column_alone() -> None:
    """One field of an installation's own is one column of the PATCH, and the answer shows it; empty is empty."""
    async with customized(PAIRS) as bench:
        before = await bench.snapshot(new_plan=REGION)
        after = await send(bench, before, {"x:new_plan": "Later", "x:new_campaign": "An endless campaign of ours"})
        emptied = await send(bench, after, dict.fromkeys(TOLD))
        row = await bench.raw(before.ref.id)

    assert (after.values["x:new_plan"], after.values["x:new_campaign"]) == ("Later", "An endless…"[:9] + "…")
    assert {emptied.values[name] for name in TOLD} == {None}
    assert {row[name] for name in HELD} == {None}


async def test_held_says_what_will_be_shown() -> None:
    """What a column rounds and cuts is known beforehand, and a pair that never flows here is not held at all."""
    async with customized(PAIRS) as bench:
        made = draft(**{**TOLD, "x:new_budget": Money(Decimal("9.999"), None), "x:new_story": "theirs"})
        held = await bench.gateway.held(made.values)
        record = await bench.gateway.create(made)

    assert {name: record.values[name] for name in TOLD} == {name: held[name] for name in TOLD}
    assert "x:new_story" not in held


async def test_an_option_that_nobody_mapped_travels_by_its_label() -> None:
    """The map comes first, then the label itself; a word that is neither waits for a person."""
    pair = "{column: new_plan, path: details.customerAction, as: choice, choices: {Ready: Ready to buy}}"
    async with customized(f"opportunity: {{fields: [{pair}]}}") as bench:
        before = await bench.snapshot(new_plan=REGION + 1)
        with pytest.raises(NotMet, match="name one under choices") as caught:
            await send(bench, before, {"x:new_plan": "Perhaps"})
        after = await send(bench, before, {"x:new_plan": "ready"})

    assert (before.values["x:new_plan"], after.values["x:new_plan"]) == ("Not now", "Ready")
    assert "Perhaps" not in caught.value.kept


async def test_an_amount_that_the_column_cannot_hold_waits() -> None:
    """A number of the referral beyond the column's bounds waits for a person, named by its path."""
    async with customized(PAIRS) as bench:
        before = await bench.snapshot()
        for amount, said in ((501, "more than new_seats"), (-1, "less than new_seats")):
            with pytest.raises(NotMet, match=f"salesStage.*{said}"):
                await send(bench, before, {"x:new_seats": Money(Decimal(amount), None)})


async def test_a_closed_row_locks_them_too() -> None:
    """On a closed opportunity a field of an installation's own is as locked as any other."""
    async with customized(PAIRS) as bench:
        record = await bench.snapshot()
        await bench.close(record.ref.id)
        closed = await bench.gateway.read(record.ref.id)

    assert closed is not None
    assert set(TOLD) <= set(closed.locked)


# --- 3. the customer's account ------------------------------------------------------------------------------------

RULES = """
account:
  match:
    - {id: Duns, column: new_duns}
    - domain: [websiteurl, emailaddress1]
    - columns: {name: "Contoso", address1_city: {from: customerProfile.address.city}}
    - name_and_postal_code
"""


async def test_the_first_rule_with_one_match_wins() -> None:
    """An account with the customer's id is taken before one with its domain, and that before one with its name."""
    for kept in range(4):
        async with customized(RULES) as bench:
            rivals = [
                {"name": "By id", "new_duns": "150483782"},
                {"name": "By domain", "websiteurl": "https://www.Contoso.Example.com/about"},
                {"name": "Contoso", "address1_city": "Redmond", "address1_postalcode": "1"},
                {"name": "Contoso"},
            ][kept:]
            made = [await bench.account(**rival) for rival in rivals]
            await bench.account(name="Another", websiteurl="https://notcontoso.example.com")
            record = await bench.gateway.create(draft())

            assert Ref("account", made[0]["accountid"]) in record.related, rivals[0]


async def test_several_matches_of_a_rule_are_a_decision() -> None:
    """A rule that finds two names both to a person and hands the question to no later rule."""
    async with customized(RULES) as bench:
        twins = [await bench.account(name=f"Twin {n}", new_duns="150483782") for n in (1, 2)]
        await bench.account()
        with pytest.raises(NeedsDecision, match="same Duns") as caught:
            await bench.gateway.create(draft())

        assert await bench.rows("opportunities?$select=name") == []
    assert all(twin["accountid"] in caught.value.reason for twin in twins)


async def test_a_rule_without_anything_to_look_for_is_passed_by() -> None:
    """A referral without the id, with people of a public mail service and without a city finds by name."""
    mail = group([Person(email="jo@outlook.com", first_name="Jo", last_name="Doe", phone="1")])
    async with customized(RULES) as bench:
        await bench.account(name="No id", new_duns=None)
        await bench.account(name="Public", emailaddress1="info@outlook.com")
        wanted = await bench.account()
        bare = referred(customerProfile={"name": "Contoso"})
        record = await bench.gateway.create(draft_of(bare, **{deal.CONTACTS: mail}))

    assert Ref("account", wanted["accountid"]) in record.related


async def test_a_web_site_that_is_none_is_nobodys() -> None:
    """A column that holds the domain's letters in no address at all finds nothing and stops nothing."""
    async with customized("account: {match: [{domain: websiteurl}]}") as bench:
        odd = await bench.account(name="Odd", websiteurl="http://[contoso.example.com")
        record = await bench.gateway.create(draft())

    assert Ref("account", odd["accountid"]) not in record.related


async def test_a_new_account_is_found_by_its_own_rules() -> None:
    """A customer known by an id alone gets one account, with that id in it, however many referrals name it."""
    async with customized("account: {match: [{id: Duns, column: new_duns}], create: {new_tier: Gold}}") as bench:
        await asyncio.gather(*(bench.gateway.create(draft()) for _ in range(3)))
        renamed = Customer(name="Contoso Ltd", address=Address(postal_code="1", country="US"))
        again = await bench.gateway.create(draft(**{deal.CUSTOMER: renamed}))
        (account,) = await bench.rows("accounts?$select=new_duns,new_tier")
        other = referred(customerProfile={"name": "Contoso", "ids": [{"profileType": "Duns", "id": "9"}]})
        await bench.gateway.create(draft_of(other))

        assert len(await bench.rows("accounts?$select=name")) == 2
    assert (account["new_duns"], account["new_tier"]) == ("150483782", "Gold")
    assert Ref("account", account["accountid"]) in again.related


# --- 4. countries -------------------------------------------------------------------------------------------------


async def test_a_country_is_read_and_written_by_its_own_name() -> None:
    """A CRM that calls a country by a name of its own shows its code, and a new account is given that name."""
    us = "countries: {names: {Vereinigte Staaten (USA): US, USA West: US}}"
    async with customized(us) as bench:
        record = await bench.gateway.create(draft())
        (made,) = await bench.rows("accounts?$select=address1_country")
        named = await bench.account(name="Named", address1_country="usa west")
        theirs = await bench.snapshot(**{"parentaccountid@odata.bind": f"/accounts({named['accountid']})"})

    assert made["address1_country"] == "Vereinigte Staaten (USA)"
    assert [country(each.values[deal.CUSTOMER]) for each in (record, theirs)] == ["US", "US"]


LOOKUP = "countries: {names: {Allemagne: DE}, lookup: {column: new_countryid, holds: new_name}}"


async def test_a_country_in_a_lookup_is_read_and_bound() -> None:
    """What people choose in the lookup is the country, by code or by name; a new account has code and lookup filled."""
    german = Customer(name="Contoso", address=Address(line1="1 Weg", city="Köln", postal_code="50667", country="DE"))
    async with customized(LOOKUP) as bench:
        row = await bench.seller("POST", "new_countries", {"new_name": "Allemagne"})
        bound = {"new_CountryId@odata.bind": f"/new_countries({row['new_countryid']})"}
        theirs = await bench.account(name="Theirs", address1_country="US", **bound)
        shown = await bench.snapshot(**{"parentaccountid@odata.bind": f"/accounts({theirs['accountid']})"})
        empty = await bench.account(address1_postalcode="50667", address1_country=None)
        record = await bench.gateway.create(draft(**{deal.CUSTOMER: german}))
        filled = await bench.seller("GET", f"accounts({empty['accountid']})")

    assert country(shown.values[deal.CUSTOMER]) == country(record.values[deal.CUSTOMER]) == "DE"
    assert (filled["address1_country"], filled["_new_countryid_value"]) == ("Allemagne", row["new_countryid"])


def country(value: Value) -> str:
    assert isinstance(value, Customer)
    return value.address.country


# --- 5. status reasons --------------------------------------------------------------------------------------------

STATUS = """
opportunity:
  status:
    on_hold: [Waiting for Microsoft, On Hold]
    accepted: [Qualified, 1]
    closing: {won: Co-sell win, lost: Canceled, "Customer has no budget": No budget}
"""


async def test_reasons_mean_what_is_wished() -> None:
    """A pending referral's row gets the first reason that holds, every such reason shows it, and so with accepted."""
    async with customized(STATUS) as bench:
        record = await bench.gateway.create(draft())
        row = await bench.raw(record.ref.id)
        stages = [(await bench.snapshot(statuscode=value)).values[deal.STAGE] for value in (100, 2, 101, 1)]
        open_now = await send(bench, record, {deal.STAGE: Stage.ACTIVE})
        accepted = await bench.raw(record.ref.id)

    assert (row["statuscode"], accepted["statuscode"]) == (100, 101)
    assert stages == [Stage.HOLD, Stage.HOLD, Stage.OPEN, Stage.OPEN]
    assert open_now.values[deal.STAGE] is Stage.OPEN


async def test_an_accepted_referral_makes_a_row_with_an_accepted_reason() -> None:
    """Where the environment's own default would mean on hold, the row says accepted."""
    async with customized("opportunity: {status: {accepted: [Qualified]}}") as bench:
        record = await bench.gateway.create(draft(**{deal.STAGE: Stage.ACTIVE}))
        plain = await bench.snapshot()

    assert (record.values[deal.STAGE], plain.values[deal.STAGE]) == (Stage.OPEN, Stage.HOLD)


async def test_what_is_left_of_the_accepted_reasons_holds() -> None:
    """With accepted reasons alone every other open one holds, and a pending referral's row gets one of those."""
    async with customized("opportunity: {status: {accepted: [In Progress, On Hold, Qualified]}}") as bench:
        row = await bench.raw((await bench.gateway.create(draft())).ref.id)
        stages = [(await bench.snapshot(statuscode=value)).values[deal.STAGE] for value in (100, 2)]

    assert (row["statuscode"], stages) == (100, [Stage.HOLD, Stage.OPEN])


@pytest.mark.parametrize(
    ("stage", "reason", "status"),
    [
        (Stage.WON, None, 111),
        (Stage.LOST, None, 4),
        (Stage.LOST, "Customer has no budget", 110),
        (Stage.DECLINED, "customer has NO budget!", 110),
        (Stage.DECLINED, "Out-Sold", 5),
        (Stage.WON, "Customer has no budget", 111),
    ],
)
async def test_a_close_takes_the_wished_reason(stage: Stage, reason: str | None, status: int) -> None:
    """The referral's own reason decides first, then how it was closed, then a label that says the same."""
    async with customized(STATUS) as bench:
        before = await bench.snapshot()
        await send(bench, before, {deal.STAGE: stage, deal.CLOSE_REASON: reason})
        assert (await bench.raw(before.ref.id))["statuscode"] == status


# --- the lead, and the file as a whole ----------------------------------------------------------------------------


async def test_a_new_lead_is_given_what_is_wished() -> None:
    """A lead gets its columns when it is made, its country by the CRM's name; what the referral says of it stands."""
    yaml = """
lead: {create: {new_source: {template: "{campaignId} of {customerProfile.name}"}, leadqualitycode: Hot}}
countries: {names: {Amerika: US}}
"""
    async with customized(yaml) as bench:
        record = await leads_of(bench.gateway).create(replace(draft(), id=MARKER))
        (row,) = await bench.rows("leads")

    assert (row["new_source"], row["leadqualitycode"]) == ("Spring-7 of Contoso", 1)
    assert (row["address1_country"], row["subject"]) == ("Amerika", record.values[deal.NAME])


async def test_a_lead_without_wishes_costs_nothing_more() -> None:
    """A file that says nothing of leads adds no call to the creation of one."""
    counts = []
    for made in (open_bench(), customized("countries: {names: {Norge: NO}}")):
        async with made as bench:
            await leads_of(bench.gateway).create(replace(draft(), id=MARKER))
            counts.append(await bench.calls())

    assert [len(calls) for calls in counts] == [len(counts[0])] * 2


async def test_the_worked_example_works() -> None:
    """The file of docs/customize.md fits an organisation that has its columns, and makes a row under all of it."""
    text = (ROOT / "docs/customize.md").read_text(encoding="utf-8")
    async with customized(text.partition("```yaml\n")[2].partition("```")[0]) as bench:
        await program(bench, "COSELL")
        record = await bench.gateway.create(draft(**{"x:new_campaign": "Spring-7", "x:new_plan": "Later"}))
        row = await bench.raw(record.ref.id)

    assert (row["new_region"], row["new_story"]) == (REGION, "Contoso, Redmond: Forklifts that count")
    assert (row["statuscode"], row["new_plan"], record.values["x:new_plan"]) == (100, REGION + 1, "Later")


# --- what cannot be -----------------------------------------------------------------------------------------------

CREATED = [  # (column: value, where it is wrong, what it may be), all under opportunity.create
    ("new_campain: x", "new_campain", "new_campaign"),
    ("new_campaign: a text that is far too long", "new_campaign", "20 characters"),
    ("new_campaign: 7", "new_campaign", "quotes"),
    ("new_seats: 501", "new_seats", "more than new_seats"),
    ("new_seats: many", "new_seats", "a number"),
    ("new_region: Asia", "new_region", r"EMEA \(100000000\), Americas"),
    ("new_region: {from: campaignId, otherwise: Asia}", "new_region.otherwise", "EMEA"),
    ("new_strategic: maybe", "new_strategic", "true or false"),
    ("new_due: soon", "new_due", "2027-01-31"),
    ("new_programid: x", "new_programid", "lookup"),
    ("new_programid: {from: campaignId}", "new_programid", "lookup"),
    ("new_computed: x", "new_computed", "filled by"),
    ("description: x", "description", "filled by the product"),
    ("new_campaign: {lookup: {table: account, where: {name: x}}}", "new_campaign.lookup", "a plain value"),
    ("new_programid: {lookup: {table: account, where: {name: x}}}", "lookup.table", "new_program"),
    ("new_programid: {lookup: {table: new_program, where: {new_cod: x}}}", "where.new_cod", "new_code"),
    ("new_programid: {lookup: {table: new_program, where: {statecode: x}}}", "where.statecode", "text"),
    ("new_orphanid: {lookup: {table: new_program, where: {new_code: x}}}", "new_orphanid.lookup", "no way to bind"),
    ("stageid: x", "stageid", "of another type than Uniqueidentifier"),
    ("stageid: {from: campaignId}", "stageid", "of another type than Uniqueidentifier"),
]
PAIRED = [  # (pair, what may be wrong in it, what it may be), all of the first of opportunity.fields
    ("column: new_nothing, path: campaignId", "column", "a column of opportunity"),
    ("column: new_region, path: campaignId", "column", "as: choice"),
    ("column: new_programid, path: campaignId", "column", "another column"),
    ("column: description, path: campaignId", "column", "kept by the product"),
    ("column: new_computed, path: campaignId", "column", "to_partner_center"),
    ("column: new_plan, path: campaignId, as: choice, choices: {A: Never}", "choices.A", "Ready to buy"),
]
WRONG = [
    *((f"opportunity: {{create: {{{given}}}}}", f"create.*{where}", may_be) for given, where, may_be in CREATED),
    *((f"opportunity: {{fields: [{{{pair}}}]}}", rf"fields\[0\].{where}", may_be) for pair, where, may_be in PAIRED),
    ("lead: {create: {new_sorce: x}}", "lead.create.new_sorce", "new_source"),
    ("lead: {create: {subject: x}}", "lead.create.subject", "filled by"),
    ("account: {create: {address1_city: x}}", "account.create.address1_city", "filled by"),
    ("account: {match: [{id: Duns, column: new_dun}]}", r"account.match\[0\]", "new_duns"),
    ("account: {match: [{domain: revenue}]}", r"account.match\[0\]", "a text column"),
    ("countries: {lookup: {column: new_tier, holds: new_code}}", "countries.lookup.column", "a lookup of the account"),
    ("countries: {lookup: {column: new_countryid, holds: new_iso}}", "countries.lookup.holds", "new_country"),
    ("opportunity: {status: {on_hold: [Parked]}}", r"status.on_hold\[0\]", "Waiting for Microsoft"),
    ("opportunity: {status: {on_hold: [2], accepted: [1]}}", "opportunity.status", "Waiting for Microsoft, Qualified"),
    ("opportunity: {status: {closing: {won: Canceled}}}", "closing.won", r"Co-sell win \(111\)"),
    ("opportunity: {status: {accepted: [1, 2, 100, 101]}}", "status.accepted", "on hold"),
    ("opportunity: {status: {on_hold: [1, 2, 100, 101]}}", "status.on_hold", "accepted"),
    ("countries: {lookup: {column: new_orphanid, holds: new_code}}", "countries.lookup.column", "no way to bind"),
]


@pytest.mark.parametrize(("yaml", "where", "may_be"), WRONG, ids=[yaml for yaml, *_ in WRONG])
async def test_what_the_organisation_contradicts_is_named_before_any_record(yaml: str, where: str, may_be: str) -> None:
    """A wrong column, type, choice or table is a wrong setting, named by line and key with what it may be."""
    async with customized(yaml) as bench:
        with pytest.raises(Misconfigured, match=f"(?s)CUSTOMIZE line 2.*{where}.*{may_be}"):
            await bench.gateway.inspect()


async def test_a_table_that_is_not_there_is_named() -> None:
    """An organisation without leads cannot give them anything, and is told so at the start."""
    async with customized("lead: {create: {new_source: x}}") as bench:
        rule = {"method": "GET", "path": "LogicalName='lead'", "status": 404, "times": 20}
        await bench.control("POST", "faults", rule)
        with pytest.raises(Misconfigured, match=r"CUSTOMIZE line 2, lead.create.new_source.*there is no table lead"):
            await bench.gateway.inspect()


async def test_everything_wrong_is_named_at_once() -> None:
    """Nobody has to mend one line to hear of the next."""
    async with customized("opportunity:\n  create:\n    new_a: 1\n    new_b: 2\nlead: {create: {new_c: 3}}") as bench:
        with pytest.raises(Misconfigured) as caught:
            await bench.gateway.inspect()

    assert [problem.partition(",")[0] for problem in caught.value.problems] == [
        "CUSTOMIZE line 4",
        "CUSTOMIZE line 5",
        "CUSTOMIZE line 6",
    ]


async def test_without_a_file_nothing_more_is_read() -> None:
    """The metadata costs the calls that it always cost; with a file it costs more, once a worker."""
    counts = []
    for made in (open_bench(), customized("countries: {names: {Norge: NO}}"), customized(CREATE)):
        async with made as bench:
            await bench.gateway.inspect()
            counts.append(len(await bench.calls()))

    assert counts[0] == counts[1] < counts[2]
