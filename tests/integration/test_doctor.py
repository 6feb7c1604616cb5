"""`cosell doctor` between both simulators: all well, and each thing that can be wrong found and named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.commands.doctor import UNREACHABLE, WELL, WRONG, examined, show
from cli.doctor import Line, Report, State
from cli.doctor.diagnosis import COUNT, SHUT, diagnose
from sandbox.dynamics import SolutionTables
from sandbox.dynamics.seed import APPLICATION
from shared.platform.identity import StaticTokens
from tests.integration.asking import session, world_of
from tests.integration.bench import Bench, linked_outbound, open_bench
from tests.integration.doctor_cases import CASES, Case, flow_on, no_help, step
from tests.integration.network import HOST
from tests.security.dataverse_role import shipped


async def visible(bench: Bench) -> None:
    """What an administrator may see."""
    await bench.people.control("dynamics", "POST", "role", {"privileges": None})
    bench.dynamics.state.organization.schema.tables["systemuser"].tracked = True
    bench.configure(DEFAULT_OWNER="Co-sell")


async def everything(bench: Bench) -> None:
    """The same, and the first deal."""
    await visible(bench)
    await linked_outbound(bench)


async def report_of(bench: Bench, **settings: str) -> Report:
    return await examined(session(bench, settings).asked)


def line_of(report: Report, check: str, about: str = "") -> Line:
    (line,) = [one for one in report.lines if (one.check, one.finding.about) == (check, about)]
    return line


# --- all well -----------------------------------------------------------------------------------------------------


async def test_where_everything_is_right_everything_is_green(bench: Bench) -> None:
    """On a set-up installation every check is ok, in a table that says what was found."""
    await everything(bench)
    at = session(bench)
    report = await examined(at.asked, HOST)
    assert show(at.asked, report) == WELL
    assert [line.cells for line in report.lines if line.finding.state is not State.OK] == []
    assert len({line.check for line in report.lines}) >= COUNT - 1  # both sides have a sign-in
    for words in ("Cosell Sync", "Partner ID 1234567", "names 3 solutions", "EUR, GBP, JPY, USD", "MODE=live"):
        assert words in at.shown


async def test_the_shipped_role_sees_all_but_what_only_an_administrator_needs(bench: Bench) -> None:
    """Under the application user's own role nothing fails; what it may not see is a warning that says how to."""
    await everything(bench)
    await bench.people.control("dynamics", "POST", "role", {"privileges": shipped()})
    report = await report_of(bench)
    assert {line.check for line in report.of(State.WARNING)} == {"roles", "webhook steps"}
    assert report.well
    assert "az login" in line_of(report, "roles").finding.do


async def test_looking_changes_nothing(bench: Bench) -> None:
    """Every call is a read, nothing is pinned, stored or sent."""
    await everything(bench)
    bench.cursors.texts.pop("world")
    links, texts = dict(bench.links.rows), dict(bench.cursors.texts)
    bench.calls.clear()
    report = await report_of(bench)
    assert {call.name.split()[1] for call in bench.calls} == {"GET"}
    assert (bench.links.rows, bench.cursors.texts, bench.signals.heap) == (links, texts, [])
    assert "not" in line_of(report, "pinned world").finding.found


async def test_progress_is_told_once_a_check(bench: Bench) -> None:
    """A bar that knows the number of checks reaches its end, also where some could not be made."""
    told: list[int] = []
    async with session(bench).asked.tools() as tools:
        shut = replace(tools, world=replace(tools.world, dataverse_tokens=StaticTokens("sandbox-unknown")))
        await diagnose(tools, told=lambda: told.append(1))
        await diagnose(shut, told=lambda: told.append(1))
    assert len(told) == 2 * COUNT


async def test_a_document_for_a_program(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the whole report is one document, and the table goes elsewhere."""
    at = session(bench, json=True)
    show(at.asked, await examined(at.asked))
    printed = capsys.readouterr().out
    assert '"check": "co-sell columns"' in printed
    assert at.shown == ""


# --- each thing that can be wrong -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_what_is_wrong_is_found_and_named(bench: Bench, case: Case) -> None:
    """Each thing that does not hold is a line of its own, with its state, what was found and what to do."""
    await everything(bench)
    if done := case.act(bench):
        await done
    settings = {**bench.base, **dict(case.settings)}
    report = await report_of(bench, **settings)
    finding = line_of(report, case.check, case.about).finding
    assert finding.state is case.state
    assert case.found in finding.found
    assert case.do in finding.do
    assert finding.do


async def test_options_are_held_against_what_partner_center_knows(bench: Bench) -> None:
    """A missing option and one that means nothing are two findings, and neither stops anything."""
    await everything(bench)
    no_help(bench)
    lines = [line.finding for line in (await report_of(bench)).lines if line.check == "choices"]
    assert [line.state for line in lines] == [State.WARNING, State.WARNING]
    assert "WorkloadSpecificValueProposition" in lines[0].found
    assert "GeneralOrOther" not in lines[0].found
    assert "Coffee" in lines[1].found


# --- nobody lets us in ------------------------------------------------------------------------------------------------


async def shut_out(bench: Bench, *, partner: str = "sandbox-user", dataverse: str = "sandbox-app") -> Report:
    world = replace(world_of(bench), partner_tokens=StaticTokens(partner), dataverse_tokens=StaticTokens(dataverse))
    return await examined(replace(session(bench).asked, world=lambda _: world))


async def test_a_missing_referrals_role_is_named(bench: Bench) -> None:
    """An account that may not read referrals is told which role it lacks, and the rest of that side is not tried."""
    report = await shut_out(bench, partner="sandbox-app")
    (line,) = [one for one in report.lines if one.area == "Partner Center" and one.check == "sign-in"]
    assert (line.finding.state, report.unreachable) == (State.FAILED, True)
    assert "Referrals admin" in line.finding.do
    (more,) = [one for one in report.lines if one.area == "Partner Center" and one.check == "3 more checks"]
    assert more.finding.found == SHUT
    assert line_of(report, "webhook").finding.state is State.OK  # that API takes an application too
    assert line_of(report, "currencies").finding.state is State.OK


async def test_an_application_that_is_no_user_of_the_environment_is_told_so(bench: Bench) -> None:
    """Dynamics' own refusal and what to do about it are shown once, and what needs both systems is not tried."""
    report = await shut_out(bench, dataverse="sandbox-unknown")
    (line,) = [one for one in report.lines if one.area == "Dynamics 365" and one.check == "sign-in"]
    assert "0x80072560" in line.finding.found
    assert "application user" in line.finding.do
    assert {one.check for one in report.lines if one.area == "both systems"} == {"3 more checks"}
    assert show(session(bench).asked, report) == UNREACHABLE


async def test_a_disabled_application_user_is_named(bench: Bench) -> None:
    """A user that exists and may no longer act is told from one that is missing."""
    person = bench.dynamics.state.organization.store.table("systemuser")
    person[APPLICATION] = person[APPLICATION] | {"isdisabled": True}
    report = await report_of(bench)
    (line,) = [one for one in report.lines if one.area == "Dynamics 365" and one.check == "sign-in"]
    assert line.finding.state is State.FAILED


async def test_an_organisation_without_leads_is_told(bench: Bench) -> None:
    """A table that is not there cannot be followed, and that is no failure."""
    await visible(bench)
    await bench.fault("dynamics", path="LogicalName='lead'", status=404, times=9)
    assert line_of(await report_of(bench), "change tracking", "lead").finding.state is State.WARNING


async def test_an_odd_referral_hides_no_other(bench: Bench) -> None:
    """One that cannot be read whole counts as seen, and the others tell what they tell."""
    await everything(bench)
    world = bench.partner.state.world
    odd = {**next(iter(world.referrals.values())), "id": "odd", "details": "none"}
    world.referrals["odd"] = odd
    report = await report_of(bench)
    assert line_of(report, "Partner ID").finding.state is State.OK


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_whatever_a_system_answers_the_report_is_complete(bench: Bench, status: int) -> None:
    """Errors in place of every answer become lines, never an exception."""
    for system in ("partner_center", "dynamics"):
        await bench.fault(system, status=status, times=10_000)
    report = await report_of(bench)
    assert {line.check for line in report.of(State.FAILED)} >= {"sign-in", "webhook", "3 more checks"}


async def test_one_thing_wrong_is_exit_code_one(bench: Bench) -> None:
    """What is wrong and was reached is another exit code than what was not reached."""
    await everything(bench)
    await flow_on(bench)
    at = session(bench)
    assert show(at.asked, await examined(at.asked)) == WRONG


async def test_a_webhook_must_lead_to_the_app_that_is_named(bench: Bench) -> None:
    """With --url the address counts, not only its path: another installation's webhook is not ours."""
    await everything(bench)
    report = await examined(session(bench).asked, "https://ours.example.com")
    assert line_of(report, "webhook").finding.state is State.FAILED
    assert "https://ours.example.com" in line_of(report, "webhook steps").finding.found


async def test_other_names_of_the_solution_tables(tmp_path: Path) -> None:
    """Solution tables under other names are found, and their steps and tracking are looked at under these."""
    names = SolutionTables(row="msft_offer", detail="msft_offerdetail")
    async with open_bench(tmp_path / "root.pem", solution_tables=names) as bench:
        await visible(bench)
        step("Delete of msft_offer")(bench)
        report = await report_of(bench)
    assert "msft_offer and msft_offerdetail" in line_of(report, "solutions").finding.found
    assert line_of(report, "webhook steps", "msft_offer").finding.state is State.FAILED
