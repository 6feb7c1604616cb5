"""The writes that bring two sides into step, and the reason for each difference that stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain import deal
from shared.domain.deal import DEAL, Field, Merge
from shared.domain.lifecycle import CLOSED, Stage, decide
from shared.domain.link import Flip, Link, Shown
from shared.domain.merge import Pair, Verdict, merge
from shared.domain.record import Snapshot
from shared.domain.values import NOTHING, Digest, Money, Side, Value, Values, blank, digest

FIGHT_WINDOW = timedelta(minutes=5)
FIGHT_TURNS = 3  # x, y, x, and now y again: the third turn back is not made
TITLES: Mapping[Side, str] = {Side.PARTNER: "Partner Center", Side.CRM: "the CRM"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write where.

    writes       per side, the fields to change and their values
    settled      fields on which both sides agree as they are seen
    tells        sentences for the seller beyond "what was written" (conflicts, things set back)
    left         why a difference stays, sentence by sentence
    invite       the help to ask Microsoft for, where it is asked and nobody was asked yet
    again        more follows once this is written
    detached     the pair ends here, and why
    """

    writes: Mapping[Side, Values] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    tells: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    invite: str = ""
    again: bool = False
    detached: str = ""

    def to(self, side: Side) -> Values:
        return self.writes.get(side, NOTHING)

    @property
    def empty(self) -> bool:
        return not any(self.writes.values()) and not self.invite

    def what(self, side: Side) -> str:
        """The titles of what is written to one side, in the deal's order."""
        return ", ".join(f.title for f in DEAL if f.name in self.to(side))


def make_plan(
    link: Link,
    sides: Mapping[Side, Snapshot],
    *,
    winner: Side,
    unclear: frozenset[str] = frozenset(),
    titles: Mapping[Side, str] = TITLES,
) -> Plan:
    """The plan for a linked pair; `unclear` fields follow the newest side instead of the winner."""
    newest = max(Side, key=lambda side: sides[side].modified)
    plan = Plan()
    for spec in DEAL:
        if any(spec.name not in snapshot.values for snapshot in sides.values()):
            plan = _one_sided(plan, spec, link, sides)
            continue
        if spec.merge is Merge.STAGE:
            plan = _stage(plan, link, sides)
            continue
        pair = pair_of(spec.name, link, sides)
        verdict = merge(spec, pair, newest if spec.name in unclear else winner, titles)
        plan = _add(plan, spec, verdict, sides)
    return _invitation(plan, link, sides)


def pair_of(name: str, link: Link, sides: Mapping[Side, Snapshot]) -> Pair:
    now = {side: _now(name, sides[side]) for side in Side}
    return Pair(now=now, base={side: link.shown(side).get(name) for side in Side}, salt=link.key)


def _now(name: str, snapshot: Snapshot) -> Value:
    """Visibility follows from asking for help: Microsoft cannot help with what it cannot see."""
    value = snapshot.values[name]
    if name == deal.VISIBLE and snapshot.side is Side.CRM:
        return bool(value) or bool(blank(snapshot.values.get(deal.HELP)))
    return value


def _add(plan: Plan, spec: Field, verdict: Verdict, sides: Mapping[Side, Snapshot]) -> Plan:
    writes, left = plan.writes, plan.left
    for side, value in verdict.writes.items():
        if lock := sides[side].locked.get(spec.name):
            left = (*left, f"{spec.title} stays: {lock}")
        else:
            writes = {**writes, side: {**writes.get(side, {}), spec.name: value}}
    wrote = writes is not plan.writes
    return replace(
        plan,
        writes=writes,
        left=(*left, verdict.left) if verdict.left else left,
        tells=(*plan.tells, verdict.tell) if verdict.tell and wrote else plan.tells,
        settled=plan.settled | {spec.name} if verdict.settles else plan.settled,
    )


def _one_sided(plan: Plan, spec: Field, link: Link, sides: Mapping[Side, Snapshot]) -> Plan:
    """A field that only one side shows is told once when it changes, where it says something to the seller."""
    partner = sides[Side.PARTNER]
    if spec.name != deal.MICROSOFT_STAGE or spec.name not in partner.values:
        return plan
    value = partner.values[spec.name]
    if blank(value) is None or digest(value, link.key) == link.shown(Side.PARTNER).get(spec.name):
        return plan
    return replace(plan, tells=(*plan.tells, _MICROSOFT[Stage(str(value))]), settled=plan.settled | {spec.name})


_MICROSOFT: Mapping[Stage, str] = {
    Stage.PENDING: "Microsoft has received the request and has not answered yet",
    Stage.ACTIVE: "Microsoft accepted the deal",
    Stage.WON: "Microsoft closed its side as won",
    Stage.LOST: "Microsoft closed its side as lost",
    Stage.DECLINED: "Microsoft declined the request",
    Stage.EXPIRED: "Microsoft did not answer in time: its side expired",
    Stage.ERROR: "Microsoft closed its side as an error",
}


def _stage(plan: Plan, link: Link, sides: Mapping[Side, Snapshot]) -> Plan:
    now = {side: Stage(str(sides[side].values[deal.STAGE])) for side in Side}
    base = {side: _base_stage(link.shown(side).get(deal.STAGE)) for side in Side}
    move = decide(
        partner=now[Side.PARTNER], crm=now[Side.CRM], partner_base=base[Side.PARTNER], crm_base=base[Side.CRM]
    )
    if move.detach:
        return replace(plan, detached=move.reason)
    if move.to is None or move.stage is None:
        if move.reason:
            return replace(plan, left=(*plan.left, move.reason))
        return replace(plan, settled=plan.settled | {deal.STAGE})
    if lock := sides[move.to].locked.get(deal.STAGE):
        return replace(plan, left=(*plan.left, f"Status stays: {lock}"))
    values = {**plan.to(move.to), deal.STAGE: move.stage, **_with_stage(move.stage, sides[move.to.other], move.to)}
    return replace(plan, writes={**plan.writes, move.to: values}, again=move.again, tells=(*plan.tells, move.reason))


def _with_stage(stage: Stage, source: Snapshot, to: Side) -> Values:
    """What travels with a close: its reason, and the value the deal was really won for.

    A referral has one value only, so the actual one takes its place there.
    """
    if stage not in CLOSED:
        return NOTHING
    travelling: dict[str, Value] = {}
    if reason := blank(source.values.get(deal.CLOSE_REASON)):
        travelling[deal.CLOSE_REASON] = reason
    amount = source.values.get(deal.ACTUAL) or source.values.get(deal.AMOUNT)
    if stage is Stage.WON and isinstance(amount, Money):
        travelling[deal.AMOUNT if to is Side.PARTNER else deal.ACTUAL] = amount
    return travelling


def _base_stage(value: Digest | None) -> Stage | None:
    return Stage(value) if isinstance(value, str) else None


def _invitation(plan: Plan, link: Link, sides: Mapping[Side, Snapshot]) -> Plan:
    """Microsoft is asked once per deal: only for an accepted deal, and only where nobody was asked in any state.

    The link remembers an invitation that the partner's lists do not show yet.
    """
    partner, crm = sides[Side.PARTNER], sides[Side.CRM]
    wanted = blank(crm.values.get(deal.HELP))
    looked = deal.HELP in partner.values
    asked = link.invited or partner.invited
    if not wanted or not looked or asked or partner.values.get(deal.STAGE) is not Stage.ACTIVE:
        return plan
    closing = plan.to(Side.PARTNER).get(deal.STAGE) in CLOSED
    return plan if closing else replace(plan, invite=str(wanted))


def fights(link: Link, plan: Plan, now: datetime) -> str | None:
    """The title of a field that we have been turning between two values within minutes: two automations fight."""
    for side, values in plan.writes.items():
        for name, value in values.items():
            if name in deal.TITLES and _turns(link, name, digest(value, link.key), now) >= FIGHT_TURNS:
                return f"{deal.TITLES[name]} on {TITLES[side]}"
    return None


def _turns(link: Link, name: str, coming: Digest, now: datetime) -> int:
    """How often in a row, ending with `coming`, the field went back and forth between two values."""
    recent = [flip.digest for flip in link.flips if flip.field == name and now - flip.at < FIGHT_WINDOW]
    chain = [*recent, coming]
    turns = 1 if len(chain) > 1 and chain[-1] != chain[-2] else 0
    for before, after in zip(reversed(chain[:-2]), reversed(chain), strict=False):
        if before != after or not turns:
            break
        turns += 1
    return turns


def with_flips(link: Link, plan: Plan, now: datetime) -> Link:
    """The link remembering what was just written, as long as a fight could still be recognised by it."""
    fresh = [flip for flip in link.flips if now - flip.at < FIGHT_WINDOW]
    for side, values in plan.writes.items():
        fresh += [Flip(field=n, side=side, digest=digest(v, link.key), at=now) for n, v in values.items()]
    return replace(link, flips=tuple(fresh[-40:]))


def expected(plan: Plan, side: Side, salt: str) -> Shown:
    """Digests of what a side will show once the plan is carried out."""
    return {name: digest(value, salt) for name, value in plan.to(side).items()}
