"""Rows as installations send them: one in which all is well, and for each alert one in which it is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.infra.kusto import OPPORTUNITY
from tests.infra.workspace import Workspace

QUEUES = ("referral-changes", "cosell-changes", "opportunity-changes", "lead-changes", "solution-changes")
REFERRAL = "00000000-0000-4000-8000-000000000001"
CORRELATION = "0af7651916cd43dd8448eb211c80319c"
SYSTEMS = ("Dynamics 365", "Partner Center")
DAY = 24 * 60.0


def looked(
    workspace: Workspace, outcome: str, code: str, *, minutes: float = 5, times: int = 1, **more: object
) -> None:
    """An outcome with what each has."""
    fields = {
        "flow": "referral-changes",
        "link": OPPORTUNITY,
        "referral_id": REFERRAL,
        "opportunity_id": OPPORTUNITY,
        "record": f"referral:{REFERRAL}",
        "system": "partner",
        "direction": "",
        "outcome": outcome,
        "code": code,
        "reason": f"because it is {code}",
        "since_change_ms": "",
        "took_ms": 210,
        "remote_calls": 2,
        "attempt": 1,
        "why": "event",
        "correlation": CORRELATION,
    }
    workspace.event(f"signal_{outcome}", minutes=minutes, times=times, **(fields | more))


def healthy() -> Workspace:
    """A busy day: carried over both ways, a seller who has to fill in something, a throttle, a credential renewed."""
    day = Workspace()
    for minutes in range(2, 120, 5):
        day.event("heal", minutes=minutes, polled=4, signalled=1, woken=0, took_ms=900)
        day.event("parked_seen", minutes=minutes, count=0)
        for queue in QUEUES:
            day.event("queue_seen", minutes=minutes, queue=queue, length=1, oldest_s=4)
    looked(day, "done", "updated", times=30, direction="to_crm", since_change_ms=4200)
    looked(day, "done", "updated", times=30, direction="to_partner", since_change_ms=6100, fields="closeDate")
    looked(day, "left", "nothing_new", times=12)
    looked(day, "waiting", "missing_data", times=3)
    looked(day, "delayed", "throttled", times=40)
    day.event("deals_counted", minutes=30, linked=70, in_step=66, waiting=3, owed=1, delayed=0, parked=0, ended=0)
    day.event("system_paused", minutes=8, system="crm", seconds=30, code="throttled", reason="asked for patience")
    day.event("webhook_registration_seen", minutes=DAY - 60, standing="ours", reason="")
    day.event("refresh_token_seen", minutes=DAY - 60, age_days=0.2, days_left=89.8)
    day.event("event_refused", minutes=20, door="partner_center_events", status=401, reason="no signature")
    for system in SYSTEMS:
        day.metric("cosell.remote_calls", 90, system=system, status="2xx")
        day.metric("cosell.remote_calls", 2, system=system, status="4xx")
        day.call("GET /referrals/{id}", 200, system=system, operation="read", retries=1, correlation=CORRELATION)
    day.metric("cosell.throttles", 1, system="Dynamics 365")
    day.request("referrals", 200, times=30).request("health", 503, times=15).request(
        "partner_center_events", 401, times=3
    )
    return day


def parked() -> Workspace:
    day = healthy().event("parked_seen", minutes=1, count=1)
    looked(day, "parked", "needs_decision", record="opportunity:parked", minutes=1)
    return day


def silent() -> Workspace:
    """Auto-heal went through two hours ago for the last time."""
    day = Workspace().event("heal", minutes=120, polled=4, signalled=1, woken=0, took_ms=900)
    return day.event("heal_held", minutes=3, reason="Microsoft's flows are active", code="misconfigured")


def failing() -> Workspace:
    day = healthy()
    looked(day, "delayed", "unavailable", times=30)
    return day


# By the name of the rule that has to fire for it, and what for.
SICK: Mapping[str, tuple[Callable[[], Workspace], set[tuple[str, ...]]]] = MappingProxyType(
    {
        "parked": (parked, {()}),
        "poisoned": (
            lambda: healthy().event("message_poisoned", record="referral:1", reason="every attempt failed"),
            {()},
        ),
        "failure-rate": (failing, {()}),
        "access": (
            lambda: healthy().event("system_paused", system="partner", seconds=60, code="access_lost", reason="401"),
            {("partner",)},
        ),
        "oldest-message": (
            lambda: healthy().event("queue_seen", queue="lead-changes", length=80, oldest_s=1800),
            {("lead-changes",)},
        ),
        "webhook-lost": (
            lambda: healthy().event("webhook_registration_lost", standing="elsewhere", reason="moved"),
            {()},
        ),
        "heal-missing": (silent, {()}),
        "refresh-token-old": (lambda: healthy().event("refresh_token_old", age_days=60, days_left=30), {()}),
        "refresh-token-dying": (lambda: healthy().event("refresh_token_old", age_days=80, days_left=10), {()}),
        "refresh-token-unseen": (
            lambda: healthy().event("refresh_token_unseen", reason="the vault answered 403"),
            {()},
        ),
        "server-errors": (lambda: healthy().request("dynamics_events", 500, times=5), {("dynamics_events",)}),
    }
)


# What comes after it and mends it: the alert has to end by itself.
def _waited() -> Workspace:
    return healthy().event("message_poisoned", minutes=61, record="referral:1", reason="every attempt failed")


MENDED: Mapping[str, Callable[[], Workspace]] = MappingProxyType(
    {
        "parked": lambda: healthy().event("parked_seen", minutes=1.5, count=1).event("parked_seen", minutes=1, count=0),
        "poisoned": _waited,
        "failure-rate": healthy,
        "access": lambda: healthy().event("system_paused", minutes=16, system="crm", seconds=60, code="access_lost"),
        "oldest-message": lambda: healthy().event(
            "queue_seen", minutes=12, queue="lead-changes", length=1, oldest_s=4000
        ),
        "webhook-lost": lambda: (
            healthy()
            .event("webhook_registration_lost", minutes=9, standing="elsewhere", reason="moved")
            .event("webhook_registering", minutes=3, outcome="registered", events="referral-created")
        ),
        "heal-missing": lambda: silent().event("heal", polled=1, signalled=0, woken=0, took_ms=700),
        "refresh-token-old": lambda: (
            healthy()
            .event("refresh_token_old", minutes=9, age_days=61, days_left=29)
            .event("refresh_token_seen", age_days=0, days_left=90)
        ),
        "refresh-token-dying": lambda: (
            healthy()
            .event("refresh_token_old", minutes=9, age_days=81, days_left=9)
            .event("refresh_token_seen", age_days=0, days_left=90)
        ),
        "refresh-token-unseen": lambda: (
            healthy()
            .event("refresh_token_unseen", minutes=9, reason="403")
            .event("refresh_token_seen", age_days=1, days_left=89)
        ),
        "server-errors": lambda: healthy().request("dynamics_events", 500, minutes=16, times=5),
    }
)


# One less than what it takes.
BELOW: Mapping[str, Callable[[], Workspace]] = MappingProxyType(
    {
        "oldest-message": lambda: healthy().event("queue_seen", queue="lead-changes", length=80, oldest_s=1799),
        "heal-missing": lambda: Workspace().event("heal", minutes=57, polled=1),
        "refresh-token-old": lambda: healthy().event("refresh_token_seen", age_days=59.9, days_left=30.1),
        "refresh-token-dying": lambda: healthy().event("refresh_token_old", age_days=79.9, days_left=10.1),
        "server-errors": lambda: healthy().request("dynamics_events", 500, times=4),
        "webhook-lost": lambda: healthy().event("webhook_registration_unseen", reason="Partner Center answered 503"),
    }
)
