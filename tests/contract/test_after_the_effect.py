"""A write that was taken and cannot be read back: never a clear no, or its intent is dropped and it is done twice."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.link import Purpose
from shared.domain.record import Snapshot
from shared.domain.values import Ref, frozen
from shared.errors import Unavailable
from shared.ports import Change, Draft
from tests.contract import dynamics_bench, partner_center_bench

TAKEN = ("PATCH", "POST")
statuses = pytest.mark.parametrize("status", [403, 404, 429, 503])


def taken_then(status: int) -> httpx.MockTransport:
    """Every write is taken without a word, and every read after it is answered with this status."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method in TAKEN:
            return httpx.Response(204 if request.method == "PATCH" else 201, text="")
        return httpx.Response(status, headers={"Retry-After": "57"})

    return httpx.MockTransport(answer)


def invitation(own: Snapshot) -> Draft:
    source, values = Ref("opportunity", partner_center_bench.OPPORTUNITY), frozen({deal.HELP: "GeneralOrOther"})
    return Draft(purpose=Purpose.INVITE, id="", source=source, values=values, marker="m", parent=own)


@statuses
async def test_a_patch_of_a_referral_that_cannot_be_read_back(status: int) -> None:
    """Partner Center took the PATCH: its effect is open until somebody looks, whatever the read was answered."""
    async with partner_center_bench.open_bench() as bench:
        record = await bench.snapshot("portal")
        async with httpx.AsyncClient(transport=taken_then(status)) as client:
            gateway = replace(bench.gateway, rest=replace(bench.gateway.rest, client=client))
            with pytest.raises(Unavailable):
                await gateway.write(Change(record=record, values=frozen({deal.NAME: "New"}), marker="m"))


@statuses
async def test_an_invitation_that_cannot_be_read_back(status: int) -> None:
    """Microsoft was invited: a 429 on the read after it must lead to a search, never to a second invitation."""
    async with partner_center_bench.open_bench() as bench:
        own = await bench.snapshot("portal")
        async with httpx.AsyncClient(transport=taken_then(status)) as client:
            gateway = replace(bench.gateway, rest=replace(bench.gateway.rest, client=client))
            with pytest.raises(Unavailable) as caught:
                await gateway.create(invitation(own))
    assert caught.value.retry_after == (57 if status in (429, 503) else None)


@pytest.mark.parametrize("status", [404, 429, 503])
async def test_a_patch_of_a_row_that_cannot_be_read_back(status: int) -> None:
    """Dataverse took the PATCH: the same. Only a missing privilege says so itself, as it stops everything."""
    async with dynamics_bench.open_bench() as bench:
        record = await bench.snapshot()
        async with httpx.AsyncClient(transport=taken_then(status)) as client:
            calls = replace(bench.gateway.calls, rest=replace(bench.gateway.calls.rest, client=client))
            with pytest.raises(Unavailable):
                await replace(bench.gateway, calls=calls).write(
                    Change(record=record, values=frozen({deal.NOTES: "New"}), marker="m")
                )


async def test_a_change_set_whose_row_cannot_be_shown() -> None:
    """The change set was taken and the reading of its team is throttled: that says nothing against the change."""
    async with dynamics_bench.open_bench() as bench:
        record = await bench.snapshot()
        unit = (await bench.rows("businessunits?$select=businessunitid"))[0]["businessunitid"]
        team = {"name": "Access", "teamtype": 1, "businessunitid@odata.bind": f"/businessunits({unit})"}
        about = {"regardingobjectid_opportunity@odata.bind": f"/opportunities({record.ref.id})"}
        await bench.seller("POST", "teams", team | about)
        await bench.control("POST", "faults", {"path": "teammembership", "status": 429, "retry_after": 57, "times": 9})
        with pytest.raises(Unavailable):
            await dynamics_bench.send(bench, record, {deal.STAGE: Stage.WON})
        assert (await bench.raw(record.ref.id))["statecode"] == 1
