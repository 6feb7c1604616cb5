"""Each limit of ours exactly: what is just allowed goes through, and what is just beyond is the sender's mistake."""

from __future__ import annotations

import json
import tracemalloc
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.dynamics.organization import ORGANIZATION
from shared.connectors.dynamics.context import LARGEST, Context
from shared.connectors.partner_center.verifier import LARGEST_BODY
from shared.domain.outcome import Kind
from shared.domain.values import Ref, Side
from shared.errors import BadEvent, BadMessage, Remote, Unavailable
from shared.messages import Look, Signal
from shared.platform.doors import Answer
from shared.platform.office import Office
from shared.platform.queues import LARGEST as MOST_SENT
from shared.platform.queues import TooLarge
from shared.platform.reception import Reception
from shared.ports import ParkedEntry
from tests.fakes.store import FakeClock, FakeParked, FakeSignals, FakeTelemetry
from tests.fakes.world import World
from tests.fuzz.parser import Parser
from tests.fuzz.parsers import PARSERS
from tests.fuzz.platform import run
from tests.integration.bench import open_bench

IDENT = "11111111-2222-4333-8444-555555555555"
SLACK = 2 * 1024 * 1024  # bytes: what a parser needs for itself, whatever it is given
# Python's objects are larger than JSON's texts: an empty object takes 64 bytes and its place in a list, for 3 of text.
TIMES = 40


def padded(body: dict[str, Any], size: int) -> bytes:
    """This object in exactly so many bytes."""
    bare = json.dumps({**body, "pad": ""}).encode()
    return json.dumps({**body, "pad": "x" * (size - len(bare))}).encode()


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 413)])
async def test_the_body_of_a_dynamics_event_has_a_limit(tmp_path: Path, over: int, status: int) -> None:
    """Two megabytes are taken, a byte more is 413 before it is read."""
    named = {"MessageName": "Update", "PrimaryEntityName": "opportunity", "PrimaryEntityId": IDENT}
    body = {**named, "OrganizationId": ORGANIZATION}
    async with open_bench(tmp_path / "root.pem") as bench:
        answer: Answer = await bench.app.dynamics_event({}, padded(body, LARGEST + over))

    assert answer.status == status


@pytest.mark.parametrize(("over", "status"), [(0, 401), (1, 413)])
async def test_the_body_of_a_partner_center_event_has_a_limit(tmp_path: Path, over: int, status: int) -> None:
    """64 KB are looked at (and here not believed), a byte more is 413 before its signature is."""
    async with open_bench(tmp_path / "root.pem") as bench:
        answer: Answer = await bench.app.partner_event({}, bytes(LARGEST_BODY + over))

    assert answer.status == status


def test_a_body_beyond_the_limit_costs_nothing() -> None:
    """What is too large is not decoded first."""
    body = b"[" + b"{}," * LARGEST + b"{}]"
    tracemalloc.start()
    try:
        with pytest.raises(BadEvent):
            Context.parsed(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 100_000


@pytest.mark.parametrize("name", PARSERS)
def test_memory_is_bounded_by_the_size_of_what_came(name: str) -> None:
    """Many small things, which are what takes most memory, cost at most a fixed multiple of their bytes."""
    parser = PARSERS[name]
    for sample in parser.samples():
        parser.tried(sample)  # what is loaded on first use is not the input's
    bulk = b"[" + b"{}," * (parser.largest // 3) + b"{}]"
    for data in (bulk, b'{"value":' + bulk + b',"id":"1"}'):
        assert _peak(parser, data) < TIMES * len(data) + SLACK


def _peak(parser: Parser, data: bytes) -> int:
    tracemalloc.start()
    try:
        parser.tried(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


class Untouched(FakeParked):
    """A table that must not be asked: a key of this length is an error of the service."""

    async def get(self, pair: str, ref: Ref) -> ParkedEntry | None:
        raise AssertionError(f"{pair} was asked for {ref}")


@pytest.mark.parametrize(
    ("kind", "ident"),
    [
        ("opportunity", "x" * 129),
        ("opportunity", "x" * 5000),
        ("k" * 65, IDENT),
        ("opportunity", "a b"),
        ("opportunity", ""),
        ("Opp", "\ud800"),
    ],
)
async def test_an_address_that_no_record_has_is_not_found(kind: str, ident: str) -> None:
    """It is the caller's mistake, 404 in few words, and the storage is not asked, which would be a 503."""
    office = Office(pair="cosell", parked=Untouched(), signals=FakeSignals(FakeClock()), telemetry=FakeTelemetry())
    for act in (office.replay, office.drop):
        answer = await act(kind, ident)

        assert answer.status == 404
        assert len(json.dumps(dict(answer.body))) < 500


def sent(first: object) -> bytes:
    named = {"look": Look.REFERRAL, "side": Side.PARTNER, "kind": "referral", "id": IDENT}
    return json.dumps({**named, "first_sent": first}).encode()


@pytest.mark.parametrize("first", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", 1e20, -1])
def test_a_signal_was_sent_in_our_time(first: object) -> None:
    """A time that no clock of ours has shown is no signal: its age could not be computed."""
    with pytest.raises(BadMessage, match="first_sent"):
        Signal.decoded(sent(first))


def test_a_time_without_a_zone_is_utc() -> None:
    """A signal whose time lacks its zone is delayed like any other when a system is away."""
    world = World()
    world.partner.read = _away  # type: ignore[method-assign, assignment]  # as if it did not answer
    outcome = run(lambda: world.job.run(sent(datetime(2026, 3, 2, 8, 0).isoformat())))  # noqa: DTZ001 - that is the point

    assert outcome.kind is Kind.DELAYED


async def _away(_: str) -> None:
    raise Unavailable(Remote(system="Partner Center", message="no answer"))


class Full(FakeSignals):
    """Holds its senders to the service's limit."""

    async def send(self, signal: Signal, *, delay: float = 0) -> None:
        if len(signal.encoded()) >= MOST_SENT:
            raise TooLarge("it does not fit")
        await super().send(signal, delay=delay)


async def _open() -> None:
    """Nothing is in the way."""


def test_a_poison_message_that_cannot_be_sent_again_is_parked() -> None:
    """A message as large as the queue takes, which none of ours is, ends in the table and not on a third queue."""
    world = World()
    named = {"look": Look.REFERRAL, "side": Side.PARTNER, "kind": "referral", "id": IDENT}
    body = padded(named, MOST_SENT - 10)
    full = Full(world.clock)
    reception = Reception(job=world.job, closed=_open, signals=full, telemetry=world.telemetry)
    run(lambda: reception.poisoned(body))

    assert full.heap == []
    ((_, entry),) = world.parked.entries.items()
    assert (entry.ref.id, entry.body.encode()) == (IDENT, body)
