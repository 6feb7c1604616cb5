"""`cosell parked`: what waits for a person, listed, replayed and dropped over the installation's own tables."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from cli.app import app
from cli.commands.parked import desk, drop_one, list_all, ref_of, replay_all, replay_one
from cli.output import Output
from shared.domain.values import Ref, Side
from shared.errors import Misconfigured, Remote, Unavailable
from shared.messages import Why
from shared.ports import ParkedEntry
from tests.integration.asking import session
from tests.integration.bench import Bench, linked_inbound

GUID = "11111111-2222-4333-8444-555555555555"
ODD = Ref("unreadable", "0123456789abcdef")


async def parked_twice(bench: Bench) -> Ref:
    """A referral whose CRM id names nothing here, and an entry that no release can read."""
    made = await bench.people.referral("inbound", externalReferenceId=GUID)
    await bench.settle()
    await bench.parked.put(
        ParkedEntry(
            pair="cosell", ref=ODD, side=Side.CRM, reason="no signal", advice="drop it", body="?", at=bench.clock.at
        )
    )
    return Ref("referral", str(made["id"]))


async def test_what_is_parked_is_listed_with_what_to_do(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Each entry is a line with its reason and advice, and a script sees by the exit code that there are any."""
    ref = await parked_twice(bench)
    at = session(bench)
    assert await list_all(at.asked) == 1
    assert str(ref) in at.shown
    assert "no record of this CRM" in at.shown
    assert await list_all(session(bench, json=True).asked) == 1
    assert {one["kind"] for one in json.loads(capsys.readouterr().out)["parked"]} == {"referral", "unreadable"}


async def test_nothing_parked_is_well(bench: Bench) -> None:
    """An empty desk is exit code 0."""
    at = session(bench)
    assert (await list_all(at.asked), "Nothing is parked" in at.shown) == (0, True)


async def test_a_replay_is_a_fresh_signal(bench: Bench) -> None:
    """After its cause is mended a replayed deal goes its way, and its entry is gone."""
    ref = await parked_twice(bench)
    bench.partner.state.world.referrals[ref.id]["externalReferenceId"] = None
    assert await replay_one(session(bench).asked, ref) == 0
    assert [signal.why for signal in bench.signals.waiting] == [Why.REPLAY]
    await bench.settle()
    assert {entry.ref for entry in bench.parked.entries.values()} == {ODD}
    assert (await bench.row())["opportunityid"]


async def test_all_are_replayed_but_what_can_only_be_dropped(bench: Bench) -> None:
    """`--all` passes over what no release can read, names it, and ends with exit code 1."""
    ref = await parked_twice(bench)
    at = session(bench)
    assert await replay_all(at.asked) == 1
    assert [signal.ref for signal in bench.signals.waiting] == [ref]
    assert "1 replayed, 1 not" in at.shown
    assert "can only be dropped" in at.shown
    assert await drop_one(session(bench).asked, ODD) == 0
    assert await replay_all(session(bench).asked) == 0


async def test_a_deal_that_is_not_parked_may_be_replayed_too(bench: Bench) -> None:
    """As over HTTP: a deal in step is looked at again; what is no deal's record is said to be none."""
    referral, _ = await linked_inbound(bench)
    assert await replay_one(session(bench).asked, Ref("referral", str(referral["id"]))) == 0
    at = session(bench)
    assert (await replay_one(at.asked, Ref("coffee", "x")), await drop_one(at.asked, Ref("coffee", "x"))) == (1, 1)
    assert "is not parked" in at.shown


async def test_a_storage_that_is_away_is_not_reached(bench: Bench) -> None:
    """Exit code 3, with the storage account's own words."""

    async def hook(effect: str) -> None:
        if effect == "parked.every":
            raise Unavailable(Remote(system="Azure Storage", status=503, message="busy"))

    await parked_twice(bench)
    bench.parked.hook = hook
    at = session(bench)
    assert (await list_all(at.asked), "busy" in at.shown) == (3, True)


async def test_only_the_storage_settings_are_needed(bench: Bench) -> None:
    """What is parked can be seen while another setting is wrong; without storage the setting is named."""
    async with desk(session(bench, {"MODE": "Live!"}).asked) as (office, _):
        assert (await office.listed()).status == 200
    with pytest.raises(Misconfigured, match="AzureWebJobsStorage"):
        async with desk(session(bench, {"AzureWebJobsStorage": ""}).asked):
            pass


@pytest.mark.parametrize(("text", "ref"), [("a:b", Ref("a", "b")), ("a/b", Ref("a", "b")), ("a:b/c", Ref("a", "b/c"))])
def test_a_record_is_named_as_the_list_shows_it(text: str, ref: Ref) -> None:
    """KIND:ID, or as it stands in the HTTP route."""
    assert ref_of(text) == ref


@pytest.mark.parametrize("text", ["", "opportunity", ":x", "x:"])
def test_what_is_no_record_is_misuse(text: str) -> None:
    """Half a name is asked for again."""
    with pytest.raises(typer.BadParameter):
        ref_of(text)


def test_a_drop_is_asked_for_and_a_replay_needs_a_name() -> None:
    """Without --yes nothing is dropped unless somebody says so; a replay of nothing is misuse."""
    assert CliRunner().invoke(app, ["parked", "drop", "opportunity:x"], input="n\n").exit_code == 1
    assert CliRunner().invoke(app, ["parked", "replay"]).exit_code == 2
    assert CliRunner().invoke(app, ["parked", "replay", "opportunity:x", "--all"]).exit_code == 2


async def test_a_parked_record_can_be_copied(bench: Bench) -> None:
    """In a narrow terminal too the record stands whole at the start of its line, as `replay` and `drop` take it."""
    ref, paper = await parked_twice(bench), io.StringIO()
    narrow = Console(file=paper, width=60)
    asked = replace(session(bench).asked, output=Output(consoles=(narrow, narrow)))
    assert await list_all(asked) == 1
    assert [line.split()[0] for line in paper.getvalue().splitlines() if "since" in line].count(str(ref)) == 1


async def test_what_is_not_parked_cannot_be_dropped_and_is_a_deal_all_the_same(bench: Bench) -> None:
    """The answer says no more than that: a deal's own record is not called none."""
    at = session(bench)
    assert await drop_one(at.asked, Ref("referral", GUID)) == 1
    assert at.shown.strip() == f"referral:{GUID} is not parked"
