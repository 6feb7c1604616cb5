"""The simulator's state: referrals, the webhook registration, and the stamps that every write leaves."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.faults import Clock, Switches
from sandbox.partner_center.errors import not_found
from sandbox.partner_center.lifecycle import SHARE, dig
from sandbox.partner_center.limits import Limit
from sandbox.partner_center.settings import EXPIRY_DAYS, OWN_ORGANIZATION
from sandbox.partner_center.shaping import seven_digits

Referral = dict[str, Any]
KEPT = ("referrals", "registration", "validations", "ambushes", "counter")


def _nobody(_event: str, _referral: Referral) -> None:
    """Until the notifier listens."""


@dataclass(kw_only=True)
class World:
    """`listener` hears (event name, changed referral); `changed` is told that there is something to save."""

    clock: Clock
    switches: Switches
    base_url: str
    seed: int = 0
    referrals: dict[str, Referral] = field(default_factory=dict)
    registration: dict[str, Any] | None = None
    validations: dict[str, dict[str, Any]] = field(default_factory=dict)
    # merge patches that a colleague makes right after the next GET of that referral
    ambushes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    # those that may run out, in the order in which they came: a look at one referral must not cost one at all
    unanswered: dict[str, None] = field(default_factory=dict)
    counter: int = 0
    limit: Limit = field(default_factory=Limit)
    listener: Callable[[str, Referral], None] = _nobody
    changed: Callable[[], None] = lambda: None

    def dump(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in KEPT}

    def load(self, state: dict[str, Any]) -> None:
        for name in KEPT:
            setattr(self, name, state[name])
        self.unanswered = {ident: None for ident, one in self.referrals.items() if one["status"] == "New"}

    def forget(self) -> None:
        """The counter goes on, so that no id or eTag ever comes back."""
        self.referrals, self.registration, self.validations, self.ambushes = {}, None, {}, {}
        self.unanswered.clear()
        self.limit.reset()
        self.changed()

    def now(self) -> datetime:
        return self.clock.now()

    def stamp_now(self, days: int = 0) -> str:
        return seven_digits(self.now() + timedelta(days=days))

    def new_id(self) -> str:
        self.counter += 1
        numbers = random.Random(f"{self.seed}:{self.counter}")  # noqa: S311 - repeatable ids, not secrets
        return str(uuid.UUID(int=numbers.getrandbits(128), version=4))

    def find(self, referral_id: str) -> Referral:
        """Raises ApiError 404; referrals that ran out meanwhile are expired first."""
        self.expire_due()
        try:
            return self.referrals[referral_id.lower()]
        except KeyError:
            raise not_found(referral_id) from None

    def engagement(self, engagement_id: str) -> list[Referral]:
        return [one for one in self.referrals.values() if one["engagementId"] == engagement_id.lower()]

    def own_in(self, engagement_id: str) -> Referral | None:
        return next((one for one in self.engagement(engagement_id) if is_own(one)), None)

    def store(self, referral: Referral, *, created: bool = False) -> Referral:
        """Keep it under a new eTag, derive what is derived, tell the listener."""
        self.counter += 1
        now = self.stamp_now()
        if created:
            referral["createdDateTime"] = referral["createdDateTime"] or now
        referral["updatedDateTime"] = referral["createdDateTime"] if created else now
        # A Cosmos DB eTag: its quotes belong to the value, its tail is the write's time in epoch seconds.
        referral["eTag"] = f'"{self.counter:08x}-0000-0100-0000-{int(self.now().timestamp()):08x}0000"'
        self.referrals[referral["id"]] = referral
        self.unanswered.pop(referral["id"], None)
        if referral["status"] == "New":
            self.unanswered[referral["id"]] = None
        whose = "referral" if is_own(referral) else "related-referral"
        self.listener(f"{whose}-{'created' if created else 'updated'}", referral)
        self.changed()
        return referral

    def expire_due(self) -> list[str]:
        """Unanswered for 14 days: closed by the service. Returns the ids that this call expired."""
        now = self.stamp_now()
        waiting = (one for ident in self.unanswered if (one := self.referrals.get(ident)))
        due = [one for one in waiting if (one["expirationDateTime"] or now) < now]
        for one in due:
            self.store(one | {"status": "Closed", "substatus": "Expired", "closedDateTime": now})
        return [one["id"] for one in due]

    def open_for_answer(self, referral: Referral) -> None:
        referral["expirationDateTime"] = self.stamp_now(days=EXPIRY_DAYS)


def is_own(referral: Referral) -> bool:
    return bool(referral["organizationId"] == OWN_ORGANIZATION)


def derive_type(referral: Referral) -> None:
    """What the caller says about `type` is only indicative; the consent decides."""
    referral["type"] = "Shared" if dig(referral, SHARE) else "Independent"
