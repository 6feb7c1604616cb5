"""`cosell provision --remove`: what it made goes, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.test_sandbox_dynamics_metadata import column
from tests.integration.provisioned import Desk, open_desk
from tests.integration.test_provision import deal, started
from tests.integration.test_provision_stops import post

ATTRIBUTES = "EntityDefinitions(LogicalName='opportunity')/Attributes"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_desk(tmp_path / "root.pem") as made:
        yield made


@pytest.mark.parametrize("connector", [False, True], ids=["empty", "with Microsoft's connector"])
async def test_nothing_is_left_of_it(tmp_path: Path, *, connector: bool) -> None:
    """Every definition and row is as before the first run, but for change tracking, which nobody can switch off."""
    async with open_desk(tmp_path / "root.pem", connector=connector) as desk:
        if connector:
            await desk.bench.people.control("dynamics", "POST", "reset", {})  # without the webhook made by hand,
            (role,) = await desk.rows("roles?$filter=name eq 'Cosell Sync'")  # and without the role
            await desk.bench.people.crm("DELETE", f"roles({role['roleid']})")
        before = await desk.snapshot()
        await desk.provision()
        made = await desk.snapshot()
        assert await desk.provision(remove=True, yes=True) == 0
        after = await desk.snapshot()
        assert await desk.provision(remove=True, yes=True) == 0

    assert made != before
    assert after == before
    assert desk.written == []
    assert "change tracking stays on" in " ".join(desk.said.split())


async def test_data_is_not_lost_by_oversight(desk: Desk) -> None:
    """While a column or table holds data nothing at all is removed, and each is named; --with-data takes it."""
    await started(desk)
    await deal(desk)
    await desk.bench.settle()
    before = await desk.snapshot()
    desk.printed.truncate(0)
    assert await desk.provision(remove=True, yes=True) == 1
    said = " ".join(desk.said.split())

    assert desk.written == []
    assert await desk.snapshot() == before
    for named in ("cosell_microsoftpartnercenterreferralidentifier", "cosell_microsoftpartnercenterreferralsync"):
        assert f"opportunity.{named} holds data" in said
    assert "the table cosell_microsoftsolution holds rows" in said
    assert "opportunity.cosell_customerpurchaseintent holds data" not in said

    assert await desk.provision(remove=True, with_data=True, yes=True) == 0
    assert await desk.rows("solutions") == []
    assert len(await desk.rows("opportunities")) == 1


async def test_what_others_made_stays(desk: Desk) -> None:
    """A column of our prefix and a role that somebody made by hand, and a solution of our publisher."""
    await post(desk, ATTRIBUTES, column("String", "cosell_SyncMarker", MaxLength=100))
    (unit,) = await desk.rows("businessunits")
    bound = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    await post(desk, "roles", {"name": "Cosell Sync"} | bound)
    await desk.provision()
    await post(desk, ATTRIBUTES, column("String", "cosell_Other", MaxLength=9))
    (publisher,) = await desk.rows("publishers")
    theirs = {"uniquename": "Theirs", "friendlyname": "T", "version": "1.0"}
    bound = {"publisherid@odata.bind": f"/publishers({publisher['publisherid']})"}
    await post(desk, "solutions", theirs | bound)
    assert await desk.provision(remove=True, yes=True) == 0
    columns = [each["LogicalName"] for each in await desk.rows(ATTRIBUTES)]

    assert [name for name in columns if name.startswith("cosell_")] == ["cosell_syncmarker", "cosell_other"]
    assert [each["uniquename"] for each in await desk.rows("solutions")] == ["Theirs"]
    assert len(await desk.rows("roles?$filter=name eq 'Cosell Sync'")) == 1
    assert "other solutions are its own" in " ".join(desk.said.split())


async def test_a_dry_run_of_it_removes_nothing(desk: Desk) -> None:
    """The plan is told in the order in which it would be done."""
    await desk.provision()
    before = await desk.snapshot()
    desk.printed.truncate(0)
    assert await desk.provision(remove=True, dry_run=True) == 0

    assert await desk.snapshot() == before
    order = [
        desk.said.index(part)
        for part in ("webhook step", "webhook endpoint", "tab Co-sell", "column", "table", "solution CosellSync")
    ]
    assert order == sorted(order)
