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
from shared.domain.requirements import INVITATION, SHARING, lacking, unfit
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
    lacking      what data has to mend before something may be sent, which is left out until then
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
    lacking: tuple[Sentence, ...] = ()
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
            if spec.news and _is_news(spec, link, sides[Side.PARTNER]):
                plan = replace(plan, tells=(*plan.tells, *_told(spec, sides)))
    return _withheld(_invitation(_shown_as_visible(plan, link, sides), link, sides), sides[Side.CRM])


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


def _withheld(plan: Plan, crm: Snapshot) -> Plan:
    """What Partner Center would refuse is left out and waits for data; the rest goes on.

    A closing is not held up: what a deal lacks then, nobody can mend any more.
    """
    out = dict(plan.to(Side.PARTNER))
    lacks = {name: unfit(name, value, crm.values) for name, value in out.items()}
    if deal.VISIBLE in out:
        lacks[deal.VISIBLE] = _unshared(plan, crm)
    missing = tuple(dict.fromkeys(text for texts in lacks.values() for text in texts))
    if not missing:
        return plan
    kept = {name: value for name, value in out.items() if not lacks[name]}
    invite = plan.invite if deal.VISIBLE not in out or deal.VISIBLE in kept else ""
    closing = out.get(deal.STAGE) in CLOSED
    lacking = plan.lacking if closing else (*plan.lacking, *missing)
    return replace(plan, writes={**plan.writes, Side.PARTNER: kept}, invite=invite, lacking=lacking)


def _unshared(plan: Plan, crm: Snapshot) -> tuple[Sentence, ...]:
    """What a deal lacks before Microsoft's sellers may see it, which is for good: everything, where help is wanted."""
    shown = tuple(check for check in SHARING if deal.SOLUTIONS in crm.values)
    return lacking(crm.values, INVITATION if plan.invite else shown)


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
    if spec.name not in sides[Side.PARTNER].values or not _is_news(spec, link, sides[Side.PARTNER]):
        return plan
    value = sides[Side.PARTNER].values[spec.name]
    news = spoken([_MICROSOFT[Stage(str(value))]]) if spec.name == deal.MICROSOFT_STAGE else _told(spec, sides)
    return replace(plan, tells=(*plan.tells, *news), settled=plan.settled | {spec.name})


def _is_news(spec: Field, link: Link, partner: Snapshot) -> bool:
    """Does the partner side show another value of what is told than when last settled?"""
    value = partner.values[spec.name]
    told = spec.news or spec.name == deal.MICROSOFT_STAGE
    return told and blank(value) is not None and digest(value, link.key) != link.shown(Side.PARTNER).get(spec.name)


def _told(spec: Field, sides: Mapping[Side, Snapshot]) -> tuple[Sentence, ...]:
    """A field's value, in a sentence of its own."""
    values = sides[Side.PARTNER].values
    reason = blank(values.get(deal.REGISTRATION_REASON)) if spec.name == deal.REGISTRATION else None
    return spoken([f"{spec.title}: {values[spec.name]}{f' ({reason})' if reason else ''}"])


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
    again = move.again or _follows(move.to, move.stage, sides[Side.CRM])
    return replace(plan, writes={**plan.writes, move.to: values}, again=again, because=move.reason)


def _follows(to: Side, stage: Stage, crm: Snapshot) -> bool:
    """Is there something to write as soon as the deal is won, and not before?"""
    later = (spec.name for spec in DEAL if spec.after_won and spec.flow.reaches(Side.PARTNER))
    return (to, stage) == (Side.PARTNER, Stage.WON) and any(blank(crm.values.get(name)) is not None for name in later)


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
    if plan.to(Side.PARTNER).get(deal.STAGE) in CLOSED:
        return plan
    if partner.values.get(deal.VISIBLE) and (missing := lacking(crm.values, INVITATION)):
        return replace(plan, lacking=(*plan.lacking, *missing))
    return replace(plan, invite=str(wanted))
