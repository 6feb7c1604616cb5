"""Carrying out a plan: an intent, then one conditional write a side, then what the servers answered is settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.fights import with_flips
from shared.domain.lifecycle import Stage
from shared.domain.link import Base, Intent, Link, Purpose
from shared.domain.outcome import AGREED, Outcome, done, left
from shared.domain.plan import Plan
from shared.domain.record import NO_NOTE, Mark, Note, Snapshot
from shared.domain.sentence import Sentence, audit, kept, spoken
from shared.domain.values import NOTHING, Side, digests
from shared.errors import AccessLost, Conflict, CosellError, Refused, Remote, Unavailable
from shared.ports import Change
from shared.sync.desk import Desk, Ended, Linked, concluded
from shared.sync.settle import Settlement, begin, finish, refused, remaining, settle, surprised, without


@dataclass(frozen=True, kw_only=True)
class _Work:
    """A plan under way: the pair, its intent, the ties to write, and what was answered so far."""

    pair: Linked
    plan: Plan
    ties: Mapping[Side, str]
    intent: Intent
    answers: Mapping[Side, Snapshot] = field(default_factory=dict)


async def write(desk: Desk, pair: Linked, plan: Plan, ties: Mapping[Side, str]) -> Ended:
    """Partner first, then the CRM: its one conditional PATCH carries the values, the tie and the Audit line."""
    link = pair.link
    # As the server will show it: whoever finds the marker and not the answer must not take rounding for an edit.
    held = {side: await desk.gateway(side).held(plan.to(side)) for side in Side if plan.to(side)}
    intent = replace(
        desk.intent(Purpose.WRITE),
        seen={side: _seen(link, record) for side, record in pair.sides.items()},
        will={side: digests(values, link.key) for side, values in held.items()},
    )
    link = await begin(desk, with_flips(link, plan, desk.clock.now()), intent)
    work = _Work(pair=replace(pair, link=link), plan=plan, ties=ties, intent=intent)
    for side in (Side.PARTNER, Side.CRM):
        if change := _change(desk, work, side):
            work = await _one_write(desk, work, side, change)
    return await _settle(desk, work)


def _seen(link: Link, record: Snapshot) -> Base:
    """What the side shows now. A marker on it, whoever's, or an empty place for one proves that it carries them."""
    marked = link.base.get(record.side, Base()).marked or record.marker is not None
    return Base(version=record.version, shown=digests(record.values, link.key), marked=marked)


def _change(desk: Desk, work: _Work, side: Side) -> Change | None:
    values, tie = work.plan.to(side), work.ties.get(side, "")
    note = Note(line=_line(desk, work), mark=Mark.CHECK) if side is Side.CRM else NO_NOTE
    if not values and not tie and not note.line:
        return None
    return Change(
        record=work.pair.sides[side],
        values=values,
        marker=work.intent.id,
        counterpart=tie,
        counterpart_link=work.pair.sides[side.other].link if tie else "",
        note=note,
    )


def _line(desk: Desk, work: _Work) -> str:
    """The Audit line: what was done and why, and what was left and why, unless that was said last time."""
    last = work.pair.link.outcome
    known = last.reason if last else ""
    news = tuple(sentence for sentence in work.plan.left if sentence.kept not in known)
    return audit((*spoken((*work.pair.said, *wrote(desk, work.plan))), *work.plan.tells, *news))


def wrote(desk: Desk, plan: Plan) -> tuple[str, ...]:
    """What a plan writes, a sentence per side."""
    out = f"{desk.partner.title} updated: {plan.what(Side.PARTNER)}" if plan.to(Side.PARTNER) else ""
    back = f"Updated from {desk.partner.title}: {plan.what(Side.CRM)}" if plan.to(Side.CRM) else ""
    return tuple(line for line in (out, back) if line)


async def _one_write(desk: Desk, work: _Work, side: Side, change: Change) -> _Work:
    """One conditional write. A clear no settles what was done before it; no answer leaves its part of the intent."""
    if not desk.in_time(work.intent):
        await _settle(desk, work, cut_short=True)
        raise Conflict(Remote(system="link store", message="the lease ran out before the write began"))
    try:
        answer = await desk.gateway(side).write(change)
    except (Unavailable, AccessLost) as error:
        # Access may be lost between the effect and the reading of it; where markers are kept, they tell.
        unknown = isinstance(error, Unavailable) or work.intent.seen[side].marked
        await _settle(desk, work, at_risk=side if change.values and unknown else None, cut_short=True)
        raise
    except CosellError as error:
        if isinstance(error, Refused) and _dispensable(change):
            return await _words_alone(desk, work, side, change)
        await _settle(desk, work, cut_short=True)
        raise
    return replace(work, answers={**work.answers, side: answer})


async def _words_alone(desk: Desk, work: _Work, side: Side, change: Change) -> _Work:
    """What a closed row did not take beside the words is given up, until it changes; the words are tried alone."""
    if not change.values:
        return work
    names = frozenset(change.values)
    plan = replace(work.plan, writes={**work.plan.writes, side: NOTHING}, settled=work.plan.settled | names)
    work = replace(work, plan=plan)
    return await _one_write(desk, work, side, rest) if (rest := _change(desk, work, side)) else work


def _dispensable(change: Change) -> bool:
    """A refusal that changes no outcome: of words on a closed row, or of the tie on a referral not yet accepted.

    Whether either is taken is documented nowhere; the tie is written with the next look after the accept. What begins
    with the win comes after the row was closed, so it is no more than words there.
    """
    record = change.record
    closed, pending = deal.STAGE in record.locked, record.values.get(deal.STAGE) is Stage.PENDING
    if record.side is Side.CRM and closed:
        return not set(change.values) - deal.AFTER_WON
    return not change.values and (closed or pending)


async def _settle(desk: Desk, work: _Work, *, at_risk: Side | None = None, cut_short: bool = False) -> Ended:
    plan = _done_part(work.plan, work.answers) if cut_short else work.plan
    settlement = Settlement(plan=plan, seen=work.pair.sides, answers=work.answers, cut_short=cut_short)
    outcome = _outcome(desk, work, settlement)

    def settled(current: Link) -> Link:
        based = replace(settle(current, settlement), unsaid=_unsaid(desk, work, settlement))
        if _grew(work):
            based = replace(based, grown=work.intent.id)
        if at_risk is not None:
            return remaining(based, work.intent, at_risk)
        freed = without(based, work.intent)
        return freed if cut_short else concluded(freed, outcome, desk.clock.now(), desk.policy.fingerprint)

    link = await finish(desk, work.pair.link, work.intent, settled)
    crm = work.answers.get(Side.CRM, work.pair.crm)
    return Ended(outcome=outcome, link=link, crm=crm, told=True)


def _grew(work: _Work) -> bool:
    """Was a lead qualified by our own write? While its marker is there, nobody else has made an opportunity of it."""
    return work.plan.to(Side.CRM).get(deal.STAGE) is Stage.QUALIFIED and Side.CRM in work.answers


def _unsaid(desk: Desk, work: _Work, settlement: Settlement) -> tuple[str, ...]:
    """What Audit should say and could not be told: the next write to the CRM carries it.

    In full, for that long: of two edits that met, the one that lost is kept nowhere else.
    """
    if Side.CRM in work.answers or not settlement.cut_short:
        return ()
    met = (tell.text for tell in work.plan.tells) if work.answers else ()
    return tuple(dict.fromkeys((*work.pair.said, *wrote(desk, settlement.plan), *met)))


def _done_part(plan: Plan, answers: Mapping[Side, Snapshot]) -> Plan:
    """The part of a plan that was carried out before it was cut short."""
    return replace(plan, writes={side: values for side, values in plan.writes.items() if side in answers})


def _outcome(desk: Desk, work: _Work, settlement: Settlement) -> Outcome:
    settlement = replace(settlement, plan=_taken(settlement))
    plan = settlement.plan
    lines = wrote(desk, plan)
    if not lines and not work.pair.said and not plan.tells and plan.left:
        return made(work.pair, left(kept(plan.left), Code.FIELDS_DIFFER))
    more = work.plan.again or bool(work.plan.invite) or bool(work.plan.lacking)
    again = more or any(surprised(side, settlement) for side in Side)
    reason = kept((*spoken((*work.pair.said, *lines)), *plan.tells, *plan.left)) or work.pair.made
    told = done(reason or AGREED, Code.UPDATED if lines else Code.IN_STEP, wrote=lines, look_again=again)
    return made(work.pair, carrying(work.pair, plan, told))


def carrying(pair: Linked, plan: Plan, outcome: Outcome) -> Outcome:
    """The outcome with the fields that a plan wrote, and when the oldest of their changes happened on its own side."""
    carried = {side: tuple(values) for side in Side if (values := plan.to(side))}
    times = [pair.sides[side.other].modified for side in carried]
    return replace(outcome, carried=carried, since=min(times, default=None))


def made(pair: Linked, outcome: Outcome) -> Outcome:
    """The outcome of a pair that was none before: how it came to be one, and what went across by that."""
    carried = {side: (*pair.carried.get(side, ()), *outcome.carried.get(side, ())) for side in Side}
    carried = {side: tuple(dict.fromkeys(names)) for side, names in carried.items() if names}
    times = [time for time in (pair.since, outcome.since) if time is not None]
    return replace(outcome, code=pair.code or outcome.code, carried=carried, since=min(times, default=None))


def _taken(settlement: Settlement) -> Plan:
    """The plan without the fields that a server kept as they were, and with its reasons."""
    plan, untaken = settlement.plan, refused(settlement)
    writes = {side: {n: v for n, v in plan.to(side).items() if (side, n) not in untaken} for side in plan.writes}
    reasons = (Sentence(f"{plan.titles[name]} stays: {why}") for (_, name), why in untaken.items())
    return replace(plan, writes=writes, left=(*plan.left, *reasons))
