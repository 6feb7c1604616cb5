"""What one reconcile works with: the two gateways, the link store, the clock and the policy."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.code import Code
from shared.domain.link import Carried, Intent, Link, Purpose, Recorded
from shared.domain.outcome import Kind, Outcome, delayed
from shared.domain.policy import Policy
from shared.domain.record import Snapshot
from shared.domain.values import Ref, Side
from shared.ports import Clock, Gateway, Links
from shared.sync import retry


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The collaborators of every step, and the few things that all steps do with them.

    `leads` keeps what is no deal yet, in a CRM that knows such a thing; while `early`, it is what is worked with.
    """

    partner: Gateway
    deals: Gateway
    links: Links
    clock: Clock
    policy: Policy
    leads: Gateway | None = None
    early: bool = False

    @property
    def crm(self) -> Gateway:
        return self.leads if self.early and self.leads else self.deals

    @property
    def kind(self) -> str:
        """What a link calls the kind of record that is worked with: nothing, for deals."""
        return self.crm.kind if self.early else ""

    def at(self, kind: str) -> Desk:
        """The desk for that kind of CRM record."""
        return replace(self, early=self.leads is not None and kind == self.leads.kind)

    def gateway(self, side: Side) -> Gateway:
        return self.partner if side is Side.PARTNER else self.crm

    @property
    def titles(self) -> Mapping[Side, str]:
        return {Side.PARTNER: self.partner.title, Side.CRM: self.crm.title}

    def is_deal(self, side: Side, kind: str) -> bool:
        """Is a record of that kind a deal's own, on that side? Others only wake deals that wait for them."""
        return kind in self._kinds(side)

    def ref(self, link: Link) -> Ref:
        """The CRM record of a link."""
        return Ref(link.kind or self.deals.kind, link.key)

    def refs(self, link: Link) -> tuple[Ref, ...]:
        """Every record that a link's deal was ever known by."""
        partner = (Ref(self.partner.kind, link.partner),) if link.partner else ()
        return (self.ref(link), *partner, *((link.origin,) if link.origin else ()))

    def _kinds(self, side: Side) -> tuple[str, ...]:
        gateways = (self.partner,) if side is Side.PARTNER else (self.deals, self.leads)
        return tuple(gateway.kind for gateway in gateways if gateway)

    def side_of(self, system: str) -> Side | None:
        """Which side a system's name in an error means; None for anything that is neither."""
        return next((side for side, title in self.titles.items() if title == system), None)

    def intent(self, purpose: Purpose) -> Intent:
        now = self.clock.now()
        lease = timedelta(seconds=self.policy.lease)
        return Intent(id=str(uuid.uuid4()), purpose=purpose, started=now, expires=now + lease)

    def in_time(self, intent: Intent) -> bool:
        """May a call still begin under this lease? It has to end, with or without an answer, before the lease does."""
        return self.clock.now() + timedelta(seconds=self.policy.longest_call) < intent.expires

    def busy(self, intent: Intent) -> Outcome:
        """Somebody is at it: soon if he has just begun, when his lease ends if he seems to have died."""
        now = self.clock.now()
        fresh = now - intent.started < timedelta(seconds=20)
        delay = retry.soon(self.clock.jitter()) if fresh else max((intent.expires - now).total_seconds(), 1) + 1
        return delayed("another worker is at this deal", Code.BUSY, delay)


@dataclass(frozen=True, kw_only=True)
class Linked:
    """Both records of a deal and their link, ready to be kept in step; `said` is what the seller is told of it.

    `made` says what was just created, where its own Audit line has told the seller already. `stored` is the link as
    it lies in the store, where it has not been changed since it was read. `code`, `carried` and `since` say for the
    outcome (see there) how the pair came to be one, where it was none.
    """

    link: Link
    partner: Snapshot
    crm: Snapshot
    said: tuple[str, ...] = ()
    made: str = ""
    stored: Link | None = None
    code: Code | None = None
    carried: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def sides(self) -> Mapping[Side, Snapshot]:
        return {Side.PARTNER: self.partner, Side.CRM: self.crm}


Result = Linked | Outcome


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The outcome of a look, the link as it was left, and whether the seller has been told already."""

    outcome: Outcome
    link: Link | None = None
    crm: Snapshot | None = None
    told: bool = False


def concluded(link: Link, outcome: Outcome, now: datetime, fingerprint: str) -> Link:
    """The link with an outcome recorded: what heal has to come back for, and when."""
    same = link.outcome is not None and (link.outcome.kind, link.outcome.reason) == (outcome.kind, outcome.reason)
    waits = outcome.kind is Kind.WAITING
    wake = None
    if outcome.kind is Kind.DELAYED:
        wake = now + timedelta(seconds=outcome.delay or 0)
    elif waits:
        wake = now + retry.waiting(link.tries)
    return replace(
        link,
        outcome=link.outcome if same else _recorded(outcome, now),
        carried=_carried(outcome, now) or link.carried,
        wake_at=wake,
        waiting=outcome.records if waits else (),
        tries=link.tries + 1 if waits else 0,
        owed=(outcome.reason,) if outcome.kind is Kind.OWED else (),
        owed_under=fingerprint if outcome.kind is Kind.OWED else "",
    )


def _recorded(outcome: Outcome, now: datetime) -> Recorded:
    return Recorded(kind=outcome.kind, reason=outcome.reason, at=now, code=outcome.code)


def _carried(outcome: Outcome, now: datetime) -> Carried | None:
    if outcome.since is None or not outcome.carried:
        return None
    return Carried(at=now, ms=elapsed(outcome.since, now), to=tuple(sorted(outcome.carried)))


def elapsed(since: datetime, now: datetime) -> int:
    """Milliseconds from one to the other; none where the other system's clock is ahead of ours."""
    return max(0, round((now - since).total_seconds() * 1000))
