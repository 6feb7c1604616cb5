"""The events that the simulated Dataverse sends are understood, whichever way it sends them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.dynamics.organization import ORGANIZATION
from sandbox.dynamics.seed import detail_id
from shared.connectors.dynamics.events import Dropped, decode
from shared.messages import Look, Signal, Why
from tests.contract.sandbox_dynamics import Sandbox, sandbox

TAG = "cosell:cosell"


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with sandbox() as box:
        await box.subscribe()
        yield box


async def heard(box: Sandbox) -> list[Signal | Dropped]:
    """What arrived since the last time, in order."""
    await box.delivered()
    requests = list(box.receiver.requests)
    box.receiver.requests.clear()
    return [decode(each.content, each.headers, tag=TAG, organization=ORGANIZATION, pair="cosell") for each in requests]


def told(signals: list[Signal | Dropped]) -> set[tuple[str, str, Why] | None]:
    return {(each.kind, each.id, each.why) if isinstance(each, Signal) else None for each in signals}


@pytest.mark.parametrize("mojibake", [False, True])
async def test_edits_of_people_wake_the_deal(box: Sandbox, *, mojibake: bool) -> None:
    """Create, update and delete by a person are signals for that row, also where its text arrives mis-decoded."""
    await box.switch(mojibake=mojibake)
    ident = (await box.opportunity(name="Zoë € Ж"))["opportunityid"]
    assert told(await heard(box)) == {("opportunity", ident, Why.EVENT)}
    await box.patch(f"opportunities({ident})", {"description": "ë" * 300})
    assert told(await heard(box)) == {("opportunity", ident, Why.EVENT)}
    await box.send("DELETE", f"opportunities({ident})")
    assert told(await heard(box)) == {("opportunity", ident, Why.GONE)}


@pytest.mark.parametrize("events", ["all", "win_lose_only", "update_only"])
@pytest.mark.parametrize("ident", ["row", "empty"])
async def test_closing_wakes_the_deal(box: Sandbox, events: str, ident: str) -> None:
    """Whichever messages announce a closing, and whether they name the row or not, the deal is looked at."""
    await box.switch(close_events=events, close_primary_id=ident)
    row = (await box.opportunity())["opportunityid"]
    await heard(box)
    assert (await box.win(row)).status_code == 204
    assert told(await heard(box)) == {("opportunity", row, Why.EVENT)}


@pytest.mark.parametrize("plugin", [False, True])
async def test_our_own_writes_are_dropped_and_plug_ins_are_not(box: Sandbox, *, plugin: bool) -> None:
    """Our tag drops our write; what a plug-in does inside it still wakes the deal."""
    await box.switch(plugin=plugin)
    row = (await box.opportunity())["opportunityid"]
    await heard(box)
    await box.patch(f"opportunities({row})?tag={TAG}", {"estimatedvalue": 7})
    signals = await heard(box)
    assert told(signals) == ({None, ("opportunity", row, Why.EVENT)} if plugin else {None})
    await box.patch(f"opportunities({row})?tag=cosell:other", {"description": "another deployment's"})
    assert told(await heard(box)) == {("opportunity", row, Why.EVENT)}


async def test_solution_rows_wake_their_deal(box: Sandbox) -> None:
    """A solution added or removed tells its deal: by its lookup, and by the image once it is gone."""
    row = (await box.opportunity())["opportunityid"]
    await heard(box)
    made = await box.make(
        "msft_mspartnersolutions",
        msft_OpportunityId__bind=f"/opportunities({row})",
        msft_SolutionDetailId__bind=f"/msft_mspartnersolutiondetails({detail_id('SOL-1001')})",
    )
    await box.send("DELETE", f"msft_mspartnersolutions({made['msft_mspartnersolutionid']})")
    signals = await heard(box)
    assert told(signals) == {("opportunity", row, Why.EVENT)}
    assert {each.look for each in signals if isinstance(each, Signal)} == {Look.SOLUTION}


async def test_rows_stripped_for_size_wake_the_deal(box: Sandbox) -> None:
    """Over 256 KB four parts are left out, and what is left names the row."""
    row = (await box.opportunity())["opportunityid"]
    await heard(box)
    table = box.app.state.organization.schema.tables["opportunity"]
    table.columns["description"].__dict__["max_length"] = 300_000
    await box.patch(f"opportunities({row})", {"description": "x" * 299_000})
    await box.delivered()
    assert "InputParameters" not in box.receiver.bodies()[0]
    assert told(await heard(box)) == {("opportunity", row, Why.EVENT)}


async def test_people_and_companies_wake_as_themselves(box: Sandbox) -> None:
    """Accounts and contacts are named as what they are: the deals that wait for them know them."""
    account = (await box.make("accounts", name="Contoso"))["accountid"]
    contact = (await box.make("contacts", lastname="Doe"))["contactid"]
    await heard(box)
    await box.patch(f"accounts({account})", {"address1_country": "US"})
    await box.patch(f"contacts({contact})", {"telephone1": "1"})
    assert told(await heard(box)) == {("account", account, Why.EVENT), ("contact", contact, Why.EVENT)}
