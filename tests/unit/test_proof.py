"""The report of `prove`: what it counts, and which run its page keeps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof import report
from tests.proof.figure import Failure, Figure, Harm, Proven, Scale


def proven(runs: int, *harms: Harm, suite: str = "chaos") -> Proven:
    """A run of one suite with one figure."""
    failures = tuple(Failure(harm=harm, what="it went wrong", again="play it again") for harm in harms)
    figure = Figure(tried="schedules", times=runs, unit="schedules", seconds=1, failures=failures, found="4 deaths")
    return Proven(scale=Scale(runs=runs), figures={suite: (figure,)})


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty page in the place of the project's."""
    empty = tmp_path / "reliability.md"
    empty.write_text(f"before\n{report.BEGIN}\n{report.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(report, "PAGE", empty)
    return empty


def test_every_harm_has_its_column() -> None:
    """Two losses and a double are counted as such, and nothing else is."""
    row = report.table(proven(3, Harm.LOST, Harm.LOST, Harm.DOUBLED)).splitlines()[-1]
    assert row == "| chaos | 3 | schedules | 3 schedules | 2 | 1 | 0 | 0 | 4 deaths |"


def test_the_page_keeps_the_longest_run_of_every_suite(page: Path) -> None:
    """A shorter run leaves the page alone unless told otherwise, and a suite that was not run keeps its rows."""
    report.written(proven(20_000), always=False)
    report.written(proven(1_000, suite="load"), always=False)
    said = report.written(proven(1_000), always=False)
    text = page.read_text(encoding="utf-8")
    assert "keeps its longer run of chaos" in said
    assert ("| chaos | 20,000 |" in text, "| load | 1,000 |" in text) == (True, True)
    assert text.startswith("before\n")
    assert text.endswith("after\n")

    report.written(proven(1_000), always=True)
    assert "| chaos | 1,000 |" in page.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").count("| chaos |") == 1
