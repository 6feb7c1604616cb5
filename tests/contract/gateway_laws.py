"""The laws of every gateway: one suite, run unchanged on the in-memory fake and on each gateway against its simulator.

Subclass `GatewayLaws` in a `test_*.py` and give it a fixture `bench`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from shared.domain import deal
from shared.domain.lifecycle import CLOSED
from shared.domain.link import Purpose
from shared.domain.values import Money, Ref, Side, Value, frozen
from shared.errors import AccessLost, Conflict, Throttled, Unavailable
from shared.ports import Change, Draft, Gateway, Page, Search, Seen

MARKER = "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f"
MISSING = "00000000-0000-4000-8000-00000000dead"


class Bench(Protocol):
    """A gateway and the people and faults on the other end of it."""

    gateway: Gateway
    carries_marker: bool

    async def make(self) -> str:
        """A record made by a person on this side, open and accepted; its id."""
        ...

    async def edit(self, ident: str, values: dict[str, Value]) -> None:
        """The same person edits NAME or NOTES of it."""
        ...

    async def close(self, ident: str) -> None:
        """The same person loses the deal."""
        ...

    async def draft(self) -> Draft:
        """A complete draft (purpose CREATE) that this side accepts, for a source that it has never seen."""
        ...

    async def fault(self, status: int, retry_after: int | None = None, *, method: str = "GET", times: int = 20) -> None:
        """The next calls of that method are answered with this status."""
        ...

    def advance(self, seconds: float) -> None:
        """The clock of simulator and gateway goes on."""
        ...


async def poll(gateway: Gateway, cursor: str | None) -> tuple[list[Seen], str]:
    """One whole poll: everything seen, and the moved cursor."""
    pages: list[Page] = [page async for page in gateway.changes(cursor)]
    assert pages[-1].cursor is not None
    assert all(page.cursor is None for page in pages[:-1])
    return [seen for page in pages for seen in page.seen], pages[-1].cursor


class GatewayLaws:
    """Each test is one law."""

    async def test_nothing_is_none(self, bench: Bench) -> None:
        """Reading an id that does not exist is None, not an error."""
        assert await bench.gateway.read(MISSING) is None

    async def test_a_record_shows_itself(self, bench: Bench) -> None:
        """A record shows its id, a version, an aware UTC time and every field that is merged both ways."""
        ident = await bench.make()
        record = await bench.gateway.read(ident)

        assert record is not None
        assert (bench.gateway.side, Ref(bench.gateway.kind, ident)) == (record.side, record.ref)
        assert record.version
        assert record.modified.utcoffset() == timedelta(0)
        both_ways = {deal.NAME, deal.AMOUNT, deal.CLOSING_DATE, deal.NOTES, deal.STAGE, deal.VISIBLE, deal.INTENT}
        assert both_ways <= set(record.values)
        assert isinstance(record.values[deal.AMOUNT], Money)
        assert not isinstance(record.values[deal.CLOSING_DATE], datetime)

    async def test_a_write_returns_what_the_server_answered(self, bench: Bench) -> None:
        """A write's answer is the record as a read shows it next, under a new version, with only that changed."""
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        wanted: dict[str, Value] = {
            deal.NAME: "Contoso data platform",
            deal.AMOUNT: Money(Decimal("12345.5"), "EUR"),
            deal.CLOSING_DATE: date(2027, 3, 31),
            deal.NOTES: 'Two words, ünïcode and a "quote"',
        }
        answer = await bench.gateway.write(Change(record=record, values=frozen(wanted), marker=MARKER))
        again = await bench.gateway.read(record.ref.id)

        assert again is not None
        assert answer.version == again.version != record.version
        assert dict(answer.values) == {k: v for k, v in again.values.items() if k in answer.values}
        assert wanted == {name: again.values[name] for name in wanted}
        unchanged = set(record.values) - set(wanted)
        assert {n: record.values[n] for n in unchanged} == {n: again.values.get(n) for n in unchanged}

    async def test_a_side_knows_how_it_will_hold_what_is_written(self, bench: Bench) -> None:
        """What `held` tells before a write is what a read shows after it, also of long texts and small fractions."""
        values = frozen({deal.NOTES: "a long note " * 300, deal.AMOUNT: Money(Decimal("1234.56789"), "USD")})
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        told = await bench.gateway.held(values)
        await bench.gateway.write(Change(record=record, values=values, marker=MARKER))
        again = await bench.gateway.read(record.ref.id)

        assert again is not None
        assert dict(told) == {name: again.values[name] for name in values}

    async def test_the_marker_stays_where_the_side_can_carry_one(self, bench: Bench) -> None:
        """After a write under a marker the record carries it, through a person's later edit too, or never does."""
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        assert not record.marker
        answer = await bench.gateway.write(Change(record=record, values={deal.NOTES: "new"}, marker=MARKER))
        await bench.edit(record.ref.id, {deal.NOTES: "by a person"})
        again = await bench.gateway.read(record.ref.id)

        assert again is not None
        expected = MARKER if bench.carries_marker else None
        assert (expected, expected) == (answer.marker, again.marker)

    async def test_a_stale_version_conflicts_and_changes_nothing(self, bench: Bench) -> None:
        """A write under a version that is no longer the record's raises Conflict and leaves the record as it was."""
        stale = await bench.gateway.read(await bench.make())
        assert stale is not None
        await bench.edit(stale.ref.id, {deal.NAME: "Edited by a person"})
        before = await bench.gateway.read(stale.ref.id)
        with pytest.raises(Conflict):
            await bench.gateway.write(Change(record=stale, values={deal.NAME: "Ours"}, marker=MARKER))
        after = await bench.gateway.read(stale.ref.id)

        assert before is not None
        assert after is not None
        assert (before.version, dict(before.values)) == (after.version, dict(after.values))
        assert after.values[deal.NAME] == "Edited by a person"

    async def test_the_counterpart_is_written_and_read_back(self, bench: Bench) -> None:
        """The other side's id is written with the change and shown by every later read."""
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        change = Change(record=record, counterpart=MISSING, counterpart_link="https://example.com/1", marker=MARKER)
        answer = await bench.gateway.write(change)
        again = await bench.gateway.read(record.ref.id)

        assert again is not None
        assert (answer.counterpart, again.counterpart) == (MISSING, MISSING)

    async def test_a_person_who_edits_moves_the_version(self, bench: Bench) -> None:
        """An edit by a person shows, and under another version."""
        ident = await bench.make()
        before = await bench.gateway.read(ident)
        await bench.edit(ident, {deal.NAME: "Fabrikam rollout"})
        after = await bench.gateway.read(ident)

        assert before is not None
        assert after is not None
        assert before.version != after.version
        assert after.values[deal.NAME] == "Fabrikam rollout"

    async def test_a_closed_record_locks_every_field(self, bench: Bench) -> None:
        """No business field may be planned on a closed record: each is locked with a reason."""
        ident = await bench.make()
        await bench.close(ident)
        record = await bench.gateway.read(ident)

        assert record is not None
        assert record.values[deal.STAGE] in CLOSED
        assert {deal.NAME, deal.AMOUNT, deal.NOTES, deal.CLOSING_DATE} <= set(record.locked)
        assert all(record.locked.values())

    async def test_a_created_record_shows_what_the_draft_said(self, bench: Bench) -> None:
        """Creation returns the record with the draft's values and its source's id."""
        draft = await bench.draft()
        record = await bench.gateway.create(draft)
        again = await bench.gateway.read(record.ref.id)

        assert again is not None
        assert draft.source.id == record.counterpart == again.counterpart
        for name in (deal.NAME, deal.AMOUNT, deal.CLOSING_DATE, deal.NOTES):
            assert draft.values[name] == again.values[name], name

    async def test_creation_can_be_repeated_or_recovered(self, bench: Bench) -> None:
        """A second creation under a chosen id finds the first; without chosen ids a search finds it."""
        draft = await bench.draft()
        since = datetime.now(UTC) - timedelta(minutes=5)
        if draft.id:
            first = await bench.gateway.create(draft)
            second = await bench.gateway.create(replace(draft, values={**draft.values, deal.NAME: "Another name"}))
            assert draft.id == first.ref.id == second.ref.id
            assert first.values[deal.NAME] == second.values[deal.NAME]
            return
        assert (await bench.gateway.recover(draft, since)).search is Search.ABSENT
        first = await bench.gateway.create(draft)
        found = await bench.gateway.recover(draft, since)
        assert found.search is Search.FOUND
        assert found.record is not None
        assert first.ref == found.record.ref

    async def test_the_crm_finds_rows_by_counterpart(self, bench: Bench) -> None:
        """Where the counterpart can be searched for (the CRM), exactly the rows that carry it are found."""
        if bench.gateway.side is Side.PARTNER:
            assert await bench.gateway.find(MISSING) == ()
            return
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        assert await bench.gateway.find(MISSING) == ()
        await bench.gateway.write(Change(record=record, counterpart=MISSING, marker=MARKER))
        assert await bench.gateway.find(MISSING) == (record.ref.id,)

    async def test_our_own_records_are_found_by_their_parent(self, bench: Bench) -> None:
        """A record that has a parent is among our own records in it; an unknown parent holds none."""
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        found = await bench.gateway.ours_in(record.parent) if record.parent else ()
        assert found == ((record.ref.id,) if record.parent else ())
        assert await bench.gateway.ours_in(MISSING) == ()

    async def test_a_poll_starts_with_a_baseline(self, bench: Bench) -> None:
        """The first poll only sets the cursor; the next shows what changed since, under the version a read shows."""
        quiet, busy = await bench.make(), await bench.make()
        bench.advance(3600)
        seen, cursor = await poll(bench.gateway, None)
        assert seen == []
        await bench.edit(busy, {deal.NAME: "Changed after the baseline"})
        record = await bench.gateway.read(busy)
        seen, moved = await poll(bench.gateway, cursor)

        assert record is not None
        assert {s.ref.id: s.version for s in seen if s.ref.kind == bench.gateway.kind}.get(busy) == record.version
        assert quiet not in {s.ref.id for s in seen}
        assert moved != cursor

    @pytest.mark.parametrize("method", ["GET", "PATCH"])
    async def test_throttling_says_for_how_long(self, bench: Bench, method: str) -> None:
        """429 becomes Throttled with the server's own Retry-After."""
        record = await bench.gateway.read(await bench.make())
        assert record is not None
        await bench.fault(429, 57, method=method)
        write = Change(record=record, values={deal.NOTES: "x"}, marker=MARKER)
        call = bench.gateway.read(record.ref.id) if method == "GET" else bench.gateway.write(write)
        with pytest.raises(Throttled) as caught:
            await call
        assert caught.value.retry_after == 57

    async def test_a_server_error_is_unavailable(self, bench: Bench) -> None:
        """5xx is Unavailable: time mends it, and the effect of a write is not known."""
        ident = await bench.make()
        await bench.fault(500)
        with pytest.raises(Unavailable):
            await bench.gateway.read(ident)

    async def test_a_refused_token_is_lost_access(self, bench: Bench) -> None:
        """401 that a fresh token does not mend is AccessLost, for every record of that system."""
        ident = await bench.make()
        await bench.fault(401)
        with pytest.raises(AccessLost):
            await bench.gateway.read(ident)

    async def test_what_lies_beside_no_record_concerns_none(self, bench: Bench) -> None:
        """A record of any other kind, or one that is not there, is shown by none of ours."""
        await bench.make()

        assert [await bench.gateway.showing(Ref(kind, MISSING)) for kind in ("account", "opportunity")] == [(), ()]

    async def test_a_ping_names_the_world(self, bench: Bench) -> None:
        """A ping is an authenticated call whose answer is the same each time."""
        assert await bench.gateway.ping() == await bench.gateway.ping()
        assert Purpose.CREATE is (await bench.draft()).purpose
