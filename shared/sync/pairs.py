"""Keeping a linked pair in step: resolve what was begun, plan, write under an intent, settle what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from shared.domain import deal
from shared.domain.intents import Looked, resolve
from shared.domain.link import Base, Intent, Link, Purpose
from shared.domain.outcome import Kind, Outcome, done, left, owed
from shared.domain.plan import Plan, expected, fights, make_plan, with_flips
from shared.domain.record import Mark, Note, Snapshot
from shared.domain.requirements import sound
from shared.domain.values import Side, blank, digests
from shared.errors import Conflict, CosellError, NeedsDecision, NotMet, Remote, Unavailable
from shared.ports import Change
from shared.sync.creation import Linked, invite, resumed_invitation
from shared.sync.desk import Desk, Ended, concluded
from shared.sync.settle import Settlement, begin, finish, refused, remaining, save, settle, surprised, without

FAILED = frozenset({Kind.WAITING, Kind.PARKED})


async def keep_in_step(desk: Desk, pair: Linked, *, wide: bool = False) -> Ended:
    """One look at a linked pair, from what both sides show to what both sides are left with."""
    resolved = resolve(pair.link, {side: _looked(pair, side) for side in Side}, desk.clock.now())
    if resolved.busy:
        return Ended(outcome=desk.busy(resolved.busy), link=pair.link, crm=pair.crm)
    pair = replace(pair, link=resolved.link, stored=pair.link, said=(*pair.link.unsaid, *pair.said))
    if not pair.crm.shared:
        return Ended(outcome=left(f"synchronisation is switched off for it in {desk.crm.title}"), link=pair.link)
    if wide or _asks_microsoft(pair) or _invitation_open(pair.link):
        pair = replace(pair, partner=await desk.partner.widen(pair.partner))
    resumed = await resumed_invitation(desk, pair)
    if isinstance(resumed, Outcome):
        return Ended(outcome=resumed, link=pair.link, crm=pair.crm)
    return await _carry_out(desk, resumed, _plan(desk, resumed, resolved.unclear))


def _looked(pair: Linked, side: Side) -> Looked:
    record = pair.partner if side is Side.PARTNER else pair.crm
    return Looked(marker=record.marker, version=record.version, shown=digests(record.values, pair.link.key))


def _asks_microsoft(pair: Linked) -> bool:
    """Help is asked for in the CRM, and nothing says yet that Microsoft was invited."""
    wanted = blank(pair.crm.values.get(deal.HELP))
    return wanted is not None and not pair.link.invited and deal.HELP not in pair.partner.values


def _invitation_open(link: Link) -> bool:
    return any(intent.purpose is Purpose.INVITE for intent in link.intents)


def _plan(desk: Desk, pair: Linked, unclear: frozenset[str] = frozenset()) -> Plan:
    sides = {Side.PARTNER: pair.partner, Side.CRM: pair.crm}
    return make_plan(pair.link, sides, winner=desk.policy.winner, unclear=unclear, titles=desk.titles)


async def _carry_out(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    now = desk.clock.now()
    ties = _ties(pair)
    if plan.detached:
        return await _detach(desk, pair, plan)
    if plan.empty and not ties:
        return await _agree(desk, pair, plan)
    if forbidden := desk.policy.forbids(pair.partner.ref.id, pair.crm.ref.id):
        return Ended(outcome=owed(f"{forbidden}. Owed: {_summary(desk, plan) or 'the link'}"), link=pair.link)
    if field := fights(pair.link, plan, now):
        raise NeedsDecision(
            f"{field} was turned back and forth within minutes: two automations are fighting over it",
            advice="Switch one of them off, then replay",
        )
    for side in Side:
        if problem := sound(plan.to(side)):
            raise NotMet(f"Not synchronised: {problem}", records=(pair.crm.ref, *pair.crm.related))
    if plan.invite and pair.partner.values.get(deal.VISIBLE):
        invited = await invite(desk, pair, plan.invite)
        if isinstance(invited, Outcome):
            return Ended(outcome=invited, link=pair.link, crm=pair.crm)
        pair, plan = invited, _plan(desk, invited)
    return await _write(desk, pair, plan, ties)


def _ties(pair: Linked) -> Mapping[Side, str]:
    """The id each record has to carry of the other and does not; a record closed for good is left alone."""
    wanted = {Side.PARTNER: (pair.partner, pair.crm.ref.id), Side.CRM: (pair.crm, pair.partner.ref.id)}
    return {
        side: other
        for side, (record, other) in wanted.items()
        if record.counterpart != other and deal.NAME not in _final(record)
    }


def _final(record: Snapshot) -> Mapping[str, str]:
    """Locks that also keep the tie from being written: a closed record's, not those of a pending referral."""
    return record.locked if deal.STAGE in record.locked else {}


async def _agree(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    """Nothing to write: settle what agrees, and tell what is news."""
    outcome = left("; ".join(plan.left)) if plan.left else done()
    news = bool(plan.tells) or bool(pair.said) or _differs(pair.link, outcome)
    if not news or desk.policy.forbids(pair.partner.ref.id, pair.crm.ref.id):
        return await _settle_quietly(desk, pair, plan, outcome)
    return await _write(desk, pair, plan, {})


def _differs(link: Link, outcome: Outcome) -> bool:
    """Is this outcome news to the seller, after the one that was recorded last?"""
    before = link.outcome
    if outcome.kind is Kind.LEFT:
        return before is None or before.reason != outcome.reason
    return before is not None and before.kind in FAILED


async def _settle_quietly(desk: Desk, pair: Linked, plan: Plan, outcome: Outcome) -> Ended:
    seen = {Side.PARTNER: pair.partner, Side.CRM: pair.crm}
    settlement = Settlement(plan=plan, seen=seen, answers={})
    settled = pair.link if desk.policy.dry_run else settle(pair.link, settlement)  # a dry run leaves no trace
    link = concluded(settled, outcome, desk.clock.now(), desk.policy.fingerprint)
    if link != pair.stored:
        link = await save(desk, link)
    return Ended(outcome=outcome, link=link, crm=pair.crm, told=True)


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A plan under way: the pair, its intent, and what was answered so far."""

    pair: Linked
    plan: Plan
    ties: Mapping[Side, str]
    intent: Intent
    answers: Mapping[Side, Snapshot]

    @property
    def seen(self) -> Mapping[Side, Snapshot]:
        return {Side.PARTNER: self.pair.partner, Side.CRM: self.pair.crm}


async def _write(desk: Desk, pair: Linked, plan: Plan, ties: Mapping[Side, str]) -> Ended:
    """Partner first, then the CRM: its one conditional PATCH carries the values, the tie and the Audit line."""
    link = pair.link
    intent = replace(
        desk.intent(Purpose.WRITE),
        seen={side: _seen(link, record) for side, record in ((Side.PARTNER, pair.partner), (Side.CRM, pair.crm))},
        will={side: expected(plan, side, link.key) for side in Side if plan.to(side)},
    )
    link = await begin(desk, with_flips(link, plan, desk.clock.now()), intent)
    work = _Work(pair=replace(pair, link=link), plan=plan, ties=ties, intent=intent, answers={})
    for side in (Side.PARTNER, Side.CRM):
        if change := _change(desk, work, side):
            work = await _one_write(desk, work, side, change)
    return await _settle(desk, work)


def _seen(link: Link, record: Snapshot) -> Base:
    before = link.base.get(record.side, Base())
    return Base(version=record.version, shown=digests(record.values, link.key), marked=before.marked)


def _change(desk: Desk, work: _Work, side: Side) -> Change | None:
    pair, values = work.pair, work.plan.to(side)
    record, other = (pair.partner, pair.crm) if side is Side.PARTNER else (pair.crm, pair.partner)
    tie = work.ties.get(side, "")
    note = Note(line=_line(desk, work), mark=Mark.CHECK) if side is Side.CRM else Note()
    if not values and not tie and not note.line:
        return None
    return Change(
        record=record,
        values=values,
        marker=work.intent.id,
        counterpart=tie,
        counterpart_link=other.link if tie else "",
        note=note,
    )


def _line(desk: Desk, work: _Work) -> str:
    """The Audit line: what was done and why, what was left and why."""
    return ". ".join((*work.pair.said, *_wrote(desk, work.plan), *work.plan.tells, *work.plan.left))


def _wrote(desk: Desk, plan: Plan) -> tuple[str, ...]:
    out = f"{desk.partner.title} updated: {plan.what(Side.PARTNER)}" if plan.to(Side.PARTNER) else ""
    back = f"Updated from {desk.partner.title}: {plan.what(Side.CRM)}" if plan.to(Side.CRM) else ""
    return tuple(line for line in (out, back) if line)


def _summary(desk: Desk, plan: Plan) -> str:
    lines = (*_wrote(desk, plan), *(["an invitation of Microsoft"] if plan.invite else []))
    return "; ".join(lines)


async def _one_write(desk: Desk, work: _Work, side: Side, change: Change) -> _Work:
    """One conditional write. A clear no settles what was done before it; no answer leaves its part of the intent."""
    if not desk.in_time(work.intent):
        await _settle(desk, work, cut_short=True)
        raise Conflict(Remote(system="link store", status=412, message="the lease ran out before the write began"))
    try:
        answer = await desk.gateway(side).write(change)
    except Unavailable:
        await _settle(desk, work, at_risk=side if work.plan.to(side) else None, cut_short=True)
        raise
    except CosellError:
        await _settle(desk, work, cut_short=True)
        raise
    return replace(work, answers={**work.answers, side: answer})


async def _settle(desk: Desk, work: _Work, *, at_risk: Side | None = None, cut_short: bool = False) -> Ended:
    plan = _done_part(work.plan, work.answers) if cut_short else work.plan
    settlement = Settlement(plan=plan, seen=work.seen, answers=work.answers, at_risk=at_risk, cut_short=cut_short)
    outcome = _outcome(desk, work, settlement)

    def settled(current: Link) -> Link:
        based = settle(current, settlement)
        if at_risk is not None:
            return remaining(based, work.intent, at_risk)
        freed = without(replace(based, unsaid=_unsaid(desk, work, settlement)), work.intent)
        return freed if cut_short else concluded(freed, outcome, desk.clock.now(), desk.policy.fingerprint)

    link = await finish(desk, work.pair.link, work.intent, settled)
    crm = work.answers.get(Side.CRM, work.pair.crm)
    return Ended(outcome=outcome, link=link, crm=crm, told=True)


def _unsaid(desk: Desk, work: _Work, settlement: Settlement) -> tuple[str, ...]:
    """What Audit should say and could not be told: the next write to the CRM carries it."""
    if Side.CRM in work.answers:
        return ()
    return (*work.pair.said, *_wrote(desk, settlement.plan)) if settlement.cut_short else ()


def _done_part(plan: Plan, answers: Mapping[Side, Snapshot]) -> Plan:
    """The part of a plan that was carried out before it was cut short."""
    return replace(plan, writes={side: values for side, values in plan.writes.items() if side in answers})


def _outcome(desk: Desk, work: _Work, settlement: Settlement) -> Outcome:
    settlement = replace(settlement, plan=_taken(settlement))
    wrote = _wrote(desk, settlement.plan)
    again = work.plan.again or bool(work.plan.invite) or any(surprised(side, settlement) for side in Side)
    if not wrote and not work.pair.said and not work.plan.tells and settlement.plan.left:
        return left("; ".join(settlement.plan.left))
    reason = ". ".join((*work.pair.said, *wrote, *work.plan.tells)) or "both sides agree"
    return done(reason, wrote=wrote, look_again=again)


def _taken(settlement: Settlement) -> Plan:
    """The plan without the fields that a server kept as they were, and with its reasons."""
    plan, untaken = settlement.plan, refused(settlement)
    writes = {side: {n: v for n, v in plan.to(side).items() if (side, n) not in untaken} for side in plan.writes}
    reasons = (f"{deal.TITLES[name]} stays: {why}" for (_, name), why in untaken.items())
    return replace(plan, writes=writes, left=(*plan.left, *reasons))


async def _detach(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    """Reopened after its referral was closed for good: said once, and left alone from then on."""
    intent = desk.intent(Purpose.WRITE)
    link = await begin(desk, replace(pair.link, detached=True), intent)
    outcome = left(plan.detached)
    answers = {}
    if not desk.policy.forbids(pair.partner.ref.id, pair.crm.ref.id):
        note = Note(line=f"This opportunity was {plan.detached}")
        answers[Side.CRM] = await desk.crm.write(Change(record=pair.crm, marker=intent.id, note=note))
    seen = {Side.PARTNER: pair.partner, Side.CRM: pair.crm}
    settlement = Settlement(plan=Plan(), seen=seen, answers=answers)

    def settled(current: Link) -> Link:
        freed = without(settle(current, settlement), intent)
        return concluded(freed, outcome, desk.clock.now(), desk.policy.fingerprint)

    link = await finish(desk, link, intent, settled)
    return Ended(outcome=outcome, link=link, crm=pair.crm, told=True)
