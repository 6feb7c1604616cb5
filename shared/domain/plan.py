"""The writes that bring two sides into step, and the reason for each difference that stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain import deal
from shared.domain.deal import DEAL, Field, Merge
from shared.domain.lifecycle import CLOSED, Stage, decide
from shared.domain.link import Link
from shared.domain.merge import Pair, Verdict, merge, restored
from shared.domain.record import Snapshot
from shared.domain.sentence import Sentence, spoken
from shared.domain.values import NOTHING, Digest, Money, Side, Value, Values, blank, digest

TITLES: Mapping[Side, str] = {Side.PARTNER: "Partner Center", Side.CRM: "the CRM"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to write where.

    writes       per side, the fields to change and their values
    settled      fields on which both sides agree as they are seen
    tells        sentences for the seller beyond "what was written" (conflicts, things set back)
    left         why a difference stays, sentence by sentence
    invite       the help to ask Microsoft for, where it is asked and nobody was asked yet
    because      why the status moves
    again        more follows once this is written
    detached     the pair ends here, and why
    fields       what was looked at, in the order in which it is told
    """

    writes: Mapping[Side, Values] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()
    tells: tuple[Sentence, ...] = ()
    left: tuple[Sentence, ...] = ()
    invite: str = ""
    because: str = ""
    again: bool = False
    detached: str = ""
    fields: tuple[Field, ...] = DEAL

    def to(self, side: Side) -> Values:
        return self.writes.get(side, NOTHING)

    @property
    def empty(self) -> bool:
        return not any(self.writes.values()) and not self.invite

    def what(self, side: Side) -> str:
        """The titles of what is written to one side, in the deal's order, and why the status moves."""
        return ", ".join(self._titled(spec) for spec in self.fields if spec.name in self.to(side))

    @property
    def titles(self) -> Mapping[str, str]:
        return deal.titles(self.fields)

    def _titled(self, spec: Field) -> str:
        return f"{spec.title} ({self.because})" if spec.merge is Merge.STAGE and self.because else spec.title


def make_plan(
    link: Link,
    sides: Mapping[Side, Snapshot],
    *,
    winner: Side,
    unclear: frozenset[str] = frozenset(),
    titles: Mapping[Side, str] = TITLES,
    fields: tuple[Field, ...] = DEAL,
) -> Plan:
    """The plan for a linked pair; `unclear` fields follow the newest side instead of the winner."""
    newest = max(Side, key=lambda side: sides[side].modified)
    plan = Plan(fields=fields)
    for spec in fields:
        if any(spec.name not in snapshot.values for snapshot in sides.values()):
            plan = _one_sided(plan, spec, link, sides)
        elif spec.merge is Merge.STAGE:
            plan = _stage(plan, link, sides)
        else:
            pair = pair_of(spec.name, link, sides, unclear=spec.name in unclear)
            wins = newest if pair.unclear else spec.winner or winner
            verdict = _verdict(spec, pair, sides, wins, titles)
            plan = _add(plan, spec, verdict, sides)
    return _invitation(_shown_as_visible(plan, link, sides), link, sides)


def _verdict(
    spec: Field, pair: Pair, sides: Mapping[Side, Snapshot], winner: Side, titles: Mapping[Side, str]
) -> Verdict:
    """The merge, unless a lock stands against it: a computed value only goes out, a shared contact only comes back."""
    verdict = merge(spec, pair, winner, titles)
    locked = [side for side in verdict.writes if spec.name in sides[side].locked]
    if verdict.conflict and locked == [Side.CRM]:
        return merge(spec, pair, Side.CRM, titles)
    if locked == [Side.PARTNER] and spec.set_back and sides[Side.PARTNER].values.get(deal.STAGE) is Stage.ACTIVE:
        return restored(spec, pair, titles)
    return verdict


def pair_of(name: str, link: Link, sides: Mapping[Side, Snapshot], *, unclear: bool = False) -> Pair:
    now = {side: _now(name, sides[side]) for side in Side}
    base = {side: link.shown(side).get(name) for side in Side}
    return Pair(now=now, base=base, salt=link.key, unclear=unclear)


def _now(name: str, snapshot: Snapshot) -> Value:
    """Visibility follows from asking for help: Microsoft cannot help with what it cannot see."""
    value = snapshot.values[name]
    if name == deal.VISIBLE and snapshot.side is Side.CRM:
        return bool(value) or bool(blank(snapshot.values.get(deal.HELP)))
    return value


def _shown_as_visible(plan: Plan, link: Link, sides: Mapping[Side, Snapshot]) -> Plan:
    """Asking for help made the deal visible: the CRM's own column says so too, and cannot take it back."""
    crm, partner = sides[Side.CRM], sides[Side.PARTNER]
    visible = bool(partner.values.get(deal.VISIBLE)) or deal.VISIBLE in plan.to(Side.PARTNER)
    hidden = deal.VISIBLE in crm.values and not crm.values[deal.VISIBLE]
    if not (visible and hidden) or deal.VISIBLE in crm.locked or deal.VISIBLE in plan.to(Side.CRM):
        return plan
    if not _now(deal.VISIBLE, crm):
        return plan
    withdrawn = link.shown(Side.CRM).get(deal.VISIBLE) == digest(value=True, salt=link.key)
    tell = Sentence(f"{deal.TITLES[deal.VISIBLE]} follows from asking for help: set back")
    writes = {**plan.writes, Side.CRM: {**plan.to(Side.CRM), deal.VISIBLE: True}}
    return replace(plan, writes=writes, tells=(*plan.tells, tell) if withdrawn else plan.tells)


def _add(plan: Plan, spec: Field, verdict: Verdict, sides: Mapping[Side, Snapshot]) -> Plan:
    writes, left = plan.writes, plan.left
    for side, value in verdict.writes.items():
        if lock := sides[side].locked.get(spec.name):
            left = (*left, Sentence(f"{spec.title} stays: {lock}"))
        else:
            writes = {**writes, side: {**writes.get(side, {}), spec.name: value}}
    happens = verdict.settles or writes is not plan.writes
    return replace(
        plan,
        writes=writes,
        left=(*left, verdict.left) if verdict.left else left,
        tells=(*plan.tells, verdict.tell) if verdict.tell and happens else plan.tells,
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
    news = spoken([_MICROSOFT[Stage(str(value))]])
    return replace(plan, tells=(*plan.tells, *news), settled=plan.settled | {spec.name})


_MICROSOFT: Mapping[Stage, str] = {
    Stage.PENDING: "",  # whoever asked knows that
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
        return replace(plan, left=(*plan.left, *spoken([move.reason])), settled=plan.settled | {deal.STAGE})
    if lock := sides[move.to].locked.get(deal.STAGE):
        return replace(plan, left=(*plan.left, Sentence(f"Status stays: {lock}")))
    values = {**plan.to(move.to), deal.STAGE: move.stage, **_with_stage(move.stage, sides[move.to.other], move.to)}
    return replace(plan, writes={**plan.writes, move.to: values}, again=move.again, because=move.reason)


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

    A help option without a base is older than the link, and nobody knows whether it was asked for. The link remembers
    an invitation that the partner's lists do not show yet.
    """
    partner, crm = sides[Side.PARTNER], sides[Side.CRM]
    wanted = blank(crm.values.get(deal.HELP))
    looked = deal.HELP in partner.values and deal.HELP in link.shown(Side.CRM)
    asked = link.invited or partner.invited
    if not wanted or not looked or asked or partner.values.get(deal.STAGE) is not Stage.ACTIVE:
        return plan
    closing = plan.to(Side.PARTNER).get(deal.STAGE) in CLOSED
    return plan if closing else replace(plan, invite=str(wanted))
