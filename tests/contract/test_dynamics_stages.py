"""Change sets: stages, closing and solutions of an opportunity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from shared.connectors.dynamics.solutions import row_ident
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Solution, Value, group
from shared.errors import Conflict, Refused
from shared.ports import Mark, Note, Snapshot
from tests.contract.dynamics_bench import AUDIT, MARKER, DynamicsBench, open_bench, send
from tests.contract.dynamics_transports import Meddler, Recorder

ONE = Solution(id="SOL-1001", name="Contoso Retail Insights", type="IP", publisher="Fabrikam")
TWO = Solution(id="SOL-1002", name="Contoso Cloud Migration", type="Services", publisher="Fabrikam")
NEW = Solution(id="SOL-9999", name="Fabrikam Novelty", type="3P", publisher="Fabrikam")


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


async def test_hold_and_open(bench: DynamicsBench) -> None:
    """Both open stages are written by status reason, and any other open reason counts as open."""
    held = await send(bench, await bench.snapshot(), {deal.STAGE: Stage.HOLD})
    assert Stage.HOLD is held.values[deal.STAGE]
    opened = await send(bench, held, {deal.STAGE: Stage.OPEN})
    assert Stage.OPEN is opened.values[deal.STAGE]
    await bench.calls()
    assert opened.version == (await send(bench, opened, {deal.STAGE: Stage.ACTIVE}, marker="")).version
    assert await bench.calls() == []


@pytest.mark.parametrize("events", ["all", "win_lose_only", "update_only"])
async def test_winning_is_one_call_with_revenue_and_end(bench: DynamicsBench, events: str) -> None:
    """One change set writes fields, Audit and mark, then wins with explicit revenue and end."""
    await bench.switch(close_events=events)
    record = await bench.snapshot()
    await bench.calls()
    values: dict[str, Value] = {deal.STAGE: Stage.WON, deal.ACTUAL: Money(Decimal("4321.5"), "USD"), deal.NOTES: "Done"}
    answer = await send(bench, record, values, note=Note(line="Won in Partner Center", mark=Mark.CHECK))

    assert await bench.calls() == ["POST $batch"]
    raw = await bench.raw(record.ref.id)
    assert (raw["statecode"], raw["actualvalue"], raw["description"]) == (1, 4321.5, "Done")
    assert raw["actualclosedate"] == f"{bench.clock.now():%Y-%m-%d}"
    assert raw["name"] == "✓ Contoso renewal"
    assert (answer.values[deal.STAGE], answer.values[deal.ACTUAL]) == (Stage.WON, Money(Decimal("4321.5"), "USD"))
    assert answer.version == raw["@odata.etag"]
    assert answer.marker == MARKER


@pytest.mark.parametrize("stage", [Stage.LOST, Stage.DECLINED, Stage.EXPIRED, Stage.ERROR])
async def test_whatever_is_not_won_is_lost(bench: DynamicsBench, stage: Stage) -> None:
    """Each of Partner Center's other ends loses the opportunity, under the reason of that name if there is one."""
    answer = await send(bench, await bench.snapshot(), {deal.STAGE: stage, deal.CLOSE_REASON: "Out-Sold"})
    assert (answer.values[deal.STAGE], answer.values[deal.CLOSE_REASON]) == (Stage.LOST, "Out-Sold")


async def test_closing_under_a_stale_version_changes_nothing(bench: DynamicsBench) -> None:
    """A change set is as conditional as a PATCH: an edit meanwhile is a conflict, and nothing of it happens."""
    record = await bench.snapshot()
    await bench.edit(record.ref.id, {deal.NAME: "Edited"})
    before = await bench.raw(record.ref.id)
    with pytest.raises(Conflict):
        await send(bench, record, {deal.STAGE: Stage.WON, deal.SOLUTIONS: group([ONE])}, note=Note(line="no"))
    assert before == await bench.raw(record.ref.id)


async def test_closing_what_is_closed_is_done(bench: DynamicsBench) -> None:
    """Already closed is no failure: the row as it is comes back."""
    record = await bench.snapshot()
    await bench.close(record.ref.id, "WinOpportunity")
    closed = await bench.gateway.read(record.ref.id)
    assert closed is not None
    stale = Snapshot(**{**vars(record), "version": closed.version})
    answer = await send(bench, stale, {deal.STAGE: Stage.WON}, note=Note(line="Won"))
    assert (Stage.WON, closed.version) == (answer.values[deal.STAGE], answer.version)


@pytest.mark.parametrize("rows", ["refuse", "allow_audit"])
async def test_audit_on_a_closed_row_is_best_effort(bench: DynamicsBench, rows: str) -> None:
    """Whether a closed row takes Audit and mark or not, telling the seller never changes the outcome."""
    await bench.switch(closed_rows=rows)
    ident = await bench.make()
    await bench.close(ident)
    record = await bench.gateway.read(ident)
    assert record is not None
    answer = await send(bench, record, note=Note(line="Told", mark=Mark.CHECK))

    assert answer.values[deal.STAGE] is (await send(bench, answer, {deal.STAGE: Stage.LOST})).values[deal.STAGE]
    told = (await bench.raw(ident))[AUDIT] is not None
    assert told == (rows == "allow_audit") == (answer.version != record.version)
    with pytest.raises(Refused):
        await send(bench, (await bench.gateway.read(ident)) or record, {deal.NOTES: "No"})


async def test_a_lost_row_can_be_reopened_and_won(bench: DynamicsBench) -> None:
    """Told to win a lost row, it is reopened first, in the same change set."""
    ident = await bench.make()
    await bench.close(ident)
    record = await bench.gateway.read(ident)
    assert record is not None
    answer = await send(bench, record, {deal.STAGE: Stage.WON, deal.NOTES: "After all"})
    assert (answer.values[deal.STAGE], answer.values[deal.NOTES]) == (Stage.WON, "After all")


async def test_solutions_are_added_and_removed_in_one_change_set(bench: DynamicsBench) -> None:
    """Rows come and go with the opportunity's own PATCH; a solution nobody knows here gets a detail row, once."""
    record = await send(bench, await bench.snapshot(), {deal.SOLUTIONS: group([ONE, TWO])})
    assert group([ONE, TWO]) == record.values[deal.SOLUTIONS]
    answer = await send(bench, record, {deal.SOLUTIONS: group([TWO, NEW])})
    again = await bench.gateway.read(record.ref.id)
    assert again is not None
    assert group([TWO, NEW]) == answer.values[deal.SOLUTIONS] == again.values[deal.SOLUTIONS]
    back = await send(bench, again, {deal.SOLUTIONS: group([ONE, NEW])})
    assert group([ONE, NEW]) == back.values[deal.SOLUTIONS]
    details = await bench.rows("msft_mspartnersolutiondetails?$select=msft_solutionidentifier")
    assert sum(detail["msft_solutionidentifier"] == "SOL-9999" for detail in details) == 1


async def test_the_same_solution_from_two_sides_is_a_conflict(bench: DynamicsBench) -> None:
    """A row that somebody added meanwhile under the same id makes us look again, and nothing is written twice."""
    record = await bench.snapshot()
    ident = row_ident("cosell", record.ref.id, ONE)
    await bench.seller("PATCH", f"msft_mspartnersolutions({ident})", {"msft_name": "by hand"})
    with pytest.raises(Conflict):
        await send(bench, record, {deal.SOLUTIONS: group([ONE]), deal.NOTES: "not written"})
    assert (await bench.raw(record.ref.id))["description"] == "Robots"


async def test_a_row_is_reopened_and_held(bench: DynamicsBench) -> None:
    """Reopening alone, and reopening to On Hold, are writes like any other."""
    for stage in (Stage.OPEN, Stage.HOLD):
        ident = await bench.make()
        await bench.close(ident)
        record = await bench.gateway.read(ident)
        assert record is not None
        answer = await send(bench, record, {deal.STAGE: stage}, marker="")
        assert (answer.values[deal.STAGE], answer.locked) == (stage, {})


async def test_closing_without_a_marker_is_conditional_too(bench: DynamicsBench) -> None:
    """With nothing else to write, the conditional part of the change set repeats the name."""
    record = await bench.snapshot()
    await bench.edit(record.ref.id, {deal.NOTES: "Edited"})
    with pytest.raises(Conflict):
        await send(bench, record, {deal.STAGE: Stage.WON}, marker="")
    fresh = await bench.gateway.read(record.ref.id)
    assert fresh is not None
    answer = await send(bench, fresh, {deal.STAGE: Stage.WON}, marker="")
    assert (answer.values[deal.STAGE], answer.values[deal.NAME]) == (Stage.WON, "Contoso renewal")


async def test_no_part_of_a_change_set_is_empty() -> None:
    """The conditional part says something even where nothing but the stage changes."""
    async with open_bench(transport=Recorder) as bench:
        await send(bench, await bench.snapshot(), {deal.STAGE: Stage.WON}, marker="")
        assert isinstance(bench.transport, Recorder)
        assert '{"name":"Contoso renewal"}' in bench.transport.sent[-1][1]


async def test_an_edit_right_after_a_change_set_is_not_settled() -> None:
    """What is settled is what the write itself was answered: an edit that the read shows already is still an edit."""
    async with open_bench(transport=Meddler) as bench:
        record = await bench.snapshot()
        answer = await send(bench, record, {deal.NOTES: "New", deal.SOLUTIONS: group([ONE])})
        raw = await bench.raw(record.ref.id)
    assert (answer.values[deal.NOTES], answer.version) == ("New", raw["@odata.etag"])
    assert answer.values[deal.SOLUTIONS] == group([ONE])
