"""Keeping a linked pair in step: resolve what was begun, plan, and carry it out or say why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shared.domain import deal
from shared.domain.code import Code
from shared.domain.fights import fights
from shared.domain.intents import Looked, resolve
from shared.domain.lifecycle import CLOSED, Stage
from shared.domain.link import Link, Purpose
from shared.domain.outcome import Kind, Outcome, done, left, owed
from shared.domain.plan import Plan, make_plan
from shared.domain.record import Note, Snapshot
from shared.domain.requirements import NOT_SENT, NOT_SHARED, not_met, sound
from shared.domain.sentence import kept
from shared.domain.values import Side, blank, digest, digests
from shared.errors import NeedsDecision, NotMet
from shared.ports import Change
from shared.sync.desk import Desk, Ended, Linked, concluded
from shared.sync.invitation import invite, pending, resumed
from shared.sync.settle import Settlement, begin, finish, save, settle, without
from shared.sync.writing import made, write, wrote

FAILED = frozenset({Kind.WAITING, Kind.PARKED})
OFF = Code.SWITCHED_OFF


async def keep_in_step(desk: Desk, pair: Linked, *, wide: bool = False) -> Ended:
    """One look at a linked pair, from what both sides show to what both sides are left with."""
    looked = {side: _looked(record, pair.link.key) for side, record in pair.sides.items()}
    resolved = resolve(pair.link, looked, desk.clock.now())
    if resolved.busy:
        return Ended(outcome=desk.busy(resolved.busy), link=pair.link, crm=pair.crm)
    pair = replace(pair, link=resolved.link, stored=pair.link, said=(*pair.link.unsaid, *pair.said))
    if not pair.crm.shared:
        return Ended(outcome=left(f"synchronisation is switched off for it in {desk.crm.title}", OFF), link=pair.link)
    if wide or _asks_microsoft(pair) or pending(pair.link):
        pair = replace(pair, partner=await desk.partner.widen(pair.partner))
    known = await resumed(desk, pair)
    if isinstance(known, Outcome):
        return Ended(outcome=known, link=pair.link, crm=pair.crm)
    return await _carry_out(desk, known, _plan(desk, known, resolved.unclear))


def _looked(record: Snapshot, salt: str) -> Looked:
    return Looked(marker=record.marker, version=record.version, shown=digests(record.values, salt))


def _asks_microsoft(pair: Linked) -> bool:
    """Help is asked for in the CRM and nothing says that Microsoft was invited, or what was asked is edited there."""
    asked = pair.crm.values.get(deal.HELP)
    if pair.link.invited:
        return digest(asked, pair.link.key) != pair.link.shown(Side.CRM).get(deal.HELP)
    return blank(asked) is not None


def _plan(desk: Desk, pair: Linked, unclear: frozenset[str] = frozenset()) -> Plan:
    policy = desk.policy
    return make_plan(
        pair.link, pair.sides, winner=policy.winner, unclear=unclear, titles=desk.titles, fields=policy.fields
    )


async def _carry_out(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    ties, forbidden = _ties(pair), desk.policy.forbids(*pair.link.idents)
    if plan.detached:
        return await _detach(desk, pair, plan)
    if plan.empty and not ties:
        if plan.lacking and not plan.tells and not forbidden:
            raise _waits(pair, plan)
        return await _agree(desk, pair, plan)
    if forbidden:
        return Ended(outcome=owed(forbidden, _summary(desk, plan) or "the link"), link=pair.link)
    _check(desk, pair, plan)
    if plan.invite and pair.partner.values.get(deal.VISIBLE):
        pair = await invite(desk, pair, plan.invite)
        plan = _plan(desk, pair)
    return await write(desk, pair, plan, ties)


def _waits(pair: Linked, plan: Plan) -> NotMet:
    """Everything that could be written is: the rest waits for what the seller fills in."""
    wants = blank(pair.crm.values.get(deal.HELP)) and not (pair.link.invited or pair.partner.invited)
    hidden = bool(pair.crm.values.get(deal.VISIBLE)) and not pair.partner.values.get(deal.VISIBLE)
    return not_met(pair.crm, dict.fromkeys(plan.lacking), NOT_SHARED if wants or hidden else NOT_SENT)


def _check(desk: Desk, pair: Linked, plan: Plan) -> None:
    """What has to be right before anything is written."""
    if field := fights(pair.link, plan, desk.clock.now()):
        raise NeedsDecision(
            f"{field} was turned back and forth within minutes: two automations are fighting over it",
            advice="Switch one of them off, then replay",
        )
    if pair.link.grown and plan.to(Side.CRM).get(deal.STAGE) is Stage.QUALIFIED:
        raise NeedsDecision(
            "The lead was opened again after it had been qualified, because its referral is accepted",
            advice="Switch off whatever opens it, then replay, or qualify it by hand",
        )
    for side in Side:
        if problem := sound(plan.to(side)):
            raise NotMet(f"Not synchronised: {problem}", records=(pair.crm.ref, *pair.crm.related))


def _ties(pair: Linked) -> Mapping[Side, str]:
    """The id each record has to carry of the other and does not; a record closed for good is left alone."""
    return {
        side: other.ref.id
        for side in Side
        if (record := pair.sides[side]).counterpart != (other := pair.sides[side.other]).ref.id and not _closed(record)
    }


def _closed(record: Snapshot) -> bool:
    return record.values.get(deal.STAGE) in CLOSED


def _summary(desk: Desk, plan: Plan) -> str:
    return "; ".join((*wrote(desk, plan), *(["an invitation of Microsoft"] if plan.invite else [])))


async def _agree(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    """Nothing to write: settle what agrees, and tell what is news."""
    outcome = made(pair, left(kept(plan.left), Code.FIELDS_DIFFER) if plan.left else done())
    forbidden = desk.policy.forbids(*pair.link.idents)
    if forbidden and (plan.tells or plan.lacking):
        return Ended(outcome=owed(forbidden, "an Audit line"), link=pair.link)
    if forbidden or not (plan.tells or pair.said or _differs(pair.link, outcome)):
        return await _settle_quietly(desk, pair, plan, outcome)
    return await write(desk, pair, plan, {})


def _differs(link: Link, outcome: Outcome) -> bool:
    """Is this outcome news to the seller, after the one that was recorded last?"""
    before = link.outcome
    if outcome.kind is Kind.LEFT:
        return before is None or before.reason != outcome.reason
    return before is not None and before.kind in FAILED


async def _settle_quietly(desk: Desk, pair: Linked, plan: Plan, outcome: Outcome) -> Ended:
    settlement = Settlement(plan=plan, seen=pair.sides, answers={})
    settled = pair.link if desk.policy.dry_run else settle(pair.link, settlement)  # a dry run leaves no trace
    link = concluded(settled, outcome, desk.clock.now(), desk.policy.fingerprint)
    if link != pair.stored:
        link = await save(desk, link)
    return Ended(outcome=outcome, link=link, crm=pair.crm, told=True)


async def _detach(desk: Desk, pair: Linked, plan: Plan) -> Ended:
    """Reopened after its referral was closed for good: said once, and left alone from then on."""
    intent = desk.intent(Purpose.WRITE)
    outcome = left(plan.detached, Code.DETACHED)
    if forbidden := desk.policy.forbids(*pair.link.idents):
        return Ended(outcome=owed(forbidden, "an Audit line"), link=pair.link)
    link = await begin(desk, pair.link, intent)
    note = Note(line=f"This opportunity was {plan.detached}")
    answer = await desk.crm.write(Change(record=pair.crm, marker=intent.id, note=note))
    settlement = Settlement(plan=Plan(fields=desk.policy.fields), seen=pair.sides, answers={Side.CRM: answer})

    def settled(current: Link) -> Link:
        freed = replace(without(settle(current, settlement), intent), detached=True)
        return concluded(freed, outcome, desk.clock.now(), desk.policy.fingerprint)

    link = await finish(desk, link, intent, settled)
    return Ended(outcome=outcome, link=link, crm=pair.crm, told=True)
