"""`cosell deals` and `cosell explain` over both real gateways."""

from __future__ import annotations

from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import adopt, deals
from shared.domain.link import Recorded
from shared.domain.outcome import Kind
from shared.errors import CosellError
from shared.messages import Why
from tests.integration.bench import Bench, linked_outbound, made_in_crm
from tests.integration.tool import Tool


@pytest.fixture
def tool(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Tool:
    return Tool(bench, capsys)


async def test_explain_shows_both_sides_what_would_be_written_and_the_link(bench: Bench, tool: Tool) -> None:
    """One screen: the two records, the next look with its writes, each field on both sides, the link."""
    referral, row = await linked_outbound(bench)
    await bench.people.edit_opportunity(row["opportunityid"], description="edited here")
    await deals._explain(tool.asked(), referral["id"], Why.AGAIN)
    said = tool.said

    for part in (
        f"Partner Center: referral {referral['id']}",
        f"Dynamics 365: opportunity {row['opportunityid']}",
        "The next look: done. Partner Center updated: Notes",
        "edited here",
        "≠ edited in the CRM",
        "last outcome",
    ):
        assert part in said
    await deals._explain(tool.asked(json=True), referral["id"], Why.AGAIN)
    assert tool.document["writes"][0]["values"] == {"Notes": "edited here"}


async def test_explain_says_what_a_replay_would_do(bench: Bench, tool: Tool) -> None:
    """A deleted opportunity is left alone by a look, and made again by a replay: both can be read beforehand."""
    referral, row = await linked_outbound(bench)
    await bench.people.crm("DELETE", f"opportunities({row['opportunityid']})")
    await bench.settle()
    await deals._explain(tool.asked(json=True), row["opportunityid"], Why.AGAIN)
    found = tool.document
    assert (found["outcome"]["kind"], found["writes"], found["link"]["gone"]) == (Kind.LEFT, [], "crm")
    await deals._explain(tool.asked(json=True), referral["id"], Why.REPLAY)

    assert tool.document["writes"][0]["does"] == "create"


async def test_a_records_text_is_no_command_to_the_terminal(bench: Bench, tool: Tool) -> None:
    """Escapes, markup and turned directions of somebody's notes are printed as text, in explain and in a list."""
    _, row = await linked_outbound(bench)
    nasty = "\x1b]0;owned\x07[red]x[/red]\u202etxt"
    await bench.people.edit_opportunity(row["opportunityid"], description=nasty)
    await deals._explain(tool.asked(), row["opportunityid"], Why.AGAIN)
    said = tool.said
    assert "[red]x[/red]" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    bench.links.rows[row["opportunityid"]] = replace(
        bench.links.rows[row["opportunityid"]], outcome=Recorded(kind="left", reason=nasty, at=bench.clock.now())
    )
    await deals._list(tool.asked(), None, None)

    assert not {"\x1b", "\x07", "\u202e"} & set(tool.said)


async def test_list_prints_each_deal_and_filters(bench: Bench, tool: Tool) -> None:
    """A line a deal: ids, last outcome, since when and why; only those that are asked for."""
    _, row = await linked_outbound(bench)
    account = await bench.people.account(name="Nowhere Inc")
    waiting = await bench.people.opportunity(account, await bench.people.contact(account), estimatedvalue=None)
    await bench.settle()
    await deals._list(tool.asked(), None, None)
    assert {row["opportunityid"], waiting} <= set(tool.said.split())
    await deals._list(tool.asked(json=True), Kind.WAITING, None)
    (found,) = tool.document["deals"]
    assert (found["record"], found["outcome"]) == (waiting, "waiting")
    await deals._list(tool.asked(json=True), None, bench.clock.now())

    assert tool.document == {"deals": [], "count": 0}


async def test_show_is_the_link_and_asks_nobody(bench: Bench, tool: Tool) -> None:
    """The link by either id; no call is made."""
    referral, row = await linked_outbound(bench)
    bench.calls.clear()
    await deals._show(tool.asked(json=True), referral["id"])
    assert tool.document["record"] == row["opportunityid"]
    await deals._show(tool.asked(), row["opportunityid"].upper())
    assert referral["id"] in tool.said
    with pytest.raises(CosellError, match="no deal of"):
        await deals._show(tool.asked(), "99999999-0000-4000-8000-000000000000")

    assert bench.calls == []


async def test_replay_sends_the_signal_for_either_id(bench: Bench, tool: Tool) -> None:
    """A deal that is not linked yet is replayed by the record it has; an unknown id is an error and no signal."""
    ident = await made_in_crm(bench)
    await bench.settle()
    referral = bench.links.rows[ident].partner or ""
    await deals._replay(tool.asked(json=True), referral)
    assert tool.document == {"status": "replayed", "record": f"opportunity:{ident}"}
    assert [signal.why for signal in bench.signals.waiting] == [Why.REPLAY]
    with pytest.raises(CosellError, match="no referral, opportunity or lead"):
        await deals._replay(tool.asked(), "99999999-0000-4000-8000-000000000000")

    assert len(bench.signals.waiting) == 1


@pytest.mark.parametrize(
    "line",
    [
        ["explain", "x' or 1 eq 1"],
        ["deals", "explain", "../accounts"],
        ["deals", "show", "a b"],
        ["deals", "replay", "a" * 129],
        ["deals", "list", "--outcome", "odd"],
        ["deals", "list", "--since", "yesterday"],
        ["adopt", "--winner", "both"],
    ],
)
def test_a_wrong_line_is_refused_before_anything_is_opened(line: list[str]) -> None:
    """Ids that could be none, outcomes and days that are none: 2, and no setting was even asked for."""
    app = typer.Typer()
    for command in (deals, adopt):
        command.add(app)

    assert CliRunner().invoke(app, line, obj=None).exit_code == 2
