"""What both systems hold, read over the wire, and which records belong to which deal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.people import REFERRAL, Json, People
from shared.domain.values import Side
from tests.proof.figure import Harm, must
from tests.proof.parts_deals import Deal

MICROSOFT = "Microsoft"
LEADS_REFERRAL = "cosell_referralidentifier"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Everything that both systems hold."""

    own: Mapping[str, Json]
    microsoft: Counter[str]
    rows: Mapping[str, Json]
    solutions: Mapping[str, frozenset[str]]
    accounts: Counter[str]
    leads: Mapping[str, Json]

    def referral(self, deal: Deal) -> Json:
        """The one referral of a deal."""
        if deal.origin is Side.PARTNER:
            must(deal.referral in self.own, Harm.LOST, "its referral is gone")
            return self.own[deal.referral]
        return _only([one for one in self.own.values() if one["externalReferenceId"] == deal.row], "referral")

    def row(self, deal: Deal) -> Json:
        if deal.origin is Side.CRM:
            must(deal.row in self.rows, Harm.LOST, "its opportunity is gone")
            return self.rows[deal.row]
        return _only([row for row in self.rows.values() if row[REFERRAL] == deal.referral], "opportunity")

    def lead(self, deal: Deal) -> Json | None:
        """The one lead that a deal came as, if it was one."""
        found = [row for row in self.leads.values() if row[LEADS_REFERRAL] == deal.referral]
        return _only(found, "lead") if found else None


def _only(found: Sequence[Json], kind: str) -> Json:
    must(found, Harm.LOST, f"it has no {kind}")
    must(len(found) == 1, Harm.DOUBLED, f"it has {len(found)} of the kind {kind}")
    return found[0]


async def see(people: People) -> Seen:
    referrals = await people.referrals()
    theirs = [one for one in referrals if one["organizationName"] == MICROSOFT]
    rows = await people.rows("opportunities")
    details = await people.rows("msft_mspartnersolutiondetails")
    named = {row["msft_mspartnersolutiondetailid"]: row["msft_solutionidentifier"] for row in details}
    chosen = await people.rows("msft_mspartnersolutions")
    solutions: dict[str, set[str]] = {}
    for row in chosen:
        solutions.setdefault(row["_msft_opportunityid_value"], set()).add(named[row["_msft_solutiondetailid_value"]])
    return Seen(
        own={one["id"]: one for one in referrals if one["organizationName"] != MICROSOFT},
        microsoft=Counter(one["engagementId"] for one in theirs),
        rows={row["opportunityid"]: row for row in rows},
        solutions={key: frozenset(values) for key, values in solutions.items()},
        accounts=Counter(row["name"] for row in await people.rows("accounts")),
        leads={row["leadid"]: row for row in await people.rows("leads")},
    )
