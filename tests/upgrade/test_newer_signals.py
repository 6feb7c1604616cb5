"""A signal of a newer release, met by this one: handed back for a day, then parked under its own record."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from shared.domain.values import Ref, Side
from shared.errors import BadMessage, Remote, Unavailable
from shared.messages import VERSION, Look, Newer, NewerMessage, Signal, Why
from shared.platform.gate import Wait
from shared.platform.office import Office
from shared.platform.reception import HANDED_BACK_MOST, Reception
from tests.fakes.world import World

PLAIN = {"version": VERSION, "pair": "cosell", "look": "referral-changes", "side": "partner", "kind": "referral"}
OURS = PLAIN | {"id": "r-1", "why": "event", "tries": 2, "trace": "00-a-b-01"}
NOVELTIES: list[dict[str, object]] = [
    {"version": VERSION + 1},
    {"look": "engagement-changes"},
    {"side": "marketplace"},
    {"why": "asked-by-microsoft"},
    {"version": VERSION + 1, "tries": {"calls": 3}, "hint": ["anything"]},
]
each_novelty = pytest.mark.parametrize("novelty", NOVELTIES, ids=lambda novelty: "-".join(novelty))


def bytes_of(novelty: dict[str, object]) -> bytes:
    return json.dumps(OURS | novelty).encode()


def reception(w: World, *, right: bool = True) -> Reception:
    async def closed() -> Wait | None:
        return None if right else Wait(reason="MODE is wrong", seconds=45)

    return Reception(job=w.job if right else None, closed=closed, signals=w.signals, telemetry=w.telemetry)


async def read_by_nobody(w: World, body: bytes) -> tuple[int, timedelta]:
    """How often a message goes round, and for how long, while no newer release reads it."""
    began, rounds = w.clock.now(), 0
    await reception(w).run(body)
    while w.signals.heap:
        rounds += 1
        w.clock.jump(w.signals.heap[0].visible)
        taken = w.signals.take()
        assert taken is not None
        await reception(w).run(taken.body)
    return rounds, w.clock.now() - began


@each_novelty
async def test_a_newer_signal_goes_back_to_its_queue_as_it_came(novelty: dict[str, object]) -> None:
    """Nothing is looked at, nothing is lost of it, and the newer release finds it within seconds."""
    w = World()
    await reception(w).run(bytes_of(novelty))
    (sent,) = w.signals.log
    assert json.loads(sent.body) == OURS | novelty | {"handed_back": 1}
    assert 0 < sent.delay <= 60
    assert (w.partner.calls, w.crm.calls, w.parked.entries) == ([], [], {})
    assert [name for name, _ in w.telemetry.events] == ["newer_handed_back"]


async def test_what_a_newer_signal_leaves_out_is_not_filled_in() -> None:
    """A default of this release may be another one in the next."""
    w = World()
    least = {"version": VERSION + 1, "look": "cosell-changes", "side": "crm", "kind": "lead", "id": "l-1"}
    await reception(w).run(json.dumps(least).encode())
    assert json.loads(w.signals.log[0].body) == least | {"handed_back": 1}


@each_novelty
async def test_a_newer_signal_that_nobody_reads_is_parked_after_a_day(novelty: dict[str, object]) -> None:
    """After a roll-back it is parked once, under its own record, with the words of it that were not understood."""
    w = World()
    rounds, lasted = await read_by_nobody(w, bytes_of(novelty))
    assert rounds == HANDED_BACK_MOST
    assert timedelta(hours=20) < lasted < timedelta(hours=28)
    (entry,) = w.parked.entries.values()
    assert entry.ref == Ref("referral", "r-1")
    assert "a newer release" in entry.reason
    assert json.loads(entry.body) == OURS | novelty | {"handed_back": HANDED_BACK_MOST}


@each_novelty
async def test_a_newer_signal_on_a_poison_queue_is_no_unreadable_one(novelty: dict[str, object]) -> None:
    """Whatever drove it there, it goes back to its own queue and is counted on."""
    w = World()
    await reception(w).poisoned(bytes_of(novelty | {"handed_back": 7}))
    (sent,) = w.signals.log
    assert json.loads(sent.body)["handed_back"] == 8
    assert w.parked.entries == {}


async def test_wrong_settings_do_not_use_up_the_patience() -> None:
    """While nothing can be parked a newer signal waits like any other."""
    w = World()
    body = bytes_of({"version": VERSION + 1, "handed_back": HANDED_BACK_MOST})
    await reception(w, right=False).run(body)
    await reception(w, right=False).poisoned(body)
    assert [(json.loads(sent.body), sent.delay) for sent in w.signals.log] == [(json.loads(body), 45)] * 2


@pytest.mark.parametrize(
    "broken", [{"id": ""}, {"pair": "Not a pair"}, {"version": "two"}, {"look": 3}, {"kind": None}]
)
async def test_what_names_no_record_is_still_no_signal(broken: dict[str, object]) -> None:
    """Only the names that every version keeps are believed of a newer one: version, pair, kind and id."""
    with pytest.raises(BadMessage) as caught:
        Signal.decoded(bytes_of({"why": "unheard-of"} | broken))
    assert not isinstance(caught.value, NewerMessage)


async def test_a_parked_newer_signal_is_replayed_as_a_look_of_our_own() -> None:
    """After a roll-back an administrator can have the record looked at all the same, and then it is parked no more."""
    w = World()
    await w.heal()
    referral = w.partner.make()
    w.announced.clear()
    await read_by_nobody(w, bytes_of({"version": VERSION + 1, "id": referral}))
    deals = {"referral": (Side.PARTNER, Look.REFERRAL)}
    office = Office(pair="cosell", parked=w.parked, signals=w.signals, telemetry=w.telemetry, deals=deals)
    assert (await office.replay("referral", referral)).status == 202
    await w.settle()
    assert (w.row.counterpart, w.parked.entries) == (referral, {})


async def test_a_parked_newer_signal_of_an_unknown_kind_waits_for_its_release() -> None:
    """What this release has no word for it cannot look at, and it says whose it is."""
    w = World()
    await read_by_nobody(w, bytes_of({"version": VERSION + 1, "kind": "campaign"}))
    office = Office(pair="cosell", parked=w.parked, signals=w.signals, telemetry=w.telemetry)
    answer = await office.replay("campaign", "r-1")
    assert (answer.status, "a newer release" in str(answer.body)) == (422, True)
    assert (w.signals.heap, (await office.drop("campaign", "r-1")).status) == ([], 200)


async def test_a_later_release_reads_what_was_handed_back() -> None:
    """The count of an older release is one more field that it does not know."""
    w = World()
    await reception(w).run(bytes_of({"version": VERSION + 1}))
    handed = json.loads(w.signals.log[0].body) | {"version": VERSION}  # as a release reads it that knows this version
    assert Signal.decoded(json.dumps(handed)).ref == Ref("referral", "r-1")


async def test_a_signal_keeps_the_fields_that_it_does_not_know() -> None:
    """Delayed, held or sent back from poison: the release that wrote the field finds it again."""
    w = World()
    body = json.dumps(OURS | {"hint": {"deep": [1, None]}}).encode()

    async def away(_: str) -> None:
        raise Unavailable(Remote(system="Partner Center", message="no answer"))

    w.partner.hook = away
    await reception(w).run(body)
    await reception(w, right=False).run(body)
    await reception(w).poisoned(body)
    bodies = [json.loads(sent.body) for sent in w.signals.log]
    assert [sent["hint"] for sent in bodies] == [{"deep": [1, None]}] * 3
    assert (bodies[0]["tries"], bodies[0]["why"]) == (3, Why.AGAIN)


def test_a_newer_signal_waits_on_a_queue_that_is_read_here() -> None:
    """A queue of the newer release's own might be read by nobody after a roll-back."""
    for novelty in NOVELTIES:
        with pytest.raises(NewerMessage) as caught:
            Signal.decoded(bytes_of(novelty))
        assert isinstance(caught.value.signal, Newer)
        assert caught.value.signal.look is Look.REFERRAL
