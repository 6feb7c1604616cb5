"""`customize.yaml` in the whole app, between both simulators: from the setting to what people see on both sides."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.people import REFERRAL
from shared.domain.outcome import Kind
from tests.contract.custom_columns import REGION, add
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound

ACTIVE = {"status": "Active", "substatus": "Accepted"}
YAML = """version: 1
opportunity:
  create:
    new_region: EMEA
    new_story: {template: "{name}: {details.notes}"}
  fields:
    - {column: new_campaign, path: campaignId, conflict: partner_center, title: Campaign}
    - {column: new_plan, path: details.customerAction, as: choice, choices: {Ready: Ready to buy, Later: Not now}}
    - {column: new_duns, path: "customerProfile.ids[profileType=Duns].id", direction: to_dynamics}
  status:
    on_hold: [Waiting for Microsoft, On Hold]
    closing: {lost: No budget}
lead:
  create:
    new_source: {template: "Microsoft: {campaignId}"}
account:
  match: [{id: Duns, column: new_duns}, name_and_postal_code]
countries:
  names: {Amerika: US}
"""


@pytest.fixture
async def own(bench: Bench) -> Bench:
    """The bench under that file, in an organisation with those columns."""
    organization = bench.dynamics.state.organization
    add(organization)
    columns = organization.schema.tables
    columns["opportunity"].columns["new_duns"] = columns["account"].columns["new_duns"]
    await bench.people.control("dynamics", "POST", "role", {"privileges": None})
    bench.configure(CUSTOMIZE=YAML)
    return bench


async def test_a_referral_becomes_an_opportunity_as_it_is_wished(own: Bench) -> None:
    """Required columns, further fields, the account by its id, its country by its name, the reason for on hold."""
    account = await own.people.account(name="Another name", new_duns="150483782", address1_country=None)
    ids = [{"profileType": "Duns", "id": "150483782"}]
    _, row = await linked_inbound(own, customerProfile={"ids": ids}, campaignId="Spring-7")
    read = await own.people.crm("GET", f"accounts({account})")

    assert (await own.app.health()).status == 200
    assert (row["new_region"], row["new_campaign"], row["new_duns"]) == (REGION, "Spring-7", "150483782")
    assert row["new_story"].startswith("Contoso factory analytics: Contoso wants")
    assert (row["statuscode"], row["parentaccountid"]["accountid"]) == (100, account)
    assert read["address1_country"] == "Amerika"


async def test_further_fields_go_both_ways(own: Bench) -> None:
    """An edit on either side is one PATCH of one path or column on the other, told by its title, and then at rest."""
    referral, row = await linked_inbound(own, **ACTIVE, campaignId="Spring-7")
    ident, key = str(referral["id"]), str(row["opportunityid"])
    await own.people.edit_referral(ident, details={"customerAction": "Ready"})
    await own.settle()
    one = await own.people.read_opportunity(key)
    own.calls.clear()
    await own.people.edit_opportunity(key, new_plan=REGION + 1, new_campaign="Autumn-8")
    await own.settle()
    two = await own.people.read_referral(ident)
    (patch,) = own.sent("pc PATCH referrals")
    own.calls.clear()
    await own.heal()

    assert (one["new_plan"], two["details"]["customerAction"], two["campaignId"]) == (REGION, "Later", "Autumn-8")
    assert {each["path"] for each in patch} == {"/details/customerAction", "/campaignId", "/lastRunId"}
    said = audit(await own.people.read_opportunity(key))
    assert said[:2] == ["Partner Center updated: Campaign, new_plan", "Updated from Partner Center: new_plan"]
    assert [call.name for call in own.calls if "PATCH" in call.name or "POST" in call.name] == []


async def test_both_edited_and_the_pairs_owner_wins(own: Bench) -> None:
    """CONFLICT_WINNER is Dynamics 365 here, and the pair says Partner Center: that stands, and Audit names both."""
    referral, row = await linked_inbound(own, **ACTIVE, campaignId="Spring-7")
    await own.people.edit_referral(str(referral["id"]), campaignId="Theirs", name="Theirs")
    await own.people.edit_opportunity(str(row["opportunityid"]), new_campaign="Ours", name="Ours")
    await own.settle()
    theirs, ours = await own.own(), await own.row()

    assert (theirs["campaignId"], ours["new_campaign"]) == ("Theirs", "Theirs")
    assert (theirs["name"], ours["name"]) == ("Ours", "✓ Ours")
    wanted = 'Campaign was set to "Ours" in Dynamics 365 and "Theirs" in Partner Center at the same time'
    assert any(wanted in line for line in audit(ours))


async def test_an_opportunity_becomes_a_referral_with_its_further_fields(own: Bench) -> None:
    """The POST carries what flows to Partner Center, and the country's name went out as its code."""
    referral, _ = await linked_outbound(own, new_plan=REGION, new_campaign="Autumn-8", new_duns="kept here")
    (post,) = own.sent("pc POST referrals")

    assert (referral["campaignId"], referral["details"]["customerAction"]) == ("Autumn-8", "Ready")
    assert (referral["customerProfile"]["address"]["country"], "kept here" in str(post)) == ("US", False)


async def test_the_countrys_own_name_goes_out_as_its_code(own: Bench) -> None:
    """An account whose country has this CRM's own name is shared with the two letters that Partner Center wants."""
    account = await own.people.account(address1_country="amerika")
    ident = await own.people.opportunity(account, await own.people.contact(account))
    await own.settle()
    row = await own.people.read_opportunity(ident)
    referral = await own.people.read_referral(str(row[REFERRAL]))

    assert referral["customerProfile"]["address"]["country"] == "US"


async def test_leaving_a_reason_that_holds_accepts(own: Bench) -> None:
    """From one reason that holds to another nothing is accepted; to any other open reason the referral is."""
    referral, row = await linked_inbound(own)
    ident, stages = str(row["opportunityid"]), []
    for reason in (2, 101):
        await own.people.edit_opportunity(ident, statuscode=reason)
        await own.settle()
        stages.append((await own.people.read_referral(str(referral["id"])))["status"])

    assert (row["statuscode"], stages) == (100, ["New", "Active"])


async def test_a_lead_and_the_opportunity_that_it_becomes_are_given_what_is_wished(own: Bench) -> None:
    """The lead gets its columns, and once it is accepted the opportunity its own, with its further fields."""
    made = await own.people.referral("lead", campaignId="Spring-7")
    await own.settle()
    (lead,) = await own.people.leads()
    await own.people.edit_referral(str(made["id"]), status="Active", substatus="Accepted")
    await own.settle()
    row = await own.row()

    assert (lead["new_source"], row["new_region"], row["new_campaign"]) == ("Microsoft: Spring-7", REGION, "Spring-7")
    assert row["_originatingleadid_value"] == lead["leadid"]


async def test_a_lost_deal_is_closed_with_the_wished_reason(own: Bench) -> None:
    """The status reason of the row is the one that the file names for it."""
    referral, row = await linked_inbound(own, **ACTIVE)
    await own.people.edit_referral(str(referral["id"]), status="Closed", substatus="Lost")
    await own.settle()

    assert (await own.people.read_opportunity(str(row["opportunityid"])))["statuscode"] == 110


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("version: 1\nopportunity:\n  create:\n    new_regoin: EMEA\n", "line 4, opportunity.create.new_regoin"),
        ("version: 1\nopportunity:\n  create:\n    new_region: Asia\n", "EMEA (100000000)"),
        ("version: 1\nopportunity:\n  create: {new_story: {from: detials.notes}}\n", "details.notes"),
    ],
)
async def test_a_wrong_file_is_named_by_health_and_nothing_is_parked(own: Bench, yaml: str, said: str) -> None:
    """Signals wait, health is red with line and key, and once the file is right everything is done."""
    own.configure(CUSTOMIZE=yaml)
    health = await own.app.health()
    assert (health.status, said in str(health.body)) == (503, True)
    await own.people.referral("portal")
    await own.settle(within=timedelta(minutes=1))
    assert (await own.people.opportunities(), own.parked.entries) == ([], {})
    own.configure(CUSTOMIZE=YAML)
    await own.settle()

    assert (await own.row())["new_region"] == REGION
    assert own.telemetry.outcomes[-1].outcome.kind is not Kind.PARKED


async def test_a_word_that_no_option_answers_to_waits_and_is_told(own: Bench) -> None:
    """The deal waits with the way to mend it in Audit; with the word in the file it goes on."""
    referral, row = await linked_inbound(own, **ACTIVE)
    await own.people.edit_referral(str(referral["id"]), details={"customerAction": "Perhaps"})
    await own.settle()
    told = audit(await own.people.read_opportunity(str(row["opportunityid"])))[0]
    own.configure(CUSTOMIZE=YAML.replace("Later: Not now", "Perhaps: Not now"))
    own.clock.advance(3600)
    await own.heal()

    assert 'details.customerAction ("Perhaps"): name one under choices in customize.yaml' in told
    kept = [one.outcome.reason for one in own.telemetry.outcomes]
    assert "Perhaps" not in f"{own.telemetry.events} {kept} {own.links.rows}"
    assert (await own.people.read_opportunity(str(row["opportunityid"])))["new_plan"] == REGION + 1
