"""What must hold when a proof over real parts has come to rest: the laws of the chaos in process, over the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.people import REFERRAL, Json
from shared.domain.values import Side
from tests.proof.figure import Broken, Failure, Harm, must
from tests.proof.parts_behind import left_behind
from tests.proof.parts_deals import EXTRA, FIELDS, STAGE, Deal
from tests.proof.parts_ground import Ground
from tests.proof.parts_seen import Seen, see

STATES = {0: "open", 1: "won", 2: "lost"}


@dataclass
class Inspector:
    """Collects what does not hold; `again` plays the same once more."""

    ground: Ground
    again: str
    failures: list[Failure] = field(default_factory=list)
    stamps: dict[int, tuple[Any, ...]] = field(default_factory=dict)

    async def inspect(self, deals: Sequence[Deal]) -> None:
        seen = await see(self.ground.people)
        for deal in deals:
            self._try(lambda deal=deal: check_deal(deal, seen), str(deal))  # type: ignore[misc]
        self._try(lambda: check_world(seen, deals), "the world")
        for problem in await left_behind(self.ground):
            self._note(Harm.OTHER, problem)

    async def stamp(self, deals: Sequence[Deal]) -> None:
        """Remember the versions of what is closed."""
        seen = await see(self.ground.people)
        self.stamps = dict(_versions(deals, seen))

    async def untouched(self, deals: Sequence[Deal]) -> None:
        """What was closed has the versions that it had then."""
        now = dict(_versions(deals, await see(self.ground.people)))
        for number, versions in self.stamps.items():
            if now.get(number) != versions:
                self._note(Harm.OTHER, f"deal {number} was closed and has been written to")

    def _try(self, check: Callable[[], None], what: str) -> None:
        try:
            check()
        except Broken as error:
            self._note(error.harm, f"{what}: {error}")

    def _note(self, harm: Harm, what: str) -> None:
        self.failures.append(Failure(harm=harm, what=what, again=self.again))


def _versions(deals: Sequence[Deal], seen: Seen) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for deal in deals:
        if deal.closed and deal.referral in seen.own and deal.row in seen.rows:
            yield deal.number, (seen.own[deal.referral]["eTag"], seen.rows[deal.row]["versionnumber"])


def check_deal(deal: Deal, seen: Seen) -> None:
    """One of each, tied, alike, and nobody's edit lost."""
    referral = seen.referral(deal)
    if deal.lead and _still_lead(deal, referral, seen):
        return
    row = seen.row(deal)
    deal.referral, deal.row = referral["id"], row["opportunityid"]
    tied = (referral["externalReferenceId"], row[REFERRAL]) == (deal.row, deal.referral)
    must(tied, Harm.DIVERGED, "the two records do not name each other")
    invited = seen.microsoft[referral["engagementId"]]
    must(invited <= 1, Harm.DOUBLED, f"Microsoft was invited {invited} times")
    must(invited or not deal.helped, Harm.LOST, "help was asked for and Microsoft not invited")
    if deal.closed:
        _check_closed(deal, referral, row)
        return
    must(referral["status"] in ("New", "Active") and row["statecode"] == 0, Harm.DIVERGED, "nobody closed it")
    accepted = STAGE not in deal.last or referral["status"] == "Active"
    must(accepted, Harm.LOST, "it was accepted, and is not")
    _check_values(deal, referral, row, seen.solutions.get(deal.row, frozenset()))


def _still_lead(deal: Deal, referral: Json, seen: Seen) -> bool:
    """Until it is accepted its lead is open and names it; afterwards the lead is qualified and the opportunity's.

    One that was accepted before anybody looked never was a lead.
    """
    pending = str(referral["status"]) == "New"
    lead = seen.lead(deal)
    if lead is None:
        must(not pending, Harm.LOST, "it has no lead")
        return False
    must(lead["statecode"] == (0 if pending else 1), Harm.DIVERGED, f"its lead is {lead['statecode']}")
    made = [row["opportunityid"] for row in seen.rows.values() if row["_originatingleadid_value"] == lead["leadid"]]
    if pending:
        must(STAGE not in deal.last, Harm.LOST, "it was accepted, and is not")
        must(referral["externalReferenceId"] == lead["leadid"], Harm.DIVERGED, "it does not name its lead")
        must(not made, Harm.DIVERGED, "an opportunity was made before it was accepted")
    else:
        must(made == [seen.row(deal)["opportunityid"]], Harm.DOUBLED, f"of its lead come {made}")
    return pending


def _check_values(deal: Deal, referral: Json, row: Json, solutions: frozenset[str]) -> None:
    for name, played in FIELDS.items():
        theirs, held = played.of_referral(referral), played.of_row(row)
        said, owner = deal.last.get(name), deal.owners.get(name)
        shown = f"{theirs} in Partner Center, {held} in the CRM"
        kept = owner is None or said is None or (theirs, held) == (said, said)
        must(kept, Harm.LOST, f"the edit of the {name} to {said} in {owner} did not reach both: {shown}")
        must(theirs == held, Harm.DIVERGED, f"the {name}: {shown}")
    listed = frozenset(one["id"] for one in referral["details"]["requirements"]["solutions"])
    must(listed == solutions, Harm.DIVERGED, f"the solutions: {sorted(listed)} and {sorted(solutions)}")
    kept = EXTRA not in deal.last or (EXTRA in listed) is deal.last[EXTRA]
    must(kept, Harm.LOST, f"the edit of the solutions on the side {deal.owners.get(EXTRA)} is gone")


def _check_closed(deal: Deal, referral: Json, row: Json) -> None:
    """Both are closed: alike, unless people closed them differently at the same time."""
    shown = {Side.PARTNER: referral["substatus"].lower(), Side.CRM: STATES[row["statecode"]]}
    closed = referral["status"] == "Closed" and row["statecode"] != 0
    must(closed, Harm.DIVERGED, f"only one side is closed: {referral['status']}, {shown[Side.CRM]}")
    said = {side: "won" if won else "lost" for side, won in deal.closed.items()}
    expected = {side: said.get(side, said.get(side.other)) for side in Side}
    must(shown == expected, Harm.DIVERGED, f"closed as {shown}, and people said {said}")


def check_world(seen: Seen, deals: Sequence[Deal]) -> None:
    """No record beside those of the deals."""
    must(len(seen.own) <= len(deals), Harm.DOUBLED, f"{len(seen.own)} referrals for {len(deals)} deals")
    must(len(seen.rows) <= len(deals), Harm.DOUBLED, f"{len(seen.rows)} opportunities for {len(deals)} deals")
    came = sum(deal.lead for deal in deals)
    must(len(seen.leads) <= came, Harm.DOUBLED, f"{len(seen.leads)} leads for {came} deals that came as one")
    twice = [name for name, count in seen.accounts.items() if count > 1]
    must(not twice, Harm.DOUBLED, f"accounts that are there twice: {', '.join(twice)}")
