"""What telemetry is called: the events, fields and metrics that the workbook, the alerts and people's queries rely on.

A name that is changed here breaks what somebody has pinned to a dashboard: it belongs into the changelog.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Every outcome is one event, and each has all of these.
OUTCOME_FIELDS = (
    "pair",
    "flow",  # the queue it came from
    "link",  # the CRM record's id under which both sides are linked
    "referral_id",
    "opportunity_id",
    "record",  # the one that was looked at, kind:id
    "system",  # the side that it lies on: crm or partner
    "direction",  # where values went: to_crm, to_partner, both, or nothing
    "outcome",
    "code",  # why, for machines
    "reason",  # why, in words and without people
    "fields",  # the names of those that were changed
    "remote_calls",
    "since_change_ms",  # since the change that was carried over happened on its side; empty where none was
    "took_ms",
    "why",  # what woke the signal
    "attempt",
    "correlation",  # joins the hops of one change
    "release",
)
OUTCOME_EVENTS = (
    "signal_done",
    "signal_left",
    "signal_waiting",
    "signal_delayed",
    "signal_owed",
    "signal_parked",
)
_OWN = {
    "heal": ("polled", "signalled", "woken", "took_ms"),
    "heal_held": ("code", "reason"),
    "deals_counted": ("linked", "in_step", "waiting", "owed", "delayed", "parked", "ended"),
    "queue_seen": ("queue", "length", "oldest_s"),
    "parked_seen": ("count",),
    "queues_unseen": ("reason",),  # one of the two could not be
    "system_paused": ("system", "seconds", "code", "reason"),
    "signal_held": ("record", "flow", "code", "reason"),
    "message_poisoned": ("record", "reason"),
    "poison_returned": ("record", "flow"),
    "newer_handed_back": ("record", "flow"),
    "delay_not_noted": ("record", "reason"),
    "webhook_registration_seen": ("standing", "reason"),
    "webhook_registration_lost": ("standing", "reason"),
    "webhook_registration_unseen": ("reason",),
    "webhook_registering": ("outcome", "events", "displaced", "test", "reason"),
    "refresh_token_seen": ("age_days", "days_left"),
    "refresh_token_old": ("age_days", "days_left"),
    "refresh_token_unseen": ("reason",),
    "event_left": ("door", "reason"),
    "event_refused": ("door", "status", "reason"),
    "parked_replayed": ("pair", "record", "by"),  # an Entra object id, or the word key
    "parked_dropped": ("pair", "record", "reason", "by"),
    "deal_explained": ("record", "outcome", "by"),
}
EVENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(dict.fromkeys(OUTCOME_EVENTS, OUTCOME_FIELDS) | _OWN)
# The name of each metric, and what it is told apart by.
METRICS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cosell.outcomes": ("flow", "outcome", "code"),
        "cosell.sync_latency": ("flow", "direction"),  # milliseconds
        "cosell.remote_calls": ("system", "status"),
        "cosell.throttles": ("system",),
        "cosell.parked": (),
        "cosell.queue_age": ("queue",),  # seconds
        "cosell.queue_length": ("queue",),
    }
)
# What a remote call's dependency carries beside method, address, status and duration.
DEPENDENCY = ("cosell.system", "cosell.operation", "cosell.retries", "cosell.correlation")
