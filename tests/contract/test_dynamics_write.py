"""What the Dynamics gateway sends, and what it makes of the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import httpx
import pytest

from shared.connectors.dynamics.events import Dropped
from shared.connectors.dynamics.updating import CURRENCY_REASON
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Solution, Value, group
from shared.errors import AccessLost, NotMet, Unavailable
from shared.ports import Mark, Note
from tests.contract.dynamics_bench import AUDIT, MARKER, DynamicsBench, new_draft, open_bench, send
from tests.contract.dynamics_transports import Recorder, SandboxTransport

PATCH = "PATCH opportunities({})"
ONE = Solution(id="SOL-1001", name="Contoso Retail Insights", type="IP", publisher="Fabrikam")
TWO = Solution(id="SOL-1002", name="Contoso Cloud Migration", type="Services", publisher="Fabrikam")
NEW = Solution(id="SOL-9999", name="Fabrikam Novelty", type="3P", publisher="Fabrikam")


@pytest.fixture
async def bench() -> AsyncIterator[DynamicsBench]:
    async with open_bench() as bench:
        yield bench


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


async def test_money_is_sent_as_its_column_holds_it() -> None:
    """The amount leaves rounded, and a currency that the row has already is not sent again."""
    async with open_bench(transport=Recorder) as bench:
        record = await bench.snapshot()
        record = await send(bench, record, {deal.AMOUNT: Money(Decimal("1234.5"), "JPY")}, marker="")
        assert isinstance(bench.transport, Recorder)
        assert '{"estimatedvalue":1235,"transactioncurrencyid@odata.bind":' in bench.transport.sent[-1][1]
        await send(bench, record, {deal.AMOUNT: Money(Decimal(7), "JPY")}, marker="")
        assert bench.transport.sent[-1] == ("PATCH", '{"estimatedvalue":7}')


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


async def test_everything_that_we_write_comes_back_as_ours(bench: DynamicsBench) -> None:
    """Every part of every write carries the tag: creation, details, rows, fields, closing, inside batches too."""
    await bench.control("POST", "webhook", {"url": "http://127.0.0.1:7071/api/dynamics/events", "code": "c"})
    record = await bench.gateway.create(new_draft(**{deal.SOLUTIONS: group([ONE, NEW])}))
    record = await send(bench, record, {deal.NOTES: "New", deal.SOLUTIONS: group([TWO])})
    record = await send(bench, record, {deal.NAME: "Newer"})
    await send(bench, record, {deal.STAGE: Stage.WON})
    heard = await bench.heard()
    assert len(heard) >= 8
    assert all(isinstance(each, Dropped) for each in heard), heard


class Mute(SandboxTransport):
    """A server that ignores `return=representation`."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        return httpx.Response(204) if request.method == "PATCH" and response.status_code == 200 else response


async def test_a_server_that_shows_nothing_is_read_again() -> None:
    """Where a write is answered without the row, a read tells what is settled."""
    async with open_bench(transport=Mute) as bench:
        record = await bench.snapshot()
        answer = await send(bench, record, {deal.NOTES: "New"})
    assert (answer.values[deal.NOTES], answer.marker) == ("New", MARKER)
    assert answer.version != record.version


async def test_only_what_this_gateway_read_can_be_written(bench: DynamicsBench) -> None:
    """A record from elsewhere is a mistake of ours, not a request."""
    with pytest.raises(TypeError):
        await send(bench, replace(await bench.snapshot(), native=None), {deal.NOTES: "x"})
