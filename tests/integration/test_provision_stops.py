"""`cosell provision` where something is in the way: before it writes, while it writes, and the run after that."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.provisioning import make
from cli.provisioning.carry import Done, carry
from cli.provisioning.plan import Act
from shared.errors import AccessLost, Misconfigured, RemoteError, Unavailable
from tests.contract.test_sandbox_dynamics_customizing import relation, table
from tests.contract.test_sandbox_dynamics_metadata import column, label
from tests.integration import provisioned
from tests.integration.provisioned import ASK, WRITES, Desk, asking, open_desk

OPPORTUNITY = "EntityDefinitions(LogicalName='opportunity')/Attributes"
REFERRAL = "cosell_MicrosoftPartnerCenterReferralIdentifier"
Prepare = Callable[[Desk], Awaitable[None]]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Give an administrator before an empty Dataverse."""
    async with open_desk(tmp_path / "root.pem") as made:
        yield made


async def post(desk: Desk, path: str, body: dict[str, Any]) -> None:
    await desk.bench.people.crm("POST", path, body)


async def wrong_type(desk: Desk) -> None:
    await post(desk, OPPORTUNITY, column("Memo", REFERRAL, MaxLength=500))


async def too_short(desk: Desk) -> None:
    await post(desk, OPPORTUNITY, column("String", REFERRAL, MaxLength=35))


async def short_marker(desk: Desk) -> None:
    await post(
        desk, "EntityDefinitions(LogicalName='lead')/Attributes", column("String", "cosell_SyncMarker", MaxLength=99)
    )


async def label_twice(desk: Desk) -> None:
    named = {"DisplayName": label("Microsoft Solution"), "DisplayCollectionName": label("Microsoft Solutions")}
    for name in ("cosell_One", "cosell_Two"):
        await post(desk, "EntityDefinitions", table(name, **named))
        ends = {"SchemaName": f"{name}_opportunity", "ReferencingEntity": name.lower()}
        await post(desk, "RelationshipDefinitions", relation() | ends)


async def label_without_details(desk: Desk) -> None:
    named = {"DisplayName": label("Microsoft Solution"), "DisplayCollectionName": label("Microsoft Solutions")}
    await post(desk, "EntityDefinitions", table("cosell_Offer", **named))
    await post(desk, "RelationshipDefinitions", relation() | {"ReferencingEntity": "cosell_offer"})


async def another_label(desk: Desk) -> None:
    await post(desk, "EntityDefinitions", table("cosell_MicrosoftSolutionDetail"))


async def another_prefix(desk: Desk) -> None:
    names = {"uniquename": "cosellsync", "friendlyname": "Cosell Sync", "customizationprefix": "other"}
    await post(desk, "publishers", names | {"customizationoptionvalueprefix": 72700})


async def another_publisher(desk: Desk) -> None:
    for name, prefix in (("partner", "cosell"), ("stranger", "strange")):
        names = {"uniquename": name, "friendlyname": name, "customizationprefix": prefix}
        await post(desk, "publishers", names | {"customizationoptionvalueprefix": 72700})
    (stranger,) = await desk.rows("publishers?$filter=uniquename eq 'stranger'")
    bound = {"publisherid@odata.bind": f"/publishers({stranger['publisherid']})"}
    await post(desk, "solutions", {"uniquename": "CosellSync", "friendlyname": "C", "version": "1.0"} | bound)


async def microsofts_prefix(desk: Desk) -> None:
    desk.bench.configure(DATAVERSE_PREFIX="msft")


async def our_prefix_is_microsofts(desk: Desk) -> None:
    desk.bench.configure(DATAVERSE_PREFIX="msft", OWN_PREFIX="msft")


CLASHES: dict[str, tuple[Prepare, str]] = {
    "a column of another type": (wrong_type, "is there with the type Memo"),
    "a column that is too short": (too_short, "holds 35 characters"),
    "a marker that is too short": (short_marker, "at least 100 are needed"),
    "two tables under one label": (label_twice, "cosell_one and cosell_two"),
    "a table without its details": (label_without_details, "cannot be found behind it"),
    "our name for a table of somebody else's": (another_label, "is labelled something else"),
    "our publisher with another prefix": (another_prefix, "set OWN_PREFIX=other"),
    "our solution of another publisher": (another_publisher, "of another publisher"),
    "Microsoft's prefix without its connector": (microsofts_prefix, "set DATAVERSE_PREFIX=cosell"),
    "Microsoft's prefix as our own": (our_prefix_is_microsofts, "nothing of ours is made under it"),
}


@pytest.mark.parametrize("name", CLASHES)
async def test_a_clash_stops_before_anything_is_written(desk: Desk, name: str) -> None:
    """Each is told with what to do about it, the exit code says so, and not one call has changed anything."""
    prepare, told = CLASHES[name]
    await prepare(desk)

    assert await desk.provision() == 1
    assert desk.written == []
    assert told in " ".join(desk.said.split())
    assert "Nothing was changed" in desk.said


async def test_a_dry_run_tells_the_plan_and_writes_nothing(desk: Desk) -> None:
    """It needs no key, asks for nothing, and the run after it does exactly what it told."""
    assert await desk.provision(asking(hook=replace(ASK.hook, key=type(ASK.hook.key)(""))), dry_run=True) == 0
    dry, dry_writes = desk.said, desk.written
    desk.printed.truncate(0)
    await desk.provision()

    assert dry_writes == []
    assert [line.strip() for line in dry.splitlines() if line.startswith("create")] == [
        line.strip() for line in desk.said.splitlines() if line.startswith("create")
    ]


async def test_a_program_gets_one_document(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json standard output is the result and nothing else: each step, whether it is done, what was left."""
    await desk.provision(as_json=True)
    document = json.loads(capsys.readouterr().out)

    assert document["environment"] == "http://127.0.0.1:7082"
    assert all(step["done"] for step in document["steps"])
    assert {step["act"] for step in document["steps"]} == {"create", "change"}
    assert (document["clashes"], document["error"]) == ([], None)


async def test_the_application_user_may_not_provision(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own role does not allow it, and the command says who can."""
    await desk.provision()
    monkeypatch.setattr(provisioned, "ADMINISTRATOR", "sandbox-app")
    with pytest.raises(AccessLost):
        await desk.provision()

    assert "System Customizer" in desk.said
    assert desk.written == []


async def test_only_what_names_dataverse_has_to_be_set(desk: Desk) -> None:
    """Storage and Partner Center may come later; an address that is none is named."""
    desk.bench.configure(AzureWebJobsStorage="", PARTNER_CENTER_TOKEN="")
    assert await desk.provision(dry_run=True) == 0
    desk.bench.configure(DATAVERSE_URL="nowhere")
    with pytest.raises(Misconfigured, match="DATAVERSE_URL"):
        await desk.provision(dry_run=True)


async def carried(desk: Desk, slept: list[float]) -> Done:
    """The plan carried out by somebody whose waiting is noted and costs nothing."""

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        desk.bench.clock.advance(seconds)

    async with desk.site() as found:
        site = replace(found, dataverse=replace(found.dataverse, sleep=sleep))
        return await carry(site, await make.plan(site, ASK), lambda _: None)


async def test_another_change_that_runs_is_waited_for(desk: Desk) -> None:
    """A change that is refused because a neighbour's runs is sent again, longer apart each time."""
    await desk.bench.switch("dynamics", metadata_busy=3.0)
    slept: list[float] = []
    done = await carried(desk, slept)

    assert done.error is None
    assert slept == [2.0, 5.0, 10.0]


async def test_what_is_not_known_yet_is_asked_for_again(desk: Desk) -> None:
    """A server that has not heard of a new table is given half a minute, and no more."""
    path = r"RelationshipDefinitions$"
    await desk.bench.fault("dynamics", method="POST", path=path, kind="status", status=404, times=3)
    slept: list[float] = []
    assert (await carried(desk, slept)).error is None
    assert slept == [3.0, 7.0, 10.0]


async def test_waiting_ends(desk: Desk) -> None:
    """Where it stays unknown the run stops there, says where, and what was made before stays."""
    path = r"RelationshipDefinitions$"
    await desk.bench.fault("dynamics", method="POST", path=path, kind="status", status=404, times=50)
    slept: list[float] = []
    done = await carried(desk, slept)

    assert isinstance(done.error, RemoteError)
    assert done.failed is not None
    assert done.failed.what == "relationship from opportunity to cosell_microsoftsolution"
    assert sum(slept) == 30.0


@asynccontextmanager
async def broken(desk: Desk, number: int, *, after: bool) -> AsyncIterator[None]:
    """Our connection breaks at the write of this number, before or after its effect."""
    count, client = 0, desk.bench.client
    noting = client.event_hooks["request"]

    async def cut(message: httpx.Request | httpx.Response) -> None:
        nonlocal count
        request = message if isinstance(message, httpx.Request) else message.request
        count += request.method in WRITES
        if request.method in WRITES and count == number:
            raise httpx.ReadError("cut", request=request)

    client.event_hooks = {"request": noting, "response": [cut]} if after else {"request": [*noting, cut]}
    try:
        yield
    finally:
        client.event_hooks = {"request": noting}


@pytest.mark.parametrize("after", [False, True], ids=["before the effect", "after it"])
@pytest.mark.parametrize("number", [2, 13, 18, 23, 28, 33, 36, 47, 56])
async def test_a_run_that_was_cut_is_gone_on_with(desk: Desk, number: int, *, after: bool) -> None:
    """Wherever the connection broke, the next run makes the rest, and the one after it finds nothing to do."""
    async with broken(desk, number, after=after):
        with pytest.raises(Unavailable):
            await desk.provision()
    assert await desk.provision() == 0
    resumed = desk.written
    assert await desk.provision() == 0

    assert resumed or number == 56  # the last write is the publishing
    assert desk.written == []
    steps = await desk.rows("sdkmessageprocessingsteps")
    assert len(steps) == len({step["name"] for step in steps}) == 17
    assert len(await desk.rows("sdkmessageprocessingstepimages")) == 2


async def test_a_refused_map_stops_nothing(desk: Desk) -> None:
    """What a lead hands over is a comfort: where it is refused the rest is made, and the refusal is told."""
    await desk.bench.fault("dynamics", method="POST", path="attributemaps", kind="status", status=400, times=3)
    assert await desk.provision() == 0

    assert "left: map from lead." in desk.said
    assert len(await desk.rows("sdkmessageprocessingsteps")) == 17
    assert await desk.provision() == 0
    assert len(desk.written) == 4  # the three maps, and one publishing


async def test_somebody_elses_edit_of_a_form_is_not_written_over(desk: Desk) -> None:
    """The form is written only over what was read: an edit in between stops the step and stays."""
    async with desk.site() as site:
        plan = await make.plan(site, ASK)
        (tab,) = [step for step in plan.steps if step.what.startswith("tab") and "opportunity" in step.what]
        for step in plan.steps[: plan.steps.index(tab)]:
            await step.do()
        reading = site.dataverse.row

        async def slow(path: str, **options: str) -> Any:
            found = await reading(path, **options)
            if path.startswith("systemforms("):
                await desk.bench.people.crm("PATCH", path, {"description": "Mine"})
            return found

        object.__setattr__(site.dataverse, "row", slow)
        with pytest.raises(RemoteError, match="0x80060882"):
            await tab.do()

    assert tab.act is Act.CREATE
    assert [form["description"] for form in await desk.rows("systemforms?$filter=objecttypecode eq 'opportunity'")] == [
        "Mine"
    ]
