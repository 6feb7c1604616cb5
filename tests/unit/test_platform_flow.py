"""What stands between the functions and the core: doors, reception, gate, pinned world, office, health."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import cast

import pytest

from shared.domain.code import Code
from shared.domain.outcome import Kind, Outcome, done
from shared.domain.values import Ref, Side
from shared.errors import AccessLost, BadEvent, BadMessage, CosellError, Remote, Unavailable
from shared.messages import Look, Signal, Why
from shared.observe.tally import tallied
from shared.observe.tally import tally as current
from shared.platform.doors import Door, Left
from shared.platform.gate import UNKNOWN, Gate, MicrosoftFlows, Wait
from shared.platform.health import Finding, health, pings, unpaused, without
from shared.platform.office import Office
from shared.platform.reception import SECOND_CHANCE, Reception
from shared.platform.telemetry import LogTelemetry
from shared.platform.telemetry_names import EVENTS, OUTCOME_FIELDS
from shared.platform.trace import carried, span
from shared.platform.world import NAME, Organisation, Pinned
from shared.ports import Facts, Gateway, ParkedEntry, World
from shared.release import RELEASE
from shared.settings import read
from tests.fakes.store import FakeClock, FakeCursors, FakeParked, FakePauses, FakeSignals, FakeTelemetry

SIGNAL = Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-1")
GONE = Unavailable(Remote(system="Azure Storage", status=503))


# --- doors ----------------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Reads every call as the same thing."""

    heard: Signal | Left | CosellError = SIGNAL

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Signal | Left:
        del headers, body
        if isinstance(self.heard, CosellError):
            raise self.heard
        return self.heard


async def no_room(step: str) -> None:
    if step == "signals.send":
        raise GONE


async def test_a_door_answers_200_only_when_the_signal_is_on_the_queue() -> None:
    """The signal lies on its queue, delayed as asked, and only then the sender is told."""
    signals = FakeSignals(FakeClock())
    door = Door(name="d", read=Reader(), signals=signals, telemetry=FakeTelemetry(), delay=2)
    assert (await door.take({}, b"")).status == 200
    assert [(sent.signal, sent.delay) for sent in signals.log] == [(SIGNAL, 2)]
    full = Door(name="d", read=Reader(), signals=FakeSignals(FakeClock(), hook=no_room), telemetry=FakeTelemetry())
    assert (await full.take({}, b"")).status == 503


@pytest.mark.parametrize(
    ("heard", "status", "word"),
    [
        (Left(reason="invoice-ready is no event of a referral"), 200, "left"),
        (BadEvent(401, "not signed"), 401, "not_authenticated"),
        (BadEvent(413, "too large"), 413, "too_large"),
        (BadEvent(400, "not JSON"), 400, "bad_request"),
        (BadEvent(503, "the certificate cannot be fetched"), 503, "not_available"),
    ],
)
async def test_a_door_says_why_it_takes_nothing(heard: Left | BadEvent, status: int, word: str) -> None:
    """Each refusal has its own status and reason, and nothing reaches a queue."""
    signals = FakeSignals(FakeClock())
    answer = await Door(name="d", read=Reader(heard), signals=signals, telemetry=FakeTelemetry()).take({}, b"")
    assert (answer.status, word in answer.body.values(), answer.body["reason"]) == (status, True, heard.reason)
    assert signals.log == []


# --- reception ------------------------------------------------------------------------------------------------------


@dataclass
class Job:
    """Remembers what it was given."""

    ran: list[bytes] = field(default_factory=list)
    parked: list[tuple[bytes, str]] = field(default_factory=list)

    async def run(self, body: bytes) -> None:
        self.ran.append(body)

    async def poisoned(self, body: bytes, *, reason: str) -> None:
        self.parked.append((body, reason))


HELD = 45.0


def reception(
    job: Job | None, signals: FakeSignals, why: str = "", *, telemetry: FakeTelemetry | None = None
) -> Reception:
    async def closed() -> Wait | None:
        return Wait(reason=why, seconds=HELD) if why else None

    return Reception(job=job, closed=closed, signals=signals, telemetry=telemetry or FakeTelemetry())


async def test_an_open_gate_lets_a_signal_through_as_it_came() -> None:
    """The job gets the very bytes of the message."""
    job, signals = Job(), FakeSignals(FakeClock())
    await reception(job, signals).run(SIGNAL.encoded().encode())
    assert (job.ran, signals.log) == ([SIGNAL.encoded().encode()], [])


@pytest.mark.parametrize("job", [None, Job()])
async def test_a_closed_gate_sends_the_signal_again_later(job: Job | None) -> None:
    """Wrong settings or a wrong world park nothing and lose nothing, not even fields of a newer version."""
    signals = FakeSignals(FakeClock())
    await reception(job, signals, "MODE is wrong").run(b'{"look":"referral-changes","side":"partner","kind":"referral",'
                                                      b'"id":"r-1","tries":3,"newer":1}')  # fmt: skip
    sent = signals.log[0]
    assert (sent.delay, sent.signal.tries, sent.signal.model_extra) == (HELD, 3, {"newer": 1})
    assert job is None or job.ran == []


async def test_what_our_own_storage_failed_is_tried_again_and_told_as_that() -> None:
    """No delay could be noted: the signal goes round once more, under the code of an outage and not of a setting."""

    @dataclass
    class Broken(Job):
        async def run(self, body: bytes) -> None:
            del body
            raise GONE

    signals, telemetry = FakeSignals(FakeClock()), FakeTelemetry()
    await reception(Broken(), signals, telemetry=telemetry).run(SIGNAL.encoded().encode())
    assert len(signals.log) == 1
    assert [(name, fields["code"]) for name, fields in telemetry.events] == [("signal_held", Code.UNAVAILABLE)]


async def test_a_message_that_is_no_signal_is_not_acknowledged() -> None:
    """It goes to poison, where it is parked with its reason."""
    job, signals = Job(), FakeSignals(FakeClock())
    with pytest.raises(BadMessage):
        await reception(job, signals).run(b"{}")
    await reception(job, signals).poisoned(b"{}")
    assert (job.parked[0][0], signals.log) == (b"{}", [])


async def test_a_poison_message_goes_back_once_before_it_is_parked() -> None:
    """A second chance, marked in the signal itself, and then a person decides."""
    job, signals, telemetry = Job(), FakeSignals(FakeClock()), FakeTelemetry()
    await reception(job, signals, telemetry=telemetry).poisoned(SIGNAL.encoded().encode())
    assert (job.parked, signals.log[0].delay) == ([], SECOND_CHANCE)
    assert [name for name, _ in telemetry.events] == ["poison_returned"]
    await reception(job, signals).poisoned(signals.log[0].body)
    assert (len(job.parked), len(signals.log)) == (1, 1)


async def test_poison_is_not_parked_for_wrong_settings() -> None:
    """While settings are wrong a poison signal waits like any other, and an unreadable one stays where it is."""
    signals = FakeSignals(FakeClock())
    await reception(None, signals, "wrong").poisoned(SIGNAL.encoded().encode())
    assert signals.log[0].delay == HELD
    with pytest.raises(BadMessage):
        await reception(None, signals, "wrong").poisoned(b"{}")


# --- gate and world -------------------------------------------------------------------------------------------------


class Side_:  # noqa: N801 - a gateway as far as the world is concerned
    def __init__(self, organisation: str, error: CosellError | None = None) -> None:
        self.organisation, self.error, self.asked = organisation, error, 0

    async def ping(self) -> World:
        self.asked += 1
        if self.error:
            raise self.error
        return World(organisation=self.organisation)


def pinned(crm: Side_, partner: Side_, cursors: FakeCursors, tick: list[float]) -> Pinned:
    return Pinned(partner=cast("Gateway", partner), crm=cast("Gateway", crm), cursors=cursors, tick=lambda: tick[0])


async def test_the_first_start_pins_the_world_and_a_later_one_is_held_to_it() -> None:
    """Another organisation later is refused in words, and accepted again once the setting is corrected."""
    cursors, tick = FakeCursors(), [0.0]
    ours = Side_("ORG-1")
    world = pinned(ours, Side_("tenant-1"), cursors, tick)
    assert await asyncio.gather(*(world.problems() for _ in range(9))) == [()] * 9
    assert ours.asked == 1
    assert json.loads(cursors.texts[NAME]) == {"dataverse": "org-1", "partner_center": "tenant-1"}
    copy = Side_("org-2")
    other = pinned(copy, Side_("tenant-1"), cursors, tick)
    assert "organisation org-2" in (await other.problems())[0]
    wait = await Gate(world=other, flows=MicrosoftFlows(Flows()), writes=True).closed()
    assert wait is not None
    assert wait.code is Code.WRONG_WORLD
    copy.organisation = "org-1"
    assert await other.problems() != ()
    tick[0] += 61
    assert await other.problems() == ()


async def test_a_world_that_cannot_be_seen_pins_nothing() -> None:
    """A side that names no organisation is pinned when it first does."""
    cursors, tick = FakeCursors(), [0.0]
    assert await pinned(Side_("org-1"), Side_(""), cursors, tick).problems() == ()
    assert await Organisation(cursors)() == "org-1"
    assert await pinned(Side_("org-1"), Side_("tenant-1"), cursors, tick).problems() == ()
    assert json.loads(cursors.texts[NAME])["partner_center"] == "tenant-1"
    assert await Organisation(FakeCursors())() == ""


@dataclass
class Flows:
    """Microsoft's flows as somebody switches them."""

    active: tuple[str, ...] | CosellError = ()
    asked: int = 0

    async def __call__(self) -> tuple[str, ...]:
        self.asked += 1
        if isinstance(self.active, CosellError):
            raise self.active
        return self.active


async def test_nothing_is_written_beside_microsofts_flows() -> None:
    """Signals wait while its flows are active, unless nothing would be written anyway; asked every ten minutes."""
    flows, tick = Flows(("Sync referral",)), [0.0]
    world = pinned(Side_("o"), Side_("t"), FakeCursors(), tick)
    watched = MicrosoftFlows(flows, tick=lambda: tick[0])
    wait = await Gate(world=world, flows=watched, writes=True).closed()
    assert wait is not None
    assert ("Sync referral" in wait.reason, wait.code) == (True, Code.MICROSOFT_FLOWS)
    assert await Gate(world=world, flows=watched, writes=False).closed() is None
    flows.active = ()
    tick[0] += 601
    assert await Gate(world=world, flows=watched, writes=True).closed() is None
    assert flows.asked == 2


async def test_the_gate_is_closed_while_nobody_knows_whose_records_these_are() -> None:
    """A system that cannot be asked keeps signals waiting; a missing privilege on flows does not."""
    lost = AccessLost(Remote(system="Dynamics 365", status=403))
    unknown = pinned(Side_("", lost), Side_("t"), FakeCursors(), [0.0])
    wait = await Gate(world=unknown, flows=MicrosoftFlows(Flows()), writes=True).closed()
    assert wait is not None
    assert ("403" in wait.reason, wait.seconds, wait.code) == (True, UNKNOWN, Code.ACCESS_LOST)
    known = pinned(Side_("o"), Side_("t"), FakeCursors(), [0.0])
    assert await Gate(world=known, flows=MicrosoftFlows(Flows(lost)), writes=True).closed() is None


# --- office ---------------------------------------------------------------------------------------------------------


async def test_an_administrator_lists_replays_and_drops_what_is_parked() -> None:
    """Replay sends a clean signal and keeps the entry until the record succeeds; drop forgets it."""
    clock, store = FakeClock(), FakeParked()
    signals = FakeSignals(clock)
    office = Office(pair="cosell", parked=store, signals=signals, telemetry=FakeTelemetry())
    body = SIGNAL.model_copy(update={"tries": 9, "first_sent": clock.now(), "second_chance": True}).encoded()
    ref = Ref("referral", "r-1")
    entry = ParkedEntry(pair="cosell", ref=ref, side=Side.PARTNER, reason="two", advice="pick", body=body, at=clock.at)
    await store.put(entry)
    listed = (await office.listed()).body["parked"]
    assert listed == [
        {
            "pair": "cosell",
            "kind": "referral",
            "id": "r-1",
            "side": "partner",
            "reason": "two",
            "advice": "pick",
            "at": clock.at.isoformat(),
        }
    ]
    assert (await office.replay("referral", "r-1")).status == 202
    assert signals.log[0].signal == SIGNAL.model_copy(update={"why": Why.REPLAY})
    assert await store.get("cosell", ref) == entry
    assert (await office.drop("referral", "r-1")).status == 200
    assert ((await office.drop("referral", "r-1")).status, (await office.replay("a", "b")).status) == (404, 404)


async def test_a_deal_that_is_not_parked_can_be_replayed_too() -> None:
    """A tombstone or a detached deal is not parked, and only a replay looks at it again: by either of its records."""
    signals = FakeSignals(FakeClock())
    deals = {"opportunity": (Side.CRM, Look.OPPORTUNITY), "referral": (Side.PARTNER, Look.REFERRAL)}
    office = Office(
        pair="cosell", parked=FakeParked(), signals=signals, telemetry=FakeTelemetry(), ready=True, deals=deals
    )
    answers = [await office.replay("opportunity", "o-1"), await office.replay("referral", "r-1")]
    assert [answer.status for answer in answers] == [202, 202]
    sent = [(s.signal.side, s.signal.kind, s.signal.id, s.signal.look, s.signal.why) for s in signals.log]
    assert sent == [
        (Side.CRM, "opportunity", "o-1", Look.OPPORTUNITY, Why.REPLAY),
        (Side.PARTNER, "referral", "r-1", Look.REFERRAL, Why.REPLAY),
    ]
    assert (await office.replay("account", "a-1")).status == 404
    assert (await office.replay("referral", "no id at all")).status == 404


async def test_an_unreadable_entry_can_only_be_dropped() -> None:
    """What is no signal cannot be sent again, and says so."""
    store, signals = FakeParked(), FakeSignals(FakeClock())
    ref = Ref("unreadable", "1")
    await store.put(
        ParkedEntry(pair="cosell", ref=ref, side=Side.CRM, reason="", advice="", body="{}", at=FakeClock().at)
    )
    office = Office(pair="cosell", parked=store, signals=signals, telemetry=FakeTelemetry())
    assert ((await office.replay("unreadable", "1")).status, signals.log) == (422, [])


# --- health ---------------------------------------------------------------------------------------------------------


async def test_health_is_200_only_when_everything_is_right() -> None:
    """One wrong setting, one silent dependency or one pause is 503, each named with what to do."""

    async def well() -> None:
        return None

    async def silent() -> None:
        raise GONE

    async def wrong() -> tuple[str, ...]:
        return ("another organisation",)

    clock, pauses = FakeClock(), FakePauses()
    paused = unpaused(pauses, clock, Side.CRM)
    assert (await health((), {"a": pings(well), "pause": paused})).status == 200
    await pauses.pause(Side.CRM, clock.now() + timedelta(minutes=1), "429")
    answer = await health((), {"a": pings(silent), "b": without(wrong), "pause": paused})
    checks = cast("Mapping[str, Mapping[str, object]]", answer.body["checks"])
    assert (answer.status, [one["ok"] for one in checks.values()]) == (503, [False, False, False])
    assert "503" in str(checks["a"]["detail"])
    assert checks["b"]["detail"] == "another organisation"
    clock.advance(61)
    assert await paused() == Finding(ok=True)
    settings = await health(read({"MODE": "x", "DATAVERSE_TOKEN": "hush"}).problems, {})
    assert settings.status == 503
    assert {"setting": "MODE", "value": '"x"', "may_be": "live or test"} in cast(
        "list[object]", settings.body["settings"]
    )
    assert "hush" not in json.dumps(settings.body)


# --- telemetry and trace --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Kind)
def test_an_outcome_is_one_record_with_the_same_fields(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the outcome, the record's own fields are exactly the promised ones, flat, and name the event."""
    caplog.set_level(logging.INFO, "cosell")
    LogTelemetry().outcome(SIGNAL, Outcome(kind=kind, reason="r", code=Code.UPDATED), Facts())
    record, plain = vars(caplog.records[0]), vars(logging.LogRecord("", 0, "", 0, "", None, None))
    fields = set(record) - set(plain) - {"message", "asctime"}
    assert fields == {*OUTCOME_FIELDS, "microsoft.custom_event.name"}
    assert record["microsoft.custom_event.name"] in EVENTS
    assert all(isinstance(record[name], str | int | float) for name in OUTCOME_FIELDS)


def test_an_outcome_says_whose_it_is_and_what_it_cost(caplog: pytest.LogCaptureFixture) -> None:
    """Ids of both records, where values went, how many calls that took and how long after the change."""
    caplog.set_level(logging.INFO, "cosell")
    carried_over = {Side.CRM: ("notes", "amount"), Side.PARTNER: ("stage", "notes")}
    told = replace(done("updated", Code.UPDATED), carried=carried_over)
    signal = SIGNAL.model_copy(update={"trace": f"00-{'ab' * 16}-{'cd' * 8}-01"})
    with tallied("of another signal"):
        pass
    assert current().correlation == ""
    with tallied("") as tally:
        tally.calls = 3
        facts = Facts(link="o-1", referral="r-1", deal="o-1", took=12.34, since=1234.5)
        LogTelemetry().outcome(signal, told, facts)
    record = vars(caplog.records[0])
    assert {name: record[name] for name in ("link", "referral_id", "opportunity_id", "direction", "fields")} == {
        "link": "o-1",
        "referral_id": "r-1",
        "opportunity_id": "o-1",
        "direction": "both",
        "fields": "amount,notes,stage",
    }
    assert (record["remote_calls"], record["took_ms"], record["since_change_ms"]) == (3, 12.3, 1234)
    assert (record["code"], record["correlation"], record["release"]) == ("updated", "ab" * 16, RELEASE)


def test_a_signal_always_carries_a_trace_and_keeps_it() -> None:
    """Hops of one deal are found together, with telemetry on or off."""
    first = carried(SIGNAL)
    assert len(first.trace) == 55
    assert carried(first) == first
    with span("referral-changes", first):
        assert carried(SIGNAL).trace
    with span("referral-changes", SIGNAL.model_copy(update={"trace": "nonsense"})):
        pass
