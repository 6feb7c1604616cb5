"""What people read on the status page: outcomes, codes, dependencies, times and durations in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from shared.domain.code import Code
from shared.domain.outcome import Kind

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        Kind.DONE: "In step: both sides agree, or were made to",
        Kind.LEFT: "Left alone, for the reason given",
        Kind.WAITING: "Waits until somebody completes or corrects data",
        Kind.DELAYED: "Will be tried again by itself",
        Kind.OWED: "Held back by a setting, and done once that allows it",
        Kind.PARKED: "Needs a person to decide",
    }
)
CODES: Mapping[str, str] = MappingProxyType(
    {
        Code.IN_STEP: "Both sides agree",
        Code.UPDATED: "A change was carried over",
        Code.CREATED: "The record on the other side was created",
        Code.ADOPTED: "Two records that were there were linked",
        Code.INVITED: "Microsoft was asked for help",
        Code.NOTHING_NEW: "Nothing had changed",
        Code.OTHERS_WOKEN: "A record beside the deal changed, and its deals are looked at",
        Code.FIELDS_DIFFER: "Some fields stay different, each with its reason",
        Code.SWITCHED_OFF: "Nobody wants this record synchronised",
        Code.OTHER_PARTY: "It is the other party's record",
        Code.NO_DEAL: "The record is no co-sell deal",
        Code.OWN_LEAD: "A lead of the CRM's own, which no referral made",
        Code.LEAD_ALONE: "A lead that is left alone",
        Code.CLOSED_BEFORE: "Closed before it was ever linked",
        Code.BEFORE_FIRST_START: "Older than the first start: shared only on request",
        Code.COSELL_ONLY: "COSELL_ONLY leaves leads alone",
        Code.MOVED_ON: "The lead's deal goes on as an opportunity",
        Code.GONE: "A record was deleted",
        Code.DETACHED: "Both records have parted for good",
        Code.ASLEEP: "At rest until something of it changes",
        Code.MISSING_DATA: "Data is missing or wrong; correcting it mends this",
        Code.PAUSED: "A system is left alone for a while",
        Code.BUSY: "Another worker has the deal in hand",
        Code.CONFLICT: "Somebody wrote the record in the same moment",
        Code.NOT_SHOWN_YET: "The other system does not show the record yet",
        Code.UNANSWERED: "Nobody knows yet whether a creation took effect",
        Code.THROTTLED: "Too many requests: the system asked for a pause",
        Code.UNAVAILABLE: "A system did not answer",
        Code.ACCESS_LOST: "A token, role or permission is missing",
        Code.MISCONFIGURED: "A setting is wrong",
        Code.WRONG_WORLD: "The settings lead to another organisation or tenant",
        Code.MICROSOFT_FLOWS: "Microsoft's own flows are on",
        Code.NEWER_RELEASE: "A newer release has this deal in hand",
        Code.MODE: "Test mode writes for TEST_RECORDS alone",
        Code.DRY_RUN: "DRY_RUN writes nothing",
        Code.NEEDS_DECISION: "Two answers are possible, and a person must choose",
        Code.REFUSED: "The other system refused this record",
        Code.TOO_OLD: "Tried for too long",
        Code.BUG: "A fault of this product",
    }
)
CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "storage": "Azure Storage",
        "partner_center": "Partner Center",
        "dynamics": "Dynamics 365",
        "dynamics_columns": "Columns in Dynamics 365",
        "world": "Organisation and tenant",
        "microsoft_flows": "Microsoft's flows are off",
        "webhook_registration": "Webhook registration",
        "partner_pause": "No pause: Partner Center",
        "crm_pause": "No pause: Dynamics 365",
    }
)
_UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))
_JUST = timedelta(seconds=50)
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000  # milliseconds


def check_title(name: str) -> str:
    return CHECKS.get(name, name.replace("_", " ").capitalize())


def code_words(code: str) -> str:
    """A code of a newer release is shown as it is spelt, one of an older release says nothing."""
    return CODES.get(code, code.replace("_", " ").capitalize())


def ago(at: datetime, now: datetime) -> str:
    """How long ago, roughly."""
    age = now - at
    if abs(age) < _JUST:
        return "just now"
    unit, name = next(((unit, name) for unit, name in _UNITS if abs(age) >= unit), _UNITS[-1])
    count = max(1, round(abs(age) / unit))
    words = f"{count} {name}{'' if count == 1 else 's'}"
    return f"{words} ago" if age > timedelta() else f"in {words}"


def utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def lasting(milliseconds: float) -> str:
    """A duration, to two digits or so."""
    if milliseconds < SECOND:
        return f"{milliseconds:.0f} ms"
    if milliseconds < MINUTE:
        return f"{milliseconds / SECOND:.1f} s"
    if milliseconds < HOUR:
        return f"{milliseconds / MINUTE:.1f} min"
    return f"{milliseconds / HOUR:.1f} h"
