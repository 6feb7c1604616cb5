"""What registering a webhook can come to: a closed set, with the words for whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.domain.subscription import Subscription


class Step(StrEnum):
    """What registering came to."""

    REGISTERED = "registered"
    UNCHANGED = "unchanged"
    PLANNED = "planned"  # a dry run
    TAKEN = "taken"  # it would displace another integration, and nobody allowed that
    FORBIDDEN = "forbidden"  # not in test mode: a tenant has one registration


class Proven(StrEnum):
    """What became of the event that proves the way from there to here."""

    DELIVERED = "delivered"
    FAILED = "failed"
    PENDING = "pending"  # no word of it yet
    UNTRIED = "untried"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How the test event ended; `detail` is for a person."""

    state: Proven
    detail: str = ""


NOT_TRIED = Proof(state=Proven.UNTRIED)


@dataclass(frozen=True, kw_only=True)
class Registering:
    """What registering came to: `wanted` is, or would be, registered; `displaced` gets, or would get, no more events.

    `reason` says why nothing was done.
    """

    step: Step
    wanted: Subscription
    displaced: Subscription | None = None
    proof: Proof = NOT_TRIED
    reason: str = ""


_DISPLACES = (
    "the tenant's one registration sends {events} to {url}, which would get none of them any more: allow it to "
    'overwrite ("overwrite": true, or --overwrite) once nobody needs them there'
)
FORBIDDEN = (
    "MODE is test, and a tenant has one registration: a test installation would take the live one's events. "
    "Set MODE to live, or look at the plan with a dry run"
)


def displacing(held: Subscription) -> str:
    """Why a registration of somebody else's is not taken over unasked."""
    return _DISPLACES.format(events=held.named(), url=held.shown)
