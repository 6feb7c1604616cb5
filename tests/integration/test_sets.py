"""Solutions as a set on both simulators: each element goes where it has to go, also when only one way is open."""

from __future__ import annotations

import pytest

from sandbox.people import IN_PROGRESS, Json
from tests.integration.bench import Bench, linked_inbound

ACTIVE = {"status": "Active", "substatus": "Accepted"}


def solution(ident: str) -> Json:
    return {"id": ident, "name": ident, "type": "Name", "solutionType": "IP", "publisherName": "Fabrikam"}


async def shown(bench: Bench) -> tuple[list[str], list[str]]:
    """The solutions that Partner Center shows, and those of the CRM."""
    held = (await bench.own())["details"]["requirements"]["solutions"]
    rows = (await bench.people.crm("GET", "msft_mspartnersolutions?$expand=msft_SolutionDetailId"))["value"]
    return sorted(one["id"] for one in held), sorted(
        r["msft_SolutionDetailId"]["msft_solutionidentifier"] for r in rows
    )


async def test_what_a_pending_referral_did_not_take_follows_the_accept(bench: Bench) -> None:
    """Both sides add one while the referral is pending: the CRM gets the other's at once, its own goes later."""
    referral, row = await linked_inbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.solution(ident, "SOL-1001")
    held = [solution("SOL-10001-FAB"), solution("SOL-1003")]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": held}})
    await bench.settle()
    assert await shown(bench) == (["SOL-10001-FAB", "SOL-1003"], ["SOL-10001-FAB", "SOL-1001", "SOL-1003"])
    await bench.people.edit_opportunity(ident, statuscode=IN_PROGRESS)
    await bench.settle()
    await bench.heal()
    both = ["SOL-10001-FAB", "SOL-1001", "SOL-1003"]

    assert await shown(bench) == (both, both)


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "status"])
@pytest.mark.parametrize(("system", "method"), [("partner_center", "PATCH"), ("dynamics", "POST")])
async def test_a_set_of_which_one_half_failed_is_completed(bench: Bench, system: str, method: str, kind: str) -> None:
    """Both sides add one and one of the two writes fails: in the end both sides have both."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.solution(str(row["opportunityid"]), "SOL-1001")
    held = [solution("SOL-10001-FAB"), solution("SOL-1003")]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": held}})
    await bench.fault(system, method=method, path="/(referrals/|.batch)", kind=kind, status=500)
    await bench.settle()
    await bench.heal()
    both = ["SOL-10001-FAB", "SOL-1001", "SOL-1003"]

    assert await shown(bench) == (both, both)
