"""What the page shows in these tests: deals of a week, invented, between companies that do not exist."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from shared.domain.code import Code
from shared.domain.link import Base, Carried, Link, Recorded
from shared.domain.outcome import Kind
from shared.domain.values import Ref, Side
from shared.messages import Look, Signal
from shared.ports import ParkedEntry
from tests.integration.bench import Bench, linked_outbound

SETTLED = {side: Base(version="1") for side in Side}
STORY = (
    (Kind.DONE, Code.UPDATED, "Updated Partner Center: Deal value"),
    (Kind.DONE, Code.UPDATED, "Updated from Partner Center: Notes"),
    (Kind.DONE, Code.IN_STEP, "both sides agree"),
    (Kind.DONE, Code.CREATED, "The referral was created in Partner Center"),
    (Kind.WAITING, Code.MISSING_DATA, "The account has no country"),
    (Kind.DONE, Code.UPDATED, "Updated Partner Center: Estimated close date"),
    (Kind.OWED, Code.MODE, "Test mode writes for TEST_RECORDS alone. Owed: Deal value"),
    (Kind.DELAYED, Code.THROTTLED, "Dynamics 365 asked for a pause of 20 s"),
    (Kind.DONE, Code.ADOPTED, "Two records that were there were linked"),
    (Kind.LEFT, Code.CLOSED_BEFORE, "The referral was closed before it was linked"),
)
DEALS = 160


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The ids of what tests press and look at: a deal whose sides differ, and two parked records."""

    differing: str
    replayable: Ref
    droppable: Ref


async def furnish(bench: Bench) -> Scene:
    """A week of outcomes, a deal whose sides differ, and two entries that need a person."""
    _, row = await linked_outbound(bench, name="Wingtip Toys online shop", description="A second call is agreed.")
    ident = str(row["opportunityid"])
    bench.configure(MODE="test", TEST_RECORDS=ident[:-4] + "0000")
    change = {"estimatedvalue": 135000, "description": "The customer wants a pilot."}
    await bench.people.crm("PATCH", f"opportunities({ident})", change)
    await bench.settle()
    bench.configure(MODE="live", TEST_RECORDS="")
    await invented_links(bench)
    twice = await park(
        bench,
        Ref("referral", str(UUID(int=7_001, version=4))),
        "Two accounts fit: Fourth Coffee (Redmond) and Fourth Coffee (Kirkland)",
        "Deactivate one of them, or write the referral's id on the right opportunity; then replay",
    )
    refused = await park(
        bench,
        Ref("opportunity", str(UUID(int=7_002, version=4))),
        "Partner Center answered 400: the solution SOL-1003 is not published",
        "Take the solution off the opportunity, or publish it",
    )
    return Scene(differing=ident, replayable=twice, droppable=refused)


async def park(bench: Bench, ref: Ref, reason: str, advice: str = "") -> Ref:
    side, look = (Side.CRM, Look.OPPORTUNITY) if ref.kind == "opportunity" else (Side.PARTNER, Look.REFERRAL)
    body = Signal(look=look, side=side, kind=ref.kind, id=ref.id).encoded()
    at = bench.clock.now() - timedelta(hours=3 + len(bench.parked.entries) * 20)
    await bench.parked.put(
        ParkedEntry(pair="cosell", ref=ref, side=side, reason=reason, advice=advice, body=body, at=at)
    )
    return ref


async def invented_links(bench: Bench) -> None:
    """One deal an hour or so, most in seconds and some by heal: always the same ones."""
    chance = random.Random(5)  # noqa: S311 - repeatable on purpose
    for number in range(DEALS):
        kind, code, reason = STORY[0 if chance.random() < 0.55 else number % len(STORY)]
        at = bench.clock.now() - timedelta(hours=number * 1.03, minutes=chance.random() * 50)
        slow = chance.random() < 0.06
        ms = int(chance.lognormvariate(11.9 if slow else 7.6, 0.35 if slow else 0.5))
        to = (Side.CRM,) if number % 3 else (Side.PARTNER,)
        link = Link(
            pair="cosell",
            key=str(UUID(int=chance.getrandbits(128), version=4)),
            partner=str(UUID(int=chance.getrandbits(128), version=4)),
            base=SETTLED,
            outcome=Recorded(kind=kind, reason=reason, at=at, code=code),
            carried=Carried(at=at, ms=ms, to=to) if kind is Kind.DONE else None,
            owed=("dealValue",) if kind is Kind.OWED else (),
        )
        await bench.links.save(link)
