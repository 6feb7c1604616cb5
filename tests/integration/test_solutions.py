"""The solutions of an opportunity and their details on both simulators: added, removed, re-pointed, edited, limited."""

from __future__ import annotations

import pytest

from sandbox.people import Json
from shared.domain.link import Recorded
from shared.domain.outcome import Kind
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound, made_in_crm
from tests.integration.test_sets import shown, solution

ROWS, DETAILS = "msft_mspartnersolutions", "msft_mspartnersolutiondetails"
ACTIVE = {"status": "Active", "substatus": "Accepted"}


async def solutions(bench: Bench) -> list[tuple[str, str]]:
    """Identifier and name of each solution that the referral has."""
    held = (await bench.own())["details"]["requirements"]["solutions"]
    return sorted((str(one["id"]), str(one["name"])) for one in held)


async def repoint(bench: Bench, row: str, identifier: str) -> None:
    detail = await bench.people.detail(identifier)
    await bench.people.crm("PATCH", f"{ROWS}({row})", {"msft_SolutionDetailId@odata.bind": f"/{DETAILS}({detail})"})


async def rows_of(bench: Bench, opportunity: str) -> dict[str, str]:
    return await bench.people.solutions(opportunity)


async def without_images(bench: Bench) -> None:
    """An installation whose steps have no image of a row: an event of it does not say whose it is."""
    images = "sdkmessageprocessingstepimages"
    for image in await bench.people.rows(images):
        await bench.people.crm("DELETE", f"{images}({image['sdkmessageprocessingstepimageid']})")


@pytest.mark.parametrize("images", [True, False])
async def test_a_row_that_is_pointed_to_another_solution_changes_the_referral(bench: Bench, *, images: bool) -> None:
    """Editing a row is seen in seconds, whether its event says whose it is or not."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    if not images:
        await without_images(bench)
    await repoint(bench, (await rows_of(bench, ident))["SOL-1001"], "SOL-1002")
    await bench.settle()

    assert [one for one, _ in await solutions(bench)] == ["SOL-1002"]


async def test_an_edited_detail_reaches_every_deal_that_shows_it(bench: Bench) -> None:
    """A new name or identifier of a solution goes to all its referrals, and to no other."""
    made = [await made_in_crm(bench) for _ in range(2)]
    await bench.settle()
    detail = await bench.people.detail("SOL-1001")
    values = {"msft_name": "Retail Insights", "msft_solutionidentifier": "SOL-1001-B"}
    await bench.people.crm("PATCH", f"{DETAILS}({detail})", values)
    await bench.settle()
    held = [one["details"]["requirements"]["solutions"] for one in await bench.people.referrals()]

    assert len(made) == 2
    assert [[(one["id"], one["name"]) for one in each] for each in held] == [[("SOL-1001-B", "Retail Insights")]] * 2


async def test_an_edit_of_a_detail_that_nobody_announced_is_found_by_heal(bench: Bench) -> None:
    """A lost event of a detail, or of a row that was pointed elsewhere, costs one round of auto-heal."""
    _, row = await linked_outbound(bench)
    await bench.heal()
    await bench.people.webhooks(drop=1.0)
    await bench.people.crm("PATCH", f"{DETAILS}({await bench.people.detail('SOL-1001')})", {"msft_name": "Renamed"})
    await bench.heal()
    assert await solutions(bench) == [("SOL-1001", "Renamed")]
    await repoint(bench, (await rows_of(bench, str(row["opportunityid"])))["SOL-1001"], "SOL-1002")
    await bench.heal()

    assert [one for one, _ in await solutions(bench)] == ["SOL-1002"]


async def test_a_solution_comes_back_after_its_row_was_pointed_elsewhere(bench: Bench) -> None:
    """A row that we made keeps its id when somebody points it elsewhere: the first solution still gets a row again."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    ident, first = str(row["opportunityid"]), str(referral["details"]["requirements"]["solutions"][0]["id"])
    await repoint(bench, (await rows_of(bench, ident))[first], "SOL-1002")
    await bench.settle()
    assert (await shown(bench))[1] == ["SOL-1002"]
    held = [solution("SOL-1002"), solution(first)]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": held}})
    await bench.settle()

    assert await shown(bench) == (sorted(["SOL-1002", first]), sorted(["SOL-1002", first]))


async def test_a_detail_that_says_another_solution_by_now_is_not_taken_for_the_first(bench: Bench) -> None:
    """A detail that we made and somebody gave another identifier stays what it is: the first gets a detail again."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    first = str(referral["details"]["requirements"]["solutions"][0]["id"])
    detail = await bench.people.detail(first)
    await bench.people.crm("PATCH", f"{DETAILS}({detail})", {"msft_solutionidentifier": "SOL-9009"})
    await bench.settle()
    assert await shown(bench) == (["SOL-9009"], ["SOL-9009"])
    held = [solution("SOL-9009"), solution(first)]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": held}})
    await bench.settle()

    assert await shown(bench) == (sorted(["SOL-9009", first]), sorted(["SOL-9009", first]))
    assert len(await bench.people.rows(DETAILS)) == 5
    assert str((await bench.row())["opportunityid"]) == row["opportunityid"]


def recorded(bench: Bench, row: Json) -> Recorded:
    found = bench.link(row).outcome
    assert found is not None
    return found


async def test_the_last_solution_taken_away_waits_for_another(bench: Bench) -> None:
    """Nothing without a solution is sent: the deal waits and says so, other edits go on, and a row mends it."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    child = (await rows_of(bench, ident))["SOL-1001"]
    await bench.people.crm("DELETE", f"{ROWS}({child})")
    await bench.people.edit_opportunity(ident, description="Still on.")
    await bench.settle()
    own, row = await bench.own(), await bench.row()
    assert [one["id"] for one in own["details"]["requirements"]["solutions"]] == ["SOL-1001"]
    assert own["details"]["notes"] == "Still on."
    assert recorded(bench, row).kind == Kind.WAITING
    assert audit(row)[0].startswith("Not synchronised: add at least one co-sell ready or Microsoft solution")
    assert (row["name"], bench.parked.entries) == ("✗ Contoso data platform", {})
    await bench.people.solution(ident, "SOL-1002")
    await bench.settle()

    assert await shown(bench) == (["SOL-1002"], ["SOL-1002"])
    assert (await bench.row())["name"] == "✓ Contoso data platform"


async def test_a_fifty_first_solution_waits_until_one_is_taken_away(bench: Bench) -> None:
    """More than fifty are never sent: the deal says how many there are, and is mended by taking one away."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    for number in range(50):
        values = {"msft_solutionidentifier": f"SOL-5{number:03}", "msft_name": "One of many"}
        await bench.people.crm("POST", DETAILS, values)
        await bench.people.solution(ident, f"SOL-5{number:03}")
    await bench.settle()
    assert len(await solutions(bench)) < 51
    assert "at most 50 solutions are allowed, there are 51" in audit(await bench.row())[0]
    assert bench.parked.entries == {}
    await bench.people.crm("DELETE", f"{ROWS}({(await rows_of(bench, ident))['SOL-5049']})")
    await bench.settle()

    assert len(await solutions(bench)) == 50
    assert recorded(bench, await bench.row()).kind == Kind.DONE


async def test_a_deal_without_a_solution_can_still_be_lost(bench: Bench) -> None:
    """What a deal lacks holds up no closing: nobody could mend it on a closed opportunity."""
    _, row = await linked_outbound(bench)
    ident = str(row["opportunityid"])
    await bench.people.crm("DELETE", f"{ROWS}({(await rows_of(bench, ident))['SOL-1001']})")
    await bench.people.lose(ident)
    await bench.settle()

    assert (await bench.own())["substatus"] == "Lost"
    assert bench.parked.entries == {}


async def test_what_the_portal_calls_a_solution_is_its_own_business(bench: Bench) -> None:
    """A detail's name is shared by all deals, so a referral's other name for it neither changes it nor is set back."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    held = referral["details"]["requirements"]["solutions"]
    renamed = [one | {"name": "As the portal says"} for one in held]
    before = [one["msft_name"] for one in await bench.people.rows(DETAILS)]
    await bench.people.edit_referral(str(referral["id"]), details={"requirements": {"solutions": renamed}})
    await bench.settle()
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Touched.")
    await bench.settle()
    await bench.heal()

    assert [name for _, name in await solutions(bench)] == ["As the portal says"] * len(held)
    assert [one["msft_name"] for one in await bench.people.rows(DETAILS)] == before


async def test_a_detail_made_by_hand_is_used_by_a_referrals_solutions(bench: Bench) -> None:
    """A row of Dynamics 365's own form or import is found by its identifier, whatever its id and its case."""
    values = {"msft_solutionidentifier": "sol-7007", "msft_name": "By hand"}
    made = await bench.people.crm("POST", DETAILS, values)
    wanted = {"requirements": {"solutions": [solution("SOL-7007")]}}
    _, row = await linked_inbound(bench, details=wanted)
    ident = str(row["opportunityid"])
    rows = (await bench.people.crm("GET", f"{ROWS}?$filter=_msft_opportunityid_value eq {ident}"))["value"]

    assert [one["_msft_solutiondetailid_value"] for one in rows] == [made["msft_mspartnersolutiondetailid"]]
    assert len(await bench.people.rows(DETAILS)) == 4
