"""`cosell adopt` over both real gateways: after Microsoft's connector, and after a lost link table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cli.commands import adopt
from cli.commands.adopt import Winner
from shared.errors import CosellError
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound
from tests.integration.tool import Tool

READS = {"GET"}


@pytest.fixture
def tool(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(bench, capsys)


async def two_lost_pairs(bench: Bench) -> tuple[str, str]:
    """The ids of two opportunities whose links are lost; one was edited meanwhile, as a formula would be."""
    _, one = await linked_outbound(bench)
    _, other = await linked_inbound(bench, "portal")
    bench.links.rows.clear()
    await bench.people.edit_opportunity(one["opportunityid"], description="=HYPERLINK(1)")
    await bench.delivered()
    bench.signals.heap.clear()
    return str(one["opportunityid"]), str(other["opportunityid"])


def written(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] not in READS]


async def test_a_dry_run_reports_what_the_run_then_reports(bench: Bench, tool: Tool, tmp_path: Path) -> None:
    """Both pairs, the one difference with both values, as table, JSON and CSV; the dry run writes nothing."""
    one, other = await two_lost_pairs(bench)
    report = tmp_path / "report.csv"
    bench.calls.clear()
    assert await adopt._adopt(tool.asked(json=True), None, dry_run=True, report=report) == 2
    planned = tool.document["adopted"]
    assert (written(bench), bench.links.rows) == ([], {})
    assert {(each["opportunity"], each["what"], each["field"]) for each in planned} == {
        (one, "adopted", "Notes"),
        (one, "adopted", "Customer purchase intent"),  # empty here, and Partner Center's own word for that there
        (other, "adopted", "Sales team"),  # the portal knows nobody's telephone number
    }
    with report.open(encoding="utf-8-sig", newline="") as file:
        lines = {line["field"]: line for line in csv.DictReader(file)}
    assert (lines["Notes"]["dynamics"], lines["Notes"]["partner_center"]) == ("'=HYPERLINK(1)", "First call held.")
    assert report.stat().st_mode & 0o077 == 0
    assert await adopt._adopt(tool.asked(), None, dry_run=False, report=None) == 2
    said = tool.said
    assert "=HYPERLINK(1)" in said
    assert "2 pairs were taken over or looked at, with 3 differences; 2 of them leave something to decide." in said
    assert set(bench.links.rows) == {one, other}

    referrals = {each["externalReferenceId"]: each for each in await bench.people.referrals()}
    assert referrals[one]["details"]["notes"] == "First call held."
    assert (len(referrals), len(await bench.people.opportunities())) == (2, 2)


PICKED = {
    Winner.DYNAMICS: ("=HYPERLINK(1)", "Dynamics 365 wins", "Customer purchase intent"),
    Winner.PARTNER_CENTER: ("First call held.", "Partner Center wins", "Sales team"),
}


@pytest.mark.parametrize("winner", Winner)
async def test_the_picked_side_is_written_to_the_other(bench: Bench, tool: Tool, winner: Winner) -> None:
    """By the usual conditional write, with its Audit line; what that side cannot decide is still said."""
    notes, wins, left = PICKED[winner]
    one, _ = await two_lost_pairs(bench)
    await adopt._adopt(tool.asked(json=True), winner, dry_run=True, report=None)
    planned = tool.document
    assert await adopt._adopt(tool.asked(json=True), winner, dry_run=False, report=None) == 1
    done = tool.document
    assert done == planned
    results = {each["field"]: each["result"] for each in done["adopted"]}
    assert (results["Notes"], results[left].partition(":")[0]) == (wins, "left")
    assert [name for name, result in results.items() if result != wins] == [left]
    await bench.settle()
    row = await bench.people.read_opportunity(one)
    (referral,) = [each for each in await bench.people.referrals() if each["externalReferenceId"] == one]
    assert (row["description"], referral["details"]["notes"]) == (notes, notes)
    assert any("Notes" in line for line in audit(row))
    other = {Winner.DYNAMICS: Winner.PARTNER_CENTER}.get(winner, Winner.DYNAMICS)

    assert await adopt._adopt(tool.asked(), other, dry_run=False, report=None) == 0
    bench.calls.clear()
    assert await adopt._adopt(tool.asked(json=True), None, dry_run=False, report=None) == 0
    assert (written(bench), tool.document["count"]) == ([], 0)


async def test_beside_microsofts_own_flows_nothing_is_taken_over(bench: Bench, tool: Tool) -> None:
    """The run ends with the reason; a dry run reports all the same, with a note."""
    await two_lost_pairs(bench)
    for flow in (await bench.people.crm("GET", "workflows"))["value"]:
        await bench.people.crm("PATCH", f"workflows({flow['workflowid']})", {"statecode": 1, "statuscode": 2})
    with pytest.raises(CosellError, match="Microsoft's own flows are active"):
        await adopt._adopt(tool.asked(), None, dry_run=False, report=None)
    assert await adopt._adopt(tool.asked(), None, dry_run=True, report=None) == 2

    assert "Note: Signals wait: Microsoft's own flows are active" in tool.said
    assert bench.links.rows == {}


async def test_a_report_that_cannot_be_written_is_said_before_anything_is_done(bench: Bench, tool: Tool) -> None:
    """A wrong path costs nothing but its message."""
    await two_lost_pairs(bench)
    with pytest.raises(CosellError, match="cannot be written"):
        await adopt._adopt(tool.asked(), None, dry_run=False, report=Path("/nowhere/at/all.csv"))

    assert bench.links.rows == {}
