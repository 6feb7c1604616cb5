"""What must hold when a schedule has come to rest: one of each, in step, no edit lost, nothing left behind."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain import deal
from shared.domain.deal import TITLES
from shared.domain.lifecycle import CLOSED, Stage, crm_view
from shared.domain.outcome import Kind
from shared.domain.values import Group, Side, Value
from shared.sync.promotion import unfinished
from tests.audit_page import explained
from tests.chaos.people import LEE, ON_LEADS, SOLUTIONS, VALUES, Story, gateway, invited
from tests.fakes.gateway import Row
from tests.fakes.world import World
from tests.proof.figure import Harm, must


def check_all(world: World, stories: list[Story]) -> None:
    """Every deal by itself, and the world as a whole."""
    _check_counts(world, stories)
    for story in stories:
        if not story.complete:
            _check_waiting(world, story)
        elif story.declined or still_lead(world, story):
            _check_lead(world, story)
        elif story.deleted is None:
            _check_deal(world, story)
        else:
            told = any(link.gone is story.deleted for link in world.links.rows.values())
            must(told, Harm.LOST, "a tombstone is missing")
    _check_rest(world)
    _check_audit(world)


def _check_audit(world: World) -> None:
    """Whatever a seller was told is a message of the administrator's page."""
    rows = (row for kept in (world.crm, world.leads) for row in kept.rows.values())
    strange = [line for row in rows for line in row.audit if not explained(line)]
    must(not strange, Harm.OTHER, f"docs/administrator.md does not explain {strange}")


def _check_counts(world: World, stories: list[Story]) -> None:
    """One record of each on either side, and the closed referrals that reopened deals left behind."""
    for side in Side:
        there = len([row for row in gateway(world, side).rows.values() if row.ours])
        wanted = len([story for story in stories if story.deleted is not side])
        if side is Side.CRM:
            wanted -= sum(story.declined or still_lead(world, story) for story in stories)
        if side is Side.PARTNER:
            wanted += sum(story.former for story in stories) - sum(not story.complete for story in stories)
        harm = Harm.DOUBLED if there > wanted else Harm.LOST
        must(there == wanted, harm, f"{there} records on the {side} side, and {wanted} are right")
    leads, wanted = len(world.leads.rows), sum(story.lead for story in stories)
    must(leads == wanted, Harm.DOUBLED if leads > wanted else Harm.LOST, f"{leads} leads, and {wanted} are right")


def still_lead(world: World, story: Story) -> bool:
    """Nobody has accepted it yet."""
    referral = story.row(world, Side.PARTNER)
    return story.lead and referral is not None and referral.values[deal.STAGE] is Stage.PENDING


def _check_lead(world: World, story: Story) -> None:
    """A lead and its referral name each other; one that the seller would not have is declined."""
    referral, lead = story.row(world, Side.PARTNER), story.lead_row(world)
    assert referral is not None
    assert lead is not None
    tied = (referral.counterpart, lead.counterpart) == (lead.id, referral.id)
    must(tied, Harm.OTHER, f"the tie is missing: {referral.counterpart} {lead.counterpart}")
    stages = (referral.values[deal.STAGE], lead.values[deal.STAGE])
    wanted = (Stage.DECLINED, Stage.LOST) if story.declined else (Stage.PENDING, Stage.LEAD)
    must(stages == wanted, Harm.DIVERGED, f"the lead and its referral are {stages}")
    story.carried = {name for name in ON_LEADS if referral.values[name] != lead.values[name]}


def _check_rest(world: World) -> None:
    """Nothing is left behind, and no server had to refuse anything for good."""
    violations = world.partner.violations + world.crm.violations + world.leads.violations
    doubled = any("second invitation" in each for each in violations)
    must(not violations, Harm.DOUBLED if doubled else Harm.OTHER, f"a life cycle was violated: {violations}")
    parked = [entry.reason for entry in world.parked.entries.values()]
    must(not parked, Harm.OTHER, f"parked: {parked}")
    for link in world.links.rows.values():
        must(link.intents == (), Harm.OTHER, "an intent was left behind")
        must(link.unsaid == (), Harm.LOST, f"this was not said: {link.unsaid}")
        must(not link.owed, Harm.LOST, f"this is still owed: {link.owed}")
        must(not unfinished(link), Harm.LOST, "a qualified lead was left half-way")


def _check_waiting(world: World, story: Story) -> None:
    """A deal that lacks something is not shared, and somebody knows what it waits for."""
    row = world.crm.rows[story.ident]
    link = world.links.rows.get(story.ident)
    waits = link is not None and link.outcome is not None and link.outcome.kind is Kind.WAITING
    must(waits, Harm.LOST, "a deal that lacks a solution is not waiting for it")
    must(any("solution" in line for line in row.audit), Harm.OTHER, "the seller was not told what is missing")


def _check_deal(world: World, story: Story) -> None:
    referral, row = story.row(world, Side.PARTNER), story.row(world, Side.CRM)
    must(referral is not None and row is not None, Harm.LOST, "one of its records is missing")
    assert referral is not None
    assert row is not None
    if story.reopened is not None:
        _check_parted(world, story, referral, row)
        return
    tied = (referral.counterpart, row.counterpart) == (row.id, referral.id)
    must(tied, Harm.OTHER, f"the tie is missing: {referral.counterpart} {row.counterpart}")
    if story.closed_by:
        _check_closed(story, referral, row)
        return
    stage = referral.values[deal.STAGE]
    if story.last.get(deal.STAGE):
        must(stage is Stage.ACTIVE, Harm.LOST, "an accept was lost")
    if stage is Stage.PENDING:  # takes nothing but an answer: what was edited meanwhile follows the accept
        story.carried = {name for name in (*VALUES, deal.SOLUTIONS) if referral.values[name] != row.values[name]}
        return
    must(stage is Stage.ACTIVE, Harm.OTHER, f"nobody closed it, and it is {stage}")
    _check_equal(world, story, referral, row)
    _check_kept(world, story, referral, row)
    story.carried = set()
    _check_microsoft(world, story, row)


def _check_equal(world: World, story: Story, referral: Row, row: Row) -> None:
    """Both sides show the same; what came to differ while no link knew of it differs still, and is named."""
    for name in (*VALUES, deal.SOLUTIONS):
        theirs, held = referral.values[name], world.crm._held(referral.values[name])
        if name in story.differ and held != row.values[name]:
            named = any(TITLES[name] in line for line in row.audit)
            must(named, Harm.OTHER, f"nobody was told that {name} differs")
            continue
        must(held == row.values[name], Harm.DIVERGED, f"{name} diverged: {theirs} {row.values[name]}")
    here, there = (LEE in _group(record.values[deal.TEAM]) for record in (row, referral))
    must(here == there, Harm.DIVERGED, f"the sales team diverged: {here} in the CRM, {there} in Partner Center")


def _check_kept(world: World, story: Story, referral: Row, row: Row) -> None:
    """The last edit of a field that one side owned stands, also as it was typed: no rounding comes back."""
    for name, value in story.last.items():
        if not story.ours(name) or name in story.differ | story.carried:
            continue
        if name in VALUES and name != deal.VISIBLE:
            kept = row.values[name] == world.crm._held(value) or _named(world, row, name)
            must(kept, Harm.LOST, f"the edit of {name} to {value} was lost: {row.values[name]}")
            typed = story.owners[name] is Side.CRM or referral.values[name] == value or _named(world, row, name)
            must(typed, Harm.LOST, f"{name} was {value} and came back as {referral.values[name]}")
        for solution in SOLUTIONS:
            if solution.id == name:
                there = solution in _group(row.values[deal.SOLUTIONS])
                must(there is value, Harm.LOST, f"the edit of {name} was lost")


def _group(value: Value) -> Group:
    assert isinstance(value, Group)
    return value


def _named(world: World, row: Row, name: str) -> bool:
    """Without a marker the newest side wins where nobody can say who wrote a value; Audit names both then (§1)."""
    named = not world.carries_marker and any(f"{TITLES[name]} was set to" in line for line in row.audit)
    world.ambiguous += named
    return named


def _check_microsoft(world: World, story: Story, row: Row) -> None:
    """Microsoft was asked once if the seller wanted that, and its answer is known in the CRM."""
    asked = invited(world, story)
    must(len(asked) <= 1, Harm.DOUBLED, f"Microsoft has {len(asked)} referrals of one deal")
    must(bool(asked) == story.asked, Harm.LOST, f"help wanted: {story.asked}, referrals of Microsoft: {len(asked)}")
    for other in asked:
        known, answer = row.values.get(deal.MICROSOFT_ID), other.values[deal.MICROSOFT_ID]
        must(
            known == answer or answer is None,
            Harm.LOST,
            f"the CRM has {known} for Microsoft's {answer}",
        )


def _check_closed(story: Story, referral: Row, row: Row) -> None:
    """Both are closed, alike unless people closed them differently."""
    stages = {Side.PARTNER: Stage(str(referral.values[deal.STAGE])), Side.CRM: Stage(str(row.values[deal.STAGE]))}
    must(set(stages.values()) <= CLOSED, Harm.DIVERGED, f"only one side is closed: {stages}")
    views = {side: crm_view(stage) for side, stage in stages.items()}
    if len(story.closed_by) == 1:
        must(views[Side.PARTNER] is views[Side.CRM], Harm.DIVERGED, f"closed differently: {stages}")
    else:
        people = {side: crm_view(stage) for side, stage in story.closed_by.items()}
        must(people == views, Harm.OTHER, f"a closed record was closed again: {people} {views}")


def _check_parted(world: World, story: Story, referral: Row, row: Row) -> None:
    """The closed referral is as it was, the row is the seller's own, and that was said."""
    must(referral.values == story.reopened, Harm.OTHER, "a terminal referral was touched")
    must(row.values[deal.STAGE] not in CLOSED, Harm.OTHER, "a reopened opportunity was closed again")
    must(world.links.rows[row.id].detached, Harm.OTHER, "a reopened opportunity is still taken for the referral's")
    must(any("reopened" in line for line in row.audit), Harm.OTHER, "the seller was not told that they parted")


def check_nothing_moved(world: World, before: Mapping[Side, Mapping[str, Mapping[str, Value]]]) -> None:
    """After the link table is lost, looking at every record doubles nothing and overwrites nothing."""
    for side in Side:
        after = {ident: row.values for ident, row in gateway(world, side).rows.items()}
        must(set(after) <= set(before[side]), Harm.DOUBLED, f"new records on the {side} side after the links were lost")
        must(after == before[side], Harm.LOST, f"the {side} side was overwritten after the links were lost")


def check_leads(world: World, before: Mapping[str, Mapping[str, Value]]) -> None:
    """And neither are leads."""
    after = {ident: row.values for ident, row in world.leads.rows.items()}
    must(after == before, Harm.LOST, "leads were made or overwritten after the links were lost")
