"""Leaving Microsoft's connector, step by step as docs/migrate.md tells it: nothing is made twice or overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from cli.commands import adopt, sync
from cli.commands.adopt import Winner
from cli.commands.sync import Wanted
from sandbox.people import REFERRAL, SYNC
from tests.integration.bench import Bench, linked_inbound, linked_outbound, made_in_crm
from tests.integration.tool import Tool

ALL = Wanted(everything=True, since=None, referrals=(), opportunities=())
NEW = {"name": "Northwind", "address": {"postalCode": "98004"}}


@pytest.fixture
def tool(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(bench, capsys)


async def flows(bench: Bench, *, active: bool) -> None:
    """Somebody switches Microsoft's flows on or off; the app is started again, so that it looks at once."""
    values = {"statecode": 1, "statuscode": 2} if active else {"statecode": 0, "statuscode": 1}
    for flow in (await bench.people.crm("GET", "workflows"))["value"]:
        await bench.people.crm("PATCH", f"workflows({flow['workflowid']})", values)
    bench.configure()


async def theirs(bench: Bench) -> list[str]:
    """Two opportunities of Microsoft's connector: both ids are on both sides, and no link knows them."""
    _, one = await linked_outbound(bench)
    _, other = await linked_inbound(bench, "portal")
    bench.links.rows.clear()
    await flows(bench, active=True)
    bench.configure(MODE="test")
    return [str(one["opportunityid"]), str(other["opportunityid"])]


async def arrives(bench: Bench) -> Any:
    """A referral that both hear of: Microsoft's connector makes its opportunity, and names each in the other."""
    referral = await bench.people.referral("portal", name="In between", customerProfile=NEW)
    await bench.settle()
    ident = await made_in_crm(bench, name="In between", **{SYNC: False})
    await bench.people.edit_opportunity(ident, **{REFERRAL: referral["id"], SYNC: True})
    return await bench.people.edit_referral(str(referral["id"]), externalReferenceId=ident)


async def counts(bench: Bench) -> tuple[int, int]:
    return len(await bench.people.opportunities()), len(await bench.people.referrals())


def written(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] != "GET"]


async def test_in_test_mode_it_looks_beside_microsofts_flows_and_writes_nothing(bench: Bench) -> None:
    """Step 2: deals that their connector goes on with are planned and reported; what it makes is nobody's second."""
    await theirs(bench)
    bench.calls.clear()
    await arrives(bench)
    outcomes = await bench.settle()

    assert {outcome.kind.value for outcome in outcomes} == {"owed"}
    assert (written(bench), await counts(bench)) == ([], (3, 3))


async def test_one_deal_is_tried_before_all_the_others(bench: Bench, tool: Tool) -> None:
    """Step 5: named in TEST_RECORDS one pair is linked and kept in step both ways; no other deal is written."""
    one, other = await theirs(bench)
    await flows(bench, active=False)
    bench.configure(MODE="test", TEST_RECORDS=one)
    before = (await bench.people.read_opportunity(other))["@odata.etag"]
    await adopt._adopt(tool.asked(), None, dry_run=False, report=None)
    assert set(bench.links.rows) == {one}
    await bench.people.edit_opportunity(one, estimatedvalue=5)
    (referral,) = [each for each in await bench.people.referrals() if each["externalReferenceId"] == one]
    await bench.people.edit_referral(str(referral["id"]), name="A new name")
    await bench.settle()
    row, sent = await bench.people.read_opportunity(one), await bench.people.read_referral(str(referral["id"]))

    assert (row["name"], float(sent["details"]["dealValue"])) == ("✓ A new name", 5.0)
    assert (await bench.people.read_opportunity(other))["@odata.etag"] == before


async def test_the_whole_move_makes_nothing_twice(bench: Bench, tool: Tool) -> None:
    """With a deal that arrives in between and an edit in the gap: each pair is linked once, no value overwritten."""
    one, _ = await theirs(bench)
    await arrives(bench)
    await bench.settle()
    await flows(bench, active=False)
    await bench.people.edit_opportunity(one, description="Edited in the gap")
    await bench.settle()
    assert await adopt._adopt(tool.asked(json=True), None, dry_run=True, report=None) > 0
    planned = {(each["opportunity"], each["field"]) for each in tool.document["adopted"]}
    assert (one, "Notes") in planned
    bench.configure(MODE="live")
    await adopt._adopt(tool.asked(), None, dry_run=False, report=None)
    await bench.heal()
    await sync._signalled(tool.asked(), ALL, restart=False, most=500)
    await bench.settle()
    notes = {each["externalReferenceId"]: each["details"]["notes"] for each in await bench.people.referrals()}
    linked = [link.key for link in bench.links.rows.values() if link.linked]
    assert (await counts(bench), len(linked), bench.parked.entries) == ((3, 3), 3, {})
    assert (await bench.people.read_opportunity(one))["description"] == "Edited in the gap"
    assert notes[one] == "First call held."

    await adopt._adopt(tool.asked(), Winner.DYNAMICS, dry_run=False, report=None)
    await bench.settle()
    (referral,) = [each for each in await bench.people.referrals() if each["externalReferenceId"] == one]
    assert referral["details"]["notes"] == "Edited in the gap"


async def test_a_deal_that_moves_before_it_is_adopted_is_adopted_by_its_event(bench: Bench) -> None:
    """Live without `cosell adopt`: the next event of either record links the pair instead of making another."""
    one, other = await theirs(bench)
    await flows(bench, active=False)
    bench.configure(MODE="live")
    await bench.people.edit_opportunity(one, estimatedvalue=5)
    (referral,) = [each for each in await bench.people.referrals() if each["externalReferenceId"] == other]
    await bench.people.edit_referral(str(referral["id"]), name="Another name")
    await bench.settle()

    assert set(bench.links.rows) == {one, other}
    assert await counts(bench) == (2, 2)


async def test_going_back_leaves_their_flows_alone_with_the_deals(bench: Bench) -> None:
    """MODE=test and their flows on again: nothing more is written by us, and both ids stay where they read them."""
    one, other = await theirs(bench)
    await flows(bench, active=False)
    bench.configure(MODE="live")
    await bench.people.edit_opportunity(one, estimatedvalue=5)
    await bench.settle()
    bench.configure(MODE="test")
    await flows(bench, active=True)
    bench.calls.clear()
    await bench.people.edit_opportunity(one, estimatedvalue=6)
    await bench.settle()
    await bench.heal()
    rows = {str(row["opportunityid"]): row[REFERRAL] for row in await bench.people.opportunities()}

    assert written(bench) == []
    assert {each["externalReferenceId"]: each["id"] for each in await bench.people.referrals()} == rows
    assert set(rows) == {one, other}
