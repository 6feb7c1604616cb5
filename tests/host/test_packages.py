"""What comes from npm: pinned, installed once, and missed loudly."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import dev
from sandbox.host.packages import CLIENTS, PINS, SETS, PackagesError, main


def test_both_doors_know_the_same_sets() -> None:
    """dev.py, which may import nothing of ours, names each set and a package that is pinned in it."""
    assert dev.NPM.keys() == SETS.keys()
    for name, package in dev.NPM.items():
        lock = json.loads((SETS[name].pins / "package-lock.json").read_text(encoding="utf-8"))
        assert f"node_modules/{package}" in lock["packages"]
        assert SETS[name].tools == dev.ROOT / ".tools" / name


def test_another_pin_is_another_folder(tmp_path: Path) -> None:
    """The folder is named after all that is pinned, so that an old installation is never taken for the new one."""
    for pin in PINS:
        shutil.copyfile(CLIENTS.pins / pin, tmp_path / pin)
    copied = replace(CLIENTS, pins=tmp_path)
    before = copied.folder
    lock = tmp_path / "package-lock.json"
    lock.write_text(lock.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    assert before == CLIENTS.folder
    assert copied.folder != before
    assert copied.folder.parent == before.parent


def test_what_is_there_is_not_installed_again() -> None:
    """The second time nothing is done."""
    CLIENTS.install()
    assert CLIENTS.install() is False


def test_what_npm_says_is_told(tmp_path: Path) -> None:
    """A pin that npm cannot install is an error with npm's words, and leaves nothing that looks installed."""
    (tmp_path / "package.json").write_text('{"private": true, "dependencies": {"nosuch": "1.0.0"}}', encoding="utf-8")
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {"": {}}}', encoding="utf-8")
    broken = replace(CLIENTS, pins=tmp_path, tools=tmp_path / "tools")
    with pytest.raises(PackagesError, match=r"npm could not install clients:\n(.|\n)*npm (error|ERR)"):
        broken.install()

    assert not broken.folder.exists()
    assert list((tmp_path / "tools").iterdir()) == []


def test_a_set_that_does_not_exist_is_refused() -> None:
    """The command line names what there is."""
    with pytest.raises(SystemExit):
        main(["nonsense"])
