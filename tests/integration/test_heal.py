"""Auto-heal on both simulators: where history ends, what no webhook announced, and what became of what is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.people import REFERRAL, SYNC
from shared.domain.outcome import Kind
from shared.errors import Remote, Unavailable
from tests.integration.bench import Bench, audit, linked_inbound, linked_outbound, made_in_crm, open_bench

ACTIVE = {"status": "Active", "substatus": "Accepted"}
AN_HOUR = 3600


async def test_the_first_pass_shares_no_history(tmp_path: Path) -> None:
    """Deals that are older than the first start stay where they are, on both sides, also when they are edited."""
    async with open_bench(tmp_path / "root.pem", first_start=False) as bench:
        old = await bench.people.referral("portal")
        await made_in_crm(bench, **{SYNC: False})
        await bench.delivered()
        bench.signals.heap.clear()
        bench.clock.advance(AN_HOUR)
        await bench.heal()
        await bench.people.edit_referral(str(old["id"]), name="Edited history")
        outcomes = await bench.settle()

        assert [outcome.kind for outcome in outcomes] == [Kind.LEFT]
        assert "older than the first start" in outcomes[0].reason
        assert len(await bench.people.opportunities()) == 1
        assert len(await bench.people.referrals()) == 1


async def test_the_event_that_wakes_an_installation_first_is_no_history(tmp_path: Path) -> None:
    """Before any pass of auto-heal a new referral is announced: it is new, not older than the first start."""
    async with open_bench(tmp_path / "root.pem", first_start=False) as bench:
        _, row = await linked_inbound(bench)

        assert row["name"] == "✓ Contoso factory analytics"


async def test_what_arrives_while_the_first_settings_are_wrong_is_no_history(tmp_path: Path) -> None:
    """The installation began when it first ran, however long its settings were wrong after that."""
    async with open_bench(tmp_path / "root.pem", first_start=False, CONFLICT_WINNER="nobody") as bench:
        await bench.app.heal()
        await bench.people.referral("portal")
        await bench.delivered()
        bench.clock.advance(AN_HOUR)
        bench.configure(CONFLICT_WINNER="dynamics")
        await bench.settle()

        assert (await bench.row())["name"] == "✓ Contoso factory analytics"


async def test_changes_that_nobody_announced_are_found(bench: Bench) -> None:
    """Every webhook is lost: a new deal and an edit on each side arrive with the next pass."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.webhooks(drop=1.0)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.people.referral("portal", name="Unheard", customerProfile={"name": "Northwind"})
    mine = await made_in_crm(bench, name="Unspoken")
    await bench.heal()
    names = {str(one["name"]) for one in await bench.people.opportunities()}
    edited = await bench.people.read_referral(str(referral["id"]))

    assert names == {"✓ Contoso pilot", "✓ Unheard", "✓ Unspoken"}
    assert float(edited["details"]["dealValue"]) == 2
    assert (await bench.people.read_opportunity(mine))[REFERRAL]


async def test_heal_does_its_work_where_the_queues_cannot_be_seen(bench: Bench) -> None:
    """A right to peek at a queue that is missing costs an alert its numbers, and no deal."""
    bench.signals.hook = _unseen
    await bench.people.webhooks(drop=1.0)
    await bench.people.referral("portal", name="Unheard", customerProfile={"name": "Northwind"})
    await bench.heal()
    told = [name for name, _ in bench.telemetry.events]
    assert [str(one["name"]) for one in await bench.people.opportunities()] == ["✓ Unheard"]
    assert (told.count("queues_unseen"), told[-1]) == (1, "heal")


async def _unseen(step: str) -> None:
    if step == "signals.queued":
        raise Unavailable(Remote(system="Azure Storage", status=403))


@pytest.mark.parametrize("fault", ["duplicate", "reorder"])
async def test_webhooks_that_come_twice_or_out_of_order_change_nothing(bench: Bench, fault: str) -> None:
    """A signal names a record and never carries it: any order and number of announcements comes to the same."""
    await bench.people.webhooks(**({"duplicate": 1.0} if fault == "duplicate" else {"hold": True, "reorder": True}))
    made = await bench.people.referral("portal")
    await bench.people.edit_referral(str(made["id"]), name="Once more")
    await bench.people.edit_referral(str(made["id"]), details={"dealValue": 3})
    await bench.people.release()
    await bench.settle()
    row = await bench.row()

    assert (row["name"], row["estimatedvalue"]) == ("✓ Once more", 3.0)


async def test_a_quiet_pass_signals_nothing(bench: Bench) -> None:
    """What is settled is no news, whoever wrote it last."""
    await linked_inbound(bench)
    await linked_outbound(bench)
    await bench.heal()
    before = len(bench.signals.log)
    await bench.heal()

    assert len(bench.signals.log) == before


async def test_a_full_resync_signals_what_changed_and_buries_what_is_gone(bench: Bench) -> None:
    """A new column kills every delta token: the resync finds the edit and the deletion that nobody announced."""
    first, row = await linked_inbound(bench, **ACTIVE)
    second, gone = await linked_outbound(bench)
    await bench.heal()
    await bench.people.webhooks(drop=1.0)
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    await bench.people.crm("DELETE", f"opportunities({gone['opportunityid']})")
    body = {"@odata.type": "Microsoft.Dynamics.CRM.MoneyAttributeMetadata", "SchemaName": "fab_Extra"}
    await bench.people.crm("POST", "EntityDefinitions(LogicalName='opportunity')/Attributes", body)
    await bench.heal()

    assert float((await bench.people.read_referral(str(first["id"])))["details"]["dealValue"]) == 2
    assert bench.link(gone).gone is not None
    assert (await bench.people.read_referral(str(second["id"])))["status"] == "Active"


async def test_a_dry_run_moves_no_cursor(bench: Bench) -> None:
    """What a dry run saw is seen again when it is over, although no webhook announces it any more."""
    referral, _ = await linked_inbound(bench, **ACTIVE)
    await bench.heal()
    bench.configure(DRY_RUN="true")
    await bench.people.webhooks(drop=1.0)
    await bench.people.edit_referral(str(referral["id"]), name="Contoso pilot")
    await bench.heal()
    assert (await bench.row())["name"] == "✓ Contoso factory analytics"
    bench.configure(DRY_RUN="false")
    await bench.heal()

    assert (await bench.row())["name"] == "✓ Contoso pilot"


@pytest.mark.parametrize("status", [429, 503])
async def test_a_pass_that_fails_is_repeated_whole(bench: Bench, status: int) -> None:
    """Cursors move last: what a broken pass has seen is seen again by the next one."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.heal()
    await bench.people.webhooks(drop=1.0)
    await bench.people.edit_opportunity(str(row["opportunityid"]), description="Unspoken.")
    await bench.people.edit_referral(str(referral["id"]), name="Unheard")
    await bench.fault("dynamics", method="GET", path="/api/data/", status=status, times=8, retry_after=30)
    await bench.heal()
    await bench.people.control("dynamics", "DELETE", "faults")
    bench.clock.advance(AN_HOUR)
    await bench.heal()

    assert (await bench.row())["name"] == "✓ Unheard"
    assert (await bench.own())["details"]["notes"] == "Unspoken."


async def test_a_lost_link_table_doubles_and_overwrites_nothing(bench: Bench) -> None:
    """Without links both records are found again by each other's ids; differing values wait for a person."""
    referral, row = await linked_inbound(bench, **ACTIVE)
    await bench.people.webhooks(drop=1.0)
    await bench.people.edit_opportunity(str(row["opportunityid"]), estimatedvalue=2)
    bench.links.rows.clear()
    await bench.heal()
    await bench.people.webhooks(drop=0.0)
    await bench.people.edit_referral(str(referral["id"]), details={"notes": "Afterwards."})
    await bench.settle()
    own, row = await bench.own(), await bench.row()

    assert (float(own["details"]["dealValue"]), row["estimatedvalue"]) == (50000.0, 2.0)
    assert "Deal value" in " ".join(audit(row))
    assert row["description"] == "Afterwards."
    assert len(await bench.people.opportunities()) == 1
