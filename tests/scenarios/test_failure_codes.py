"""What stood in a signal's way, told apart for alerts; and whose signal it was, where there is no link to ask."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.outcome import Kind
from shared.domain.values import Side
from shared.errors import (
    AccessLost,
    Conflict,
    CosellError,
    Misconfigured,
    NeedsDecision,
    NotMet,
    Refused,
    Remote,
    Throttled,
    TooNew,
    Unavailable,
)
from shared.messages import Look, Signal
from shared.ports import Facts
from shared.sync.watch import SLOW_ROUND
from tests.fakes.store import Hook
from tests.fakes.world import LIVE, World
from tests.scenarios.pairs import linked_from_crm, linked_from_partner
from tests.scenarios.test_leads import a_lead, the_lead

SAID = Remote(system="Dynamics 365", status=400)
CASES: list[tuple[CosellError, Kind, Code]] = [
    (Throttled(SAID), Kind.DELAYED, Code.THROTTLED),
    (AccessLost(SAID), Kind.DELAYED, Code.ACCESS_LOST),
    (Unavailable(SAID), Kind.DELAYED, Code.UNAVAILABLE),
    (Conflict(SAID), Kind.DELAYED, Code.CONFLICT),
    (TooNew(SAID), Kind.DELAYED, Code.NEWER_RELEASE),
    (Misconfigured(("MODE is wrong",)), Kind.DELAYED, Code.MISCONFIGURED),
    (NotMet("a phone is missing"), Kind.WAITING, Code.MISSING_DATA),
    (NeedsDecision("two answers", advice="pick"), Kind.PARKED, Code.NEEDS_DECISION),
    (Refused(SAID), Kind.PARKED, Code.REFUSED),
]


def raises(error: CosellError) -> Hook:
    async def hook(step: str) -> None:
        if step == "crm.read":
            raise error

    return hook


async def failed(error: CosellError) -> World:
    """A linked deal whose row answers like this."""
    w = await linked_from_partner()
    w.crm.hook = raises(error)
    w.partner.edit(w.referral.id, **{deal.NOTES: "X"})
    await w.deliver()
    w.clock.advance(2)
    await w.step()
    return w


@pytest.mark.parametrize(("error", "kind", "code"), CASES, ids=[type(case[0]).__name__ for case in CASES])
async def test_each_failure_has_a_code_of_its_own(error: CosellError, kind: Kind, code: Code) -> None:
    """An expired credential, a flood and an outage are three alerts, and nothing is told as carried over."""
    w = await failed(error)
    told = w.telemetry.outcomes[-1]
    assert (told.outcome.kind, told.outcome.code, told.outcome.carried, told.facts.since) == (kind, code, {}, None)
    paused = [fields["code"] for name, fields in w.telemetry.events if name == "system_paused"]
    assert paused == ([code] if code in (Code.THROTTLED, Code.ACCESS_LOST) else [])


async def test_who_comes_while_a_system_is_paused_is_told_so() -> None:
    """Thousands of these are one flood, and no failure of their own."""
    w = await failed(Throttled(SAID, retry_after=600))
    w.partner.edit(w.referral.id, **{deal.NAME: "X"})
    await w.deliver()
    w.clock.advance(2)
    await w.step()
    assert w.telemetry.outcomes[-1].outcome.code is Code.PAUSED


async def test_a_week_of_failures_is_too_old() -> None:
    """And is parked under that code."""
    w = await failed(Unavailable(SAID))
    await w.settle(within=timedelta(days=8))
    assert (w.outcomes[-1].kind, w.outcomes[-1].code) == (Kind.PARKED, Code.TOO_OLD)


@pytest.mark.parametrize(("error", "older"), [(Conflict(SAID), True), (Throttled(SAID, retry_after=60), False)])
async def test_only_what_lies_with_the_record_makes_its_signal_older(error: CosellError, *, older: bool) -> None:
    """A conflict is the record's own; a pause of the whole system is not counted against it."""
    w = await failed(error)
    first = w.signals.waiting[-1].first_sent
    assert first is not None
    assert (first < w.clock.now()) is older


async def test_a_change_from_a_clock_that_is_ahead_took_no_time() -> None:
    """Never less than nothing: a mean of such times would say that all is well."""
    w = await linked_from_partner()
    w.partner.edit(w.referral.id, **{deal.NOTES: "X"})
    w.partner.rows[w.referral.id].modified += timedelta(minutes=5)
    await w.settle()
    assert (w.telemetry.outcomes[-1].facts.since, w.link.carried and w.link.carried.ms) == (0, 0)


# --- whose ------------------------------------------------------------------------------------------------------------


def of(w: World) -> Facts:
    return replace(w.telemetry.outcomes[-1].facts, took=0, since=None)


async def test_a_linked_deal_is_told_by_all_its_ids() -> None:
    """Whichever side it was looked at from."""
    w = await linked_from_crm()
    assert of(w) == Facts(link=w.row.id, referral=w.referral.id, deal=w.row.id)


async def test_a_lead_that_went_on_is_told_with_its_opportunity() -> None:
    """Its link's id is the lead's, which is no opportunity's."""
    w = await a_lead()
    lead = the_lead(w).id
    assert of(w) == Facts(link=lead, referral=w.referral.id)
    w.leads.qualify(lead, w.crm)
    await w.settle()
    await w.send(Look.LEAD, Side.CRM, lead)
    told = [one.facts for one in w.telemetry.outcomes if one.signal.kind == "lead" and one.facts.link == lead]
    assert told[-1].deal == w.row.id


@pytest.mark.parametrize(
    ("signal", "facts"),
    [
        (Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id="r-9"), Facts(referral="r-9")),
        (Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="opportunity", id="o-9"), Facts(deal="o-9")),
        (Signal(look=Look.LEAD, side=Side.CRM, kind="lead", id="l-9"), Facts()),
        (Signal(look=Look.OPPORTUNITY, side=Side.CRM, kind="account", id="a-9"), Facts()),
    ],
    ids=lambda value: value.kind if isinstance(value, Signal) else "",
)
async def test_without_a_link_the_record_that_was_looked_at_is_told(signal: Signal, facts: Facts) -> None:
    """A referral and an opportunity by their own ids; a lead's or an account's is neither."""
    w = World(policy=LIVE)
    await w.signals.send(signal)
    await w.settle(within=timedelta())
    assert of(w) == facts


# --- how all of them stand -------------------------------------------------------------------------------------------


async def test_deals_are_counted_once_an_hour() -> None:
    """How each stands: a closed one has ended, a lead that went on is counted as what it goes on as."""
    w = await linked_from_partner()
    await w.heal()
    w.clock.advance(SLOW_ROUND.total_seconds() + 1)
    await w.heal()
    counted = [fields for name, fields in w.telemetry.events if name == "deals_counted"]
    assert len(counted) == 2
    assert counted[-1] == {
        "linked": 1, "in_step": 1, "waiting": 0, "owed": 0, "delayed": 0, "parked": 0, "ended": 0
    }  # fmt: skip
