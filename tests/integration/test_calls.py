"""What a change costs in remote calls: exactly these, so that a new one is noticed and argued for."""

from __future__ import annotations

from functools import partial

from sandbox.people import WANTED_HELP, help_option
from shared.domain.values import Side
from shared.messages import Look, Signal
from tests.integration.bench import Bench, linked_inbound, linked_outbound, made_in_crm

ACTIVE = {"status": "Active", "substatus": "Accepted"}
CUSTOMER = {"name": "Northwind", "address": {"postalCode": "98004"}}
READ = "pc GET referrals"
ROW = "crm GET opportunities"
SYSTEMS = ("partner_center", "dynamics")


async def warm(bench: Bench) -> None:
    """A worker that has seen a deal each way knows metadata, currencies and certificates."""
    await linked_inbound(bench, customerProfile=CUSTOMER)
    await linked_outbound(bench)


async def test_creating_inbound(bench: Bench) -> None:
    """Searches for row, account, contact and owner, one batch for the row, one PATCH back, one read for the echo."""
    await warm(bench)
    calls = await bench.counted(partial(bench.people.referral, "portal", customerProfile={"name": "Tailspin"}))

    assert calls == [
        READ,
        ROW,  # does a row carry this referral's id?
        READ,  # Microsoft's side of the engagement
        "crm GET accounts",
        "crm GET systemusers",
        "crm GET msft_mspartnersolutiondetails",
        "crm PATCH accounts",
        "crm GET contacts",
        "crm PATCH contacts",
        "crm POST $batch",
        "pc PATCH referrals",
        READ,  # the echo of that PATCH
    ]


async def test_updating_inbound(bench: Bench) -> None:
    """Both sides read, one PATCH to the row; its echo is dropped at the door."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    calls = await bench.counted(partial(bench.people.edit_referral, str(referral["id"]), name="Contoso pilot"))

    assert calls == [READ, ROW, "crm PATCH opportunities"]


async def test_creating_outbound(bench: Bench) -> None:
    """One read, one POST, one PATCH back; what the seller's own saves announced meanwhile costs reads alone."""
    await warm(bench)
    bench.calls.clear()
    await made_in_crm(bench, name="Another")
    await bench.settle()
    calls = [call.name for call in bench.calls]

    assert calls[:3] == [ROW, "pc POST referrals", "crm PATCH opportunities"]
    assert sorted(calls[3:]) == sorted([ROW, READ, ROW, READ, READ])  # two more saves, and the echo of the POST


async def test_updating_outbound(bench: Bench) -> None:
    """Both sides read at once, one PATCH each way, one read for the echo."""
    _, row = await linked_outbound(bench)
    edit = partial(bench.people.edit_opportunity, str(row["opportunityid"]), description="Second call held.")

    assert sorted(await bench.counted(edit)) == sorted(
        [ROW, READ, "pc PATCH referrals", "crm PATCH opportunities", READ]
    )


async def test_an_echo_of_our_own_write(bench: Bench) -> None:
    """An announcement of the settled version is one read, and one of our own write to the row is none."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    bench.calls.clear()
    await bench.signal(Signal(look=Look.REFERRAL, side=Side.PARTNER, kind="referral", id=str(referral["id"])))

    assert [call.name for call in bench.calls] == [READ]
    assert [name for name, _ in bench.telemetry.events if name == "event_left"]


async def test_a_quiet_heal(bench: Bench) -> None:
    """Where nothing happened a pass costs one page of referrals and one delta a table."""
    await linked_inbound(bench)
    await bench.heal()
    bench.calls.clear()
    await bench.heal()

    assert sorted(call.name for call in bench.calls) == sorted(
        [
            READ,
            ROW,
            "crm GET leads",
            "crm GET accounts",
            "crm GET contacts",
            "crm GET systemusers",
            "crm GET msft_mspartnersolutions",
            "crm GET msft_mspartnersolutiondetails",
        ]
    )


async def test_the_simulators_counted_the_same(bench: Bench) -> None:
    """Our own note of our calls is what the servers saw."""
    _, row = await linked_outbound(bench, **{WANTED_HELP: help_option("General Or Other")})
    for system in SYSTEMS:
        await bench.people.control(system, "DELETE", "requests")
    bench.calls.clear()
    await bench.people.edit_referral(str((await bench.own())["id"]), name="Contoso pilot")
    await bench.settle()
    served = [
        (await bench.people.control(system, "GET", "requests"))["total"] for system in ("partner_center", "dynamics")
    ]

    assert sum(served) == len(bench.calls)
    assert row["opportunityid"] in bench.links.rows
