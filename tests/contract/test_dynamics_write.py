"""What the Dynamics gateway sends, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shared.connectors.dynamics.updating import CURRENCY_REASON
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Solution, Value, frozen, group
from shared.errors import AccessLost, Conflict, NotMet, Refused, Unavailable
from shared.ports import Change, Mark, Note, Snapshot
from tests.contract.dynamics_bench import AUDIT, MARKER, DynamicsBench, open_bench

PATCH = "PATCH opportunities({})"
ONE = Solution(id="SOL-1001", name="Contoso Retail Insights", type="IP", publisher="Fabrikam")
TWO = Solution(id="SOL-1002", name="Contoso Cloud Migration", type="Services", publisher="Fabrikam")
NEW = Solution(id="SOL-9999", name="Fabrikam Novelty", type="3P", publisher="Fabrikam")


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


def change(record: Snapshot, values: dict[str, Value] | None = None, **more: Any) -> Change:
    return Change(record=record, values=frozen(values or {}), **{"marker": MARKER, **more})


async def send(bench: DynamicsBench, record: Snapshot, values: dict[str, Value] | None = None, **more: Any) -> Snapshot:
    return await bench.gateway.write(change(record, values, **more))


async def test_a_write_is_one_conditional_patch_of_changed_columns(bench: DynamicsBench) -> None:
    """Fields, marker, referral, link, Audit and mark go in one PATCH under our tag; equal columns stay out of it."""
    record = await bench.snapshot()
    await bench.gateway.directory.currency("USD")
    await bench.calls()
    note = Note(line="Deal value came from Partner Center", mark=Mark.CHECK)
    values: dict[str, Value] = {deal.AMOUNT: Money(Decimal(6000), "USD"), deal.NOTES: "Robots"}
    answer = await send(bench, record, values, note=note, counterpart="r-1", counterpart_link="https://example.com/r-1")

    assert [PATCH.format(record.ref.id)] == await bench.calls()
    raw = await bench.raw(record.ref.id)
    assert raw["estimatedvalue"] == 6000
    assert raw["name"] == "✓ Contoso renewal"
    assert raw[AUDIT] == f"{bench.clock.now():%Y-%m-%d %H:%M} - Deal value came from Partner Center"
    assert raw["msft_microsoftpartnercenterreferrallink"] == "https://example.com/r-1"
    assert (answer.values[deal.NAME], answer.counterpart, answer.marker) == ("Contoso renewal", "r-1", MARKER)


async def test_nothing_to_say_is_no_call(bench: DynamicsBench) -> None:
    """A change whose every column holds the value already is answered without a request."""
    record = await send(bench, await bench.snapshot(), {deal.NOTES: "Same"})
    await bench.calls()
    assert record is await send(bench, record, {deal.NOTES: "Same"})
    assert await bench.calls() == []


async def test_audit_has_the_newest_line_first(bench: DynamicsBench) -> None:
    """A second line goes on top of the first, and the text never outgrows its column."""
    record = await bench.snapshot()
    for text in ("first", "second", "x" * 3990, "last"):
        record = await send(bench, record, note=Note(line=text))
    lines = (await bench.raw(record.ref.id))[AUDIT].splitlines()

    assert [line[19:] for line in lines] == ["last"]
    record = await send(bench, record, note=Note(line="one more"))
    assert [li[19:] for li in (await bench.raw(record.ref.id))[AUDIT].splitlines()] == ["one more", "last"]


@pytest.mark.parametrize(
    ("before", "show", "values", "mark", "after"),
    [
        ("Deal", True, {}, Mark.CHECK, "✓ Deal"),
        ("✓ Deal", True, {}, Mark.CROSS, "✗ Deal"),
        ("✓ ✓ Deal", True, {}, Mark.CHECK, "✓ Deal"),
        ("✓ Deal", True, {deal.NAME: "New"}, None, "✓ New"),
        ("Deal", False, {}, Mark.CHECK, "Deal"),
        ("✓ Deal", False, {deal.NAME: "New"}, Mark.CHECK, "New"),
        ("D" * 300, True, {}, Mark.CHECK, "D" * 300),
    ],
)
async def test_marks(before: str, *, show: bool, values: dict[str, Value], mark: Mark | None, after: str) -> None:
    """The mark stands once before the name, goes with a new name, and is left off where it is off or does not fit."""
    async with open_bench(show_mark=show) as bench:
        record = await bench.snapshot(name=before)
        answer = await send(bench, record, values, note=Note(mark=mark))
        assert after == (await bench.raw(record.ref.id))["name"]
    assert answer.values[deal.NAME] == after.removeprefix("✓ ").removeprefix("✗ ")


@pytest.mark.parametrize(("sent", "code", "shown"), [("1234.567", "EUR", "1234.57"), ("1234.5", "JPY", "1235")])
async def test_money_is_rounded_to_its_currency(bench: DynamicsBench, sent: str, code: str, shown: str) -> None:
    """Value and currency go together, rounded to what the currency has, so that the server rounds nothing."""
    record = await bench.snapshot()
    answer = await send(bench, record, {deal.AMOUNT: Money(Decimal(sent), code)})
    assert Money(Decimal(shown), code) == answer.values[deal.AMOUNT]


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(Decimal(1), "CHF"), "no currency CHF: add it"),
        (Money(Decimal(1), "XYZ"), "not an ISO 4217"),
        (Money(Decimal(-1), "USD"), "less than estimatedvalue"),
    ],
)
async def test_money_that_cannot_be_held_waits(bench: DynamicsBench, money: Money, words: str) -> None:
    """An unknown currency or a negative value is for a person to mend: nothing is written."""
    record = await bench.snapshot()
    with pytest.raises(NotMet, match=words):
        await send(bench, record, {deal.AMOUNT: money, deal.NOTES: "not written"})
    assert (await bench.raw(record.ref.id))["description"] == "Robots"


async def test_a_refused_currency_leaves_the_whole_atom(bench: DynamicsBench) -> None:
    """The rest is written, deal value and currency stay as they are, locked with the reason that Audit tells too."""
    record = await bench.snapshot()
    await bench.switch(currency_locked=True)
    values: dict[str, Value] = {deal.AMOUNT: Money(Decimal(7), "EUR"), deal.NOTES: "Written"}
    answer = await send(bench, record, values, note=Note(line="Updated"))

    assert (answer.values[deal.NOTES], answer.values[deal.AMOUNT]) == ("Written", Money(Decimal(5000), "USD"))
    assert answer.locked == {deal.AMOUNT: CURRENCY_REASON}
    assert (await bench.raw(record.ref.id))[AUDIT].endswith(f"Updated. {CURRENCY_REASON}")


async def test_long_notes_are_cut_with_a_mark(bench: DynamicsBench) -> None:
    """Notes longer than the column end in an ellipsis, and the answer shows what the server holds."""
    answer = await send(bench, await bench.snapshot(), {deal.NOTES: "n" * 2500})
    assert answer.values[deal.NOTES] == "n" * 1999 + "…"


async def test_dates_help_intent_and_texts_are_written(bench: DynamicsBench) -> None:
    """Choices are found by label; a date is a day; empty values empty the column."""
    values: dict[str, Value] = {
        deal.CLOSING_DATE: date(2027, 2, 3),
        deal.HELP: "ProofOfConceptOrDemo",
        deal.INTENT: "HaveNotDecided",
        deal.VISIBLE: True,
        deal.PROGRAM: "Co-sell",
        deal.MICROSOFT_ID: "MSX-1",
        deal.MICROSOFT_STAGE: Stage.ACTIVE,
    }
    record = await bench.snapshot()
    answer = await send(bench, record, values)
    raw = await bench.raw(record.ref.id)

    del values[deal.MICROSOFT_STAGE]  # has no column: Audit tells it
    assert values == {name: answer.values[name] for name in values}
    assert (raw["msft_microsoftpartnercenterhelp"], raw["msft_customerpurchaseintent"]) == (299600002, 299600002)
    emptied = await send(bench, answer, {deal.HELP: None, deal.PROGRAM: None, deal.CLOSING_DATE: None})
    assert [emptied.values[n] for n in (deal.HELP, deal.PROGRAM, deal.CLOSING_DATE)] == [None] * 3


async def test_a_help_without_an_option_is_for_an_administrator(bench: DynamicsBench) -> None:
    """A code that no label stands for is not replaced by another."""
    with pytest.raises(NotMet, match="no option"):
        await send(bench, await bench.snapshot(), {deal.HELP: "SomethingNew"})


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


async def test_a_write_that_may_have_happened_is_not_repeated(bench: DynamicsBench) -> None:
    """A connection that breaks after the effect is Unavailable, and exactly one request was sent."""
    record = await bench.snapshot()
    await bench.control("POST", "faults", {"method": "PATCH", "path": ".*", "kind": "reset_after", "times": 1})
    await bench.calls()
    with pytest.raises(Unavailable):
        await send(bench, record, {deal.NOTES: "Written, but nobody said so"})
    assert len(await bench.calls()) == 1
    assert (await bench.raw(record.ref.id))["description"] == "Written, but nobody said so"


async def test_missing_privileges_name_themselves(bench: DynamicsBench) -> None:
    """403 is lost access with the privilege's name and what to do about it."""
    record = await bench.snapshot()
    bench.tokens.token = "sandbox-readonly"
    with pytest.raises(AccessLost, match=r"prvWriteOpportunity.*security role"):
        await send(bench, record, {deal.NOTES: "x"})
    bench.tokens.token = "sandbox-unknown"
    with pytest.raises(AccessLost, match="application user"):
        await bench.gateway.read(record.ref.id)


async def test_a_plug_in_shows_in_the_answer(bench: DynamicsBench) -> None:
    """What a plug-in changed inside our call is in the answer, under the version that the row has afterwards."""
    await bench.switch(plugin=True)
    record = await bench.snapshot()
    answer = await send(bench, record, {deal.AMOUNT: Money(Decimal(8), "USD")})
    assert answer.version == (await bench.raw(record.ref.id))["@odata.etag"]
