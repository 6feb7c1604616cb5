"""`cosell solutions`: details loaded from a file into the Dynamics simulator, once, wholly, and seen by the deals."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from cli.commands import solutions
from cli.output import Output
from cli.sheets import BadSheet, read_sheet, write_sheet
from cli.solution_file import HEADER, TAB
from cli.work import Asked
from sandbox.dynamics import SolutionTables
from sandbox.people import Json
from shared.connectors.dynamics.library import A_SET
from shared.errors import CosellError, Misconfigured
from shared.settings import read
from tests.integration.bench import Bench, linked_outbound, open_bench

SET = "msft_mspartnersolutiondetails"
IDENT, NAME = "msft_solutionidentifier", "msft_name"
NEW = ("SOL-2001", "Warehouse Robots", "IP", "Fabrikam")
KNOWN = ("SOL-1001", "Contoso Retail Insights", "IP", "Fabrikam")  # as the simulator starts with


def asked(bench: Bench, out: io.StringIO | None = None, *, in_json: bool = False) -> Asked:
    """The tool on this bench's two systems."""
    told = Console(file=out or io.StringIO(), width=200)

    async def stay() -> None:
        """The bench goes on."""

    return Asked(
        reading=read(bench.base),
        output=Output(json=in_json, consoles=(told, told)),
        world=lambda _: replace(bench._outside(), close=stay),
    )


def filled(tmp_path: Path, *rows: Sequence[str], name: str = "details.xlsx") -> Path:
    file = tmp_path / name
    write_sheet(file, TAB, HEADER, rows)
    return file


async def loaded(bench: Bench, file: Path, *, dry_run: bool = False) -> tuple[bool, str]:
    out = io.StringIO()
    well = await solutions._load(asked(bench, out), file, "", dry_run=dry_run)
    return well, out.getvalue()


async def details(bench: Bench) -> dict[str, Json]:
    return {str(row[IDENT]): row for row in await bench.people.rows(SET)}


def writes(bench: Bench) -> list[str]:
    return [call.name for call in bench.calls if call.name.split()[1] != "GET"]


async def test_a_file_is_loaded_once(bench: Bench, tmp_path: Path) -> None:
    """New details are made, known ones brought up to date, and a second run writes nothing."""
    file = filled(tmp_path, NEW, (KNOWN[0], "Retail Insights", "", ""))
    well, told = await loaded(bench, file)
    found = await details(bench)

    assert (well, "1 made, 1 changed, 0 as they were" in told) == (True, True)
    assert [found["SOL-2001"][one] for one in (NAME, "msft_type", "msft_publishername")] == list(NEW[1:])
    assert (found["SOL-1001"][NAME], found["SOL-1001"]["msft_type"]) == ("Retail Insights", "IP")
    bench.calls.clear()
    _, told = await loaded(bench, file)
    assert ("0 made, 0 changed, 2 as they were" in told, writes(bench)) == (True, [])
    assert len(await details(bench)) == len(found)


async def test_a_dry_run_writes_nothing(bench: Bench, tmp_path: Path) -> None:
    """With --dry-run, and under DRY_RUN, what would be written is told and is not written."""
    file = filled(tmp_path, NEW)
    before = await details(bench)
    for forbidden in ({}, {"DRY_RUN": "true"}):
        bench.configure(**forbidden)
        bench.calls.clear()
        well, told = await loaded(bench, file, dry_run=not forbidden)
        assert (well, "Warehouse Robots" in told, writes(bench)) == (True, True, [])

    assert await details(bench) == before


async def test_nothing_is_loaded_while_one_row_is_wrong(bench: Bench, tmp_path: Path) -> None:
    """A file of two hundred rows with one mistake in it is refused as a whole, and the mistake is named."""
    rows = [(f"SOL-3{number:03}", "Robots", "", "") for number in range(200)]
    file = filled(tmp_path, *rows, ("SOL-4000", "x" * 301, "", ""))
    before = await details(bench)
    well, told = await loaded(bench, file)

    assert (well, "takes 300" in told, "202" in told) == (False, True, True)
    assert await details(bench) == before


async def test_a_program_is_told_in_one_document(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json standard output is one document: what was done, or every problem by row and column."""
    wrong, right = filled(tmp_path, ("SOL-4000", "", "", ""), name="wrong.csv"), filled(tmp_path, NEW)
    assert not await solutions._load(asked(bench, in_json=True), wrong, "", dry_run=False)
    refused = json.loads(capsys.readouterr().out)
    assert await solutions._load(asked(bench, in_json=True), right, "", dry_run=False)
    done = json.loads(capsys.readouterr().out)

    assert refused["loaded"] is False
    assert [(one["row"], one["column"]) for one in refused["problems"]] == [(2, "Solution Name")]
    assert (done["loaded"], done["made"], done["changed"], done["same"]) == (True, ["SOL-2001"], [], 0)


async def test_a_file_that_is_no_table_is_refused_before_any_call(bench: Bench, tmp_path: Path) -> None:
    """What cannot be read costs no request."""
    file = tmp_path / "details.xlsx"
    file.write_bytes(b"PK\x03\x04 and no more")
    bench.calls.clear()
    with pytest.raises(BadSheet, match="no Excel file"):
        await loaded(bench, file)

    assert bench.calls == []


async def test_a_run_that_died_half_way_is_finished_by_the_next(bench: Bench, tmp_path: Path) -> None:
    """A change set is there wholly or not at all; what the first run wrote is not written again."""
    rows = [(f"SOL-3{number:03}", "Robots", "", "") for number in range(2 * A_SET + 50)]
    file = filled(tmp_path, *rows)
    start = len(await details(bench))
    await bench.fault("dynamics", method="POST", path=".batch", kind="status", status=400, skip=1, times=1)
    with pytest.raises(CosellError):
        await loaded(bench, file)
    assert len(await details(bench)) == start + A_SET
    _, told = await loaded(bench, file)

    assert f"{A_SET + 50} made, 0 changed, {A_SET} as they were" in told
    assert len(await details(bench)) == start + len(rows)


async def test_an_unanswered_change_set_makes_nothing_twice(bench: Bench, tmp_path: Path) -> None:
    """Where the answer is lost after the effect, the next run finds every row."""
    file = filled(tmp_path, NEW, ("SOL-2002", "More Robots", "", ""))
    await bench.fault("dynamics", method="POST", path=".batch", kind="reset_after", times=1)
    with pytest.raises(CosellError):
        await loaded(bench, file)
    _, told = await loaded(bench, file)

    assert "0 made, 0 changed, 2 as they were" in told
    assert [str(row[IDENT]) for row in await bench.people.rows(SET)].count("SOL-2001") == 1


async def test_a_detail_made_by_hand_is_found_by_its_identifier(bench: Bench, tmp_path: Path) -> None:
    """A row of Dynamics 365's own import or of its form is brought up to date, not made again, whatever its id."""
    made = await bench.people.crm("POST", SET, {IDENT: "sol-2001", NAME: "By hand"})
    _, told = await loaded(bench, filled(tmp_path, NEW))
    found = await details(bench)

    assert "0 made, 1 changed" in told
    assert found["SOL-2001"]["msft_mspartnersolutiondetailid"] == made["msft_mspartnersolutiondetailid"]


async def test_a_deal_that_shows_a_changed_detail_follows(bench: Bench, tmp_path: Path) -> None:
    """The new name of a solution reaches the referrals of the deals that have it, without waiting for auto-heal."""
    await linked_outbound(bench)
    await loaded(bench, filled(tmp_path, (KNOWN[0], "Retail Insights", "", "")))
    await bench.settle()

    assert [one["name"] for one in (await bench.own())["details"]["requirements"]["solutions"]] == ["Retail Insights"]


async def test_another_organisations_details_stay_out(bench: Bench, tmp_path: Path) -> None:
    """Settings that lead to another organisation than the pinned one write nothing there."""
    world = json.loads(bench.cursors.texts["world"])
    bench.cursors.texts["world"] = json.dumps(world | {"dataverse": "another"})
    before = await details(bench)
    with pytest.raises(Misconfigured, match="belongs to another"):
        await loaded(bench, filled(tmp_path, NEW))

    assert await details(bench) == before


async def test_details_are_listed_and_filled_in(bench: Bench, tmp_path: Path) -> None:
    """`list` shows what there is, and a filled template holds it, ready to be loaded again."""
    out = io.StringIO()
    every = await solutions._every(asked(bench, out))
    file = filled(tmp_path, *(solutions._texts(one.solution) for one in every))

    assert {one.solution.id for one in every} == {"SOL-1001", "SOL-1002", "SOL-1003"}
    assert len(read_sheet(file).lines) == 3
    assert "3 as they were" in (await loaded(bench, file))[1]


async def test_a_catalogue_of_many_pages_is_read_whole(bench: Bench, tmp_path: Path) -> None:
    """Details beyond the first page of a list are known too, so none of them is made again."""
    rows = [(f"SOL-3{number:03}", "Robots", "", "") for number in range(25)]
    await loaded(bench, filled(tmp_path, *rows))
    async with asked(bench).tools() as tools:
        library = replace(await tools.core.crm.library(), page_size=10)

    assert len({one.ref for one in await library.every()}) == len(await details(bench)) == 28


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[Bench]:
    tables = SolutionTables(row="msft_offer", detail="msft_offerdetail")
    async with open_bench(tmp_path / "root.pem", solution_tables=tables) as made:
        yield made


async def test_tables_of_other_names_are_loaded_too(elsewhere: Bench, tmp_path: Path) -> None:
    """The tables are found by their labels here as everywhere."""
    _, told = await loaded(elsewhere, filled(tmp_path, NEW))

    assert "1 made" in told
    assert "SOL-2001" in {row["msft_solutionidentifier"] for row in await elsewhere.people.rows("msft_offerdetails")}


def tool() -> typer.Typer:
    app = typer.Typer()
    solutions.add(app)
    return app


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_template_is_written(tmp_path: Path, kind: str) -> None:
    """An empty file with the columns that `import` reads, the required ones marked; no system is asked for it."""
    file = tmp_path / f"details.{kind}"
    output = Output(json=True, consoles=(Console(file=io.StringIO()), Console(file=io.StringIO())))
    result = CliRunner().invoke(
        tool(), ["solutions", "template", str(file)], obj=Asked(reading=read({}), output=output)
    )

    assert (result.exit_code, json.loads(result.stdout)["details"]) == (0, 0)
    assert read_sheet(file).header.cells == HEADER
