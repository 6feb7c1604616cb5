"""Tickets for the page's buttons: for one visitor, one act, and for two hours."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from shared.platform.status.tickets import GOOD_FOR, NAME, Tickets
from tests.fakes.store import FakeClock, FakeCursors


def tickets(cursors: FakeCursors | None = None, clock: FakeClock | None = None) -> Tickets:
    return Tickets(cursors=cursors or FakeCursors(), clock=clock or FakeClock())


async def test_a_ticket_is_good_for_its_visitor_and_act_alone() -> None:
    """Another person, another act, another record, or a changed sign: not good."""
    made = tickets()
    ticket = await made.make("dana", "drop opportunity:o-1")
    until, seal = ticket.split(".")
    assert await made.good(ticket, "dana", "drop opportunity:o-1")
    assert not await made.good(ticket, "kim", "drop opportunity:o-1")
    assert not await made.good(ticket, "dana", "replay opportunity:o-1")
    assert not await made.good(ticket, "dana", "drop opportunity:o-2")
    assert not await made.good(f"{int(until, 16) + 9:x}.{seal}", "dana", "drop opportunity:o-1")
    assert not await made.good(f"{until}.{'0' * 64}", "dana", "drop opportunity:o-1")


async def test_a_ticket_ends() -> None:
    """After two hours the page has to be loaded again."""
    clock = FakeClock()
    made = tickets(clock=clock)
    ticket = await made.make("dana", "act")
    clock.advance(GOOD_FOR - 1)
    assert await made.good(ticket, "dana", "act")
    clock.advance(2)
    assert not await made.good(ticket, "dana", "act")


async def test_every_worker_believes_what_another_gave() -> None:
    """The secret is made once, by whichever comes first; those that come at once agree on one."""
    cursors = FakeCursors(hook=_others)
    workers = [tickets(cursors) for _ in range(8)]
    given_out = await asyncio.gather(*(worker.make("dana", "act") for worker in workers))
    assert len({*given_out}) == 1
    assert all(await asyncio.gather(*(worker.good(given_out[0], "dana", "act") for worker in workers)))
    assert len(cursors.texts[NAME]) == 64


async def _others(_: str) -> None:
    await asyncio.sleep(0)


async def test_an_emptied_secret_is_replaced_and_a_page_of_before_is_worth_nothing() -> None:
    """A row that somebody emptied by hand never becomes a secret that everybody knows."""
    cursors = FakeCursors()
    before = await tickets(cursors).make("dana", "act")
    cursors.texts[NAME] = ""
    assert not await tickets(cursors).good(before, "dana", "act")
    assert len(cursors.texts[NAME]) == 64


async def test_the_secret_is_not_printed() -> None:
    """Neither it nor what it is made of is in any repr."""
    cursors = FakeCursors()
    made = tickets(cursors)
    await made.make("dana", "act")
    assert cursors.texts[NAME] not in repr(made)


@given(st.text(), st.text(), st.text())
def test_no_text_is_a_ticket(text: str, who: str, act: str) -> None:
    """Whatever is sent in place of one is refused and nothing fails."""
    assert not asyncio.run(tickets().good(text, who, act))


@given(st.lists(st.text(max_size=5), min_size=2, max_size=2), st.lists(st.text(max_size=5), min_size=2, max_size=2))
def test_two_acts_never_share_a_ticket(one: list[str], other: list[str]) -> None:
    """However who and what are cut, a ticket for one pair is none for another."""

    async def compare() -> bool:
        made = tickets()
        return await made.good(await made.make(*one), *other)

    assert asyncio.run(compare()) is (one == other)
