"""`cosell sync` over both real gateways: history is shared on request, and a dry run says what that would be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli.commands import sync
from cli.commands.sync import Wanted
from shared.domain.outcome import Kind
from shared.messages import Look
from tests.fakes.store import FakeClock, FakeSignals
from tests.integration.bench import Bench, linked_outbound, made_in_crm, open_bench
from tests.integration.tool import Tool

ALL = Wanted(everything=True, since=None, referrals=(), opportunities=())
READS = {"GET"}


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[Bench]:
    """A tenant with two referrals and an opportunity that are older than the first start."""
    async with open_bench(tmp_path / "root.pem", first_start=False) as bench:
        for name in ("Northwind", "Fabrikam Fibre"):
            await bench.people.referral("portal", name=name)
        await made_in_crm(bench)
        await bench.delivered()
        bench.signals.heap.clear()  # nobody listened yet
        bench.clock.advance(3600)
        await bench.heal()
        bench.signals.log.clear()
        yield bench


def written(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] not in READS]


async def counts(bench: Bench) -> tuple[int, int, int]:
    return len(await bench.people.opportunities()), len(await bench.people.referrals()), len(bench.links.rows)


async def test_a_dry_run_lists_what_would_be_created_and_then_it_is(
    old: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each deal with what its look would create; nothing is written by it. The run then makes exactly these."""
    tool = Tool(old, capsys)
    stored = (dict(old.links.rows), dict(old.cursors.texts))
    old.calls.clear()
    await sync._planned(tool.asked(json=True), ALL)
    found = tool.document["deals"]
    assert sorted(one["would"].partition(";")[0] for one in found) == [
        "create opportunity",
        "create opportunity",
        "create referral",
    ]
    assert {one["outcome"] for one in found} == {Kind.DONE}
    assert (written(old), old.signals.log, (dict(old.links.rows), dict(old.cursors.texts))) == ([], [], stored)
    await sync._signalled(tool.asked(json=True), ALL, restart=False, most=500)
    assert tool.document == {"sent": {"opportunity": 1, "referral": 2}, "left": 0, "resumed": False}
    await old.settle()
    assert await counts(old) == (3, 3, 3)
    await sync._signalled(tool.asked(), ALL, restart=False, most=500)
    await old.settle()

    assert await counts(old) == (3, 3, 3)


async def test_one_referral_of_history_is_shared_by_its_id(old: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Only that one, although it is older than the first start; an opportunity's id works alike."""
    tool = Tool(old, capsys)
    first, *_ = await old.people.referrals()
    named = replace(ALL, everything=False, referrals=(str(first["id"]),))
    await sync._planned(tool.asked(), named)
    assert "1 deal would be looked at, and 1 record would be created" in tool.said
    await sync._signalled(tool.asked(), named, restart=False, most=500)
    assert "1 of kind referral" in tool.said
    await old.settle()
    assert await counts(old) == (2, 2, 1)
    (own,) = [one for one in await old.people.opportunities() if one["opportunityid"] not in old.links.rows]
    by_row = replace(ALL, everything=False, opportunities=(own["opportunityid"].upper(),))
    await sync._signalled(tool.asked(), by_row, restart=False, most=500)
    await old.settle()

    assert await counts(old) == (2, 3, 2)


async def test_since_leaves_out_what_did_not_change(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Deals whose records were changed from that time on, asked of each side in its own way."""
    tool = Tool(bench, capsys)
    await linked_outbound(bench)
    bench.clock.advance(3600)
    since = bench.clock.now()
    bench.clock.advance(3600)
    other, _ = await linked_outbound(bench)
    await sync._planned(tool.asked(json=True), replace(ALL, everything=False, since=since))

    assert {one["id"] for one in tool.document["deals"]} == {other["id"], other["externalReferenceId"]}


class Measured(FakeSignals):
    """Queues that get shorter as one looks; what nobody could handle does not count."""

    def __init__(self) -> None:
        super().__init__(FakeClock())
        self.depths = [9, 5, 4]

    async def lengths(self) -> Mapping[str, int]:
        return {Look.REFERRAL.value: self.depths.pop(0), f"{Look.REFERRAL.value}-poison": 99}


async def test_it_waits_until_the_queues_have_room() -> None:
    """While as many signals lie there as are allowed, nothing goes on; the functions take them meanwhile."""
    signals, slept = Measured(), []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    await sync._room(signals, 5, sleep)()

    assert (signals.depths, slept) == ([], [2.0, 2.0])


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["--all", "--since", "2026-01-31"],
        ["--all", "--referral", "r-1"],
        ["--referral", "x' or 1 eq 1"],
        ["--opportunity", "../accounts(1)"],
        ["--since", "yesterday"],
    ],
)
def test_an_unclear_line_is_refused(line: list[str]) -> None:
    """One kind of choice, ids that could be ids, days that are days: else it ends with 2 and the reason."""
    app = typer.Typer()
    sync.add(app)
    app.command("other")(lambda: None)
    result = CliRunner().invoke(app, ["sync", *line], obj=None)

    assert result.exit_code == 2
