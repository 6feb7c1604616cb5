"""A status page over fakes, with one foreign text in every place where a page shows one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.domain.link import Base, Carried, Link, Recorded
from shared.domain.values import Ref, Side
from shared.errors import Misconfigured
from shared.messages import Look, Signal
from shared.platform.doors import Answer, problem
from shared.platform.office import Office
from shared.platform.status.admission import Admission
from shared.platform.status.asked import Asked, Door, Page
from shared.platform.status.checks import Checks
from shared.platform.status.house import House
from shared.platform.status.kept import Kept
from shared.platform.status.render import environment
from shared.platform.status.shown import Parts
from shared.platform.status.survey import Survey
from shared.platform.status.tickets import Tickets
from shared.ports import ParkedEntry
from shared.settings import Problem, read
from tests.fakes.store import START, FakeClock, FakeCursors, FakeLinks, FakeParked, FakeSignals, FakeTelemetry

KEY = "the-function-key"
IDENT = "11111111-2222-4333-8444-555555555555"
PARKED = Ref("opportunity", IDENT)
SIDES = {side: Base(version="1") for side in Side}


@dataclass(kw_only=True)
class Site:
    """The page and what lies behind it."""

    house: House
    parked: FakeParked
    signals: FakeSignals
    telemetry: FakeTelemetry
    clock: FakeClock

    async def get(
        self, *room: str, door: Door = Door.KEY, headers: Mapping[str, str] | None = None, **query: str
    ) -> Page:
        with_key = {"code": KEY, **query} if door is Door.KEY else query
        return await self.house.enter(Asked(door=door, room=room, query=with_key, headers=headers or {}))


async def site(text: str = "words", *, signs_in: bool = True) -> Site:
    """One deal, one parked entry, one check and one wrong setting, each saying this."""
    clock, links, parked, telemetry = FakeClock(), FakeLinks(), FakeParked(), FakeTelemetry()
    links.now = clock.now
    signals = FakeSignals(clock)
    await links.save(_link(text))
    await parked.put(entry(text))
    survey = Survey(links=links, parked=parked, clock=clock, tick=lambda: 0.0)
    parts = Parts(
        checks=Checks(checks={"dynamics": _unwell(text)}, tick=lambda: 0.0),
        survey=survey,
        tickets=Tickets(cursors=FakeCursors(), clock=clock),
        clock=clock,
        counts=Kept(survey.counts, seconds=0, tick=lambda: 0.0),
        lately=Kept(survey.lately, seconds=0, tick=lambda: 0.0),
    )
    house = House(
        admission=Admission(signs_in=signs_in, role="Cosell.Operator", address="https://contoso.example.com"),
        parts=parts,
        office=Office(pair="cosell", parked=parked, signals=signals, telemetry=telemetry),
        explain=_explains(text),
        policy=read({}).best.policy(),
        problems=(Problem(name="MODE", shown=text, may_be="live or test"),),
        clock=clock,
        templates=environment(),
    )
    return Site(house=house, parked=parked, signals=signals, telemetry=telemetry, clock=clock)


def entry(text: str) -> ParkedEntry:
    signal = Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind=PARKED.kind, id=PARKED.id)
    return ParkedEntry(
        pair="cosell", ref=PARKED, side=Side.CRM, reason=text, advice=text, body=signal.encoded(), at=START
    )


def _link(text: str) -> Link:
    return Link(
        pair="cosell",
        key=text,
        partner=IDENT,
        base=SIDES,
        outcome=Recorded(kind="done", reason=text, at=START - timedelta(hours=1), code=text),
        carried=Carried(at=START - timedelta(hours=1), ms=900, to=(Side.CRM,)),
    )


def _unwell(text: str) -> Any:
    async def check() -> None:
        raise Misconfigured((text,))

    return check


def _explains(text: str) -> Any:
    async def explain(ident: str, by: str) -> Answer:
        del by
        return Answer(body=_document(text)) if ident == IDENT else problem(404, text)

    return explain


def _document(text: str) -> dict[str, Any]:
    """A deal as `GET /api/deals/{id}` answers it, with this text wherever a system's own words stand."""
    at = START.isoformat()
    write: dict[str, Any] = {"to": "crm", "kind": text, "does": "write", "record": text, "audit": text}
    write |= {"values": {text: text, "Solutions": [text]}, "first": [text]}
    record = {"system": text, "kind": text, "id": text, "modified": at, "created": at, "link": f"javascript:{text}"}
    field: dict[str, Any] = {
        "field": "name",
        "title": text,
        "crm": text,
        "partner": [text, text],
        "shown_by": ["crm", "partner"],
    }
    field |= {"state": "no base", "differs": True, "locked": {"crm": text}}
    outcome = {"kind": "done", "reason": text, "advice": text, "at": at}
    link = {"linked": True, "gone": "", "detached": False, "outcome": outcome, "wake_at": at}
    return {
        "asked": text, "record": text, "referral": text, "outcome": outcome, "standing": [text], "left": [text],
        "writes": [write], "owed": [write], "fields": [field], "records": {"crm": record, "partner": record},
        "link": {**link, "intents": [{"purpose": text, "started": at}]},
        "parked": [{"kind": "opportunity", "id": IDENT, "reason": text, "advice": text, "at": at}],
    }  # fmt: skip
