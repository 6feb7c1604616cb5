"""Samples are kept by a command, which never touches those of a version that is out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.upgrade.folders import BY_HAND, VERSIONS, current, released, versions
from tests.upgrade.freeze import Released, everything, freeze

CHANGELOG = "## [Unreleased]\n\n## [0.3.0] - unreleased\n\n## [0.2.0] - 2026-12-24\n\n## [0.1.0] - 2026-11-30\n"


def test_a_version_with_a_date_is_out() -> None:
    """Only a heading with a version and a day says so."""
    assert released(CHANGELOG) == {"0.1.0", "0.2.0"}


def test_samples_of_a_version_that_is_out_are_never_written_over(tmp_path: Path) -> None:
    """The refusal says what to do instead, and leaves the files as they are."""
    (tmp_path / "0.2.0").mkdir()
    (tmp_path / "0.2.0" / "signals.json").write_text("kept", encoding="utf-8")
    with pytest.raises(Released, match="Raise the version"):
        freeze({"signals": {}}, version="0.2.0", changelog=CHANGELOG, folder=tmp_path)
    assert (tmp_path / "0.2.0" / "signals.json").read_text(encoding="utf-8") == "kept"


def test_samples_of_the_version_in_the_making_are_written_anew(tmp_path: Path) -> None:
    """What is written by hand stays, and another version's folder is not touched."""
    (tmp_path / "0.3.0").mkdir()
    for name in BY_HAND:
        (tmp_path / "0.3.0" / name).write_text("by hand", encoding="utf-8")
    paths = freeze({"signals": {"a": "ü"}}, version="0.3.0", changelog=CHANGELOG, folder=tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == ["0.3.0/signals.json"]
    assert json.loads(paths[0].read_text(encoding="utf-8")) == {"a": "ü"}
    assert [(tmp_path / "0.3.0" / name).read_text(encoding="utf-8") for name in BY_HAND] == ["by hand"] * 2
    assert [folder.name for folder in tmp_path.iterdir()] == ["0.3.0"]


async def test_what_is_frozen_is_the_same_each_time() -> None:
    """A second freeze of the same code changes no file, so that a difference always means something."""
    assert await everything() == await everything()


def test_every_folder_is_whole() -> None:
    """Each version has the same kinds of samples, and says by hand what they mean and what it accepts."""
    named = {path.name for path in (VERSIONS / current()).iterdir()}
    assert set(BY_HAND) <= named
    for version in versions():
        assert {path.name for path in (VERSIONS / version).iterdir()} <= named
