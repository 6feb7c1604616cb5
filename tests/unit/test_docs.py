"""The documents say what the code says: tests that exist, settings as they are, commands that can be typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import dev
from shared.setting_model import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("infra/*.md")])
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
PATH = re.compile(r"`([\w.]+(?:/[\w.-]*)*)`")
PLACE = re.compile(r"`((?:shared|functions|sandbox|tests|docs|infra)/[\w/.-]*)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SETTING = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)
PROMISE = re.compile(r"^\| P-(\d+) \| ([BLUE/]+) \| (.+) \| (.+) \|$", re.MULTILINE)
PROMISES = 102
THREAT = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
THREATS = 30  # at least: the table is not to be emptied
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


@cache
def functions_of(file: Path) -> frozenset[str]:
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    return frozenset(re.findall(r"^\s*(?:async )?def (test_\w+)\(", text, re.MULTILINE))


def prose(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> Iterator[str]:
    """The names that GitHub gives to a document's headings."""
    for heading in re.findall(r"^#+ (.+)$", without_code(prose(document)), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def shown(default: Any) -> str:
    """A setting's default as the table writes it."""
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    words = sorted(value) if isinstance(value, frozenset) else value if isinstance(value, tuple) else [value]
    return ", ".join(f"`{word}`" for word in words if word) or "*empty*"


@each_document
def test_every_named_test_exists(document: Path) -> None:
    """A document that names a test which was renamed or moved is wrong, and says so here."""
    named = NAMED.findall(prose(document))
    assert [f"{file}::{name}" for file, name in named if name not in functions_of(ROOT / "tests" / file)] == []


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    """A relative link names a file of the project, and after # one of its headings."""
    broken = []
    for link in LINK.findall(without_code(prose(document))):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if "://" not in link and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(link)
    assert broken == []


@each_document
def test_every_named_place_exists(document: Path) -> None:
    """A file or folder of the project that a document names is there."""
    assert [place for place in PLACE.findall(prose(document)) if not (ROOT / place).exists()] == []


def test_the_settings_are_those_of_the_code() -> None:
    """Each setting is in the table with its default, and the table has no other."""
    table = dict(SETTING.findall(prose(ROOT / "docs/settings.md")))
    code = {field.alias or name.upper(): shown(field.default) for name, field in Settings.model_fields.items()}
    assert table == code


def test_the_readmes_commands_can_be_typed() -> None:
    """The README shows every command of dev.py and no other."""
    assert set(re.findall(r"python dev\.py ([a-z]+)", prose(ROOT / "README.md"))) == set(dev.COMMANDS)


def test_every_rule_has_its_tests() -> None:
    """Each of the twelve sections names at least one test."""
    sections = re.split(r"^## (\d+)\. ", prose(ROOT / "docs/rules.md"), flags=re.MULTILINE)[1:]
    numbered = dict(zip(sections[::2], sections[1::2], strict=True))
    assert list(numbered) == [str(number) for number in range(1, 13)]
    assert [number for number, text in numbered.items() if not NAMED.search(text)] == []


def test_every_promise_has_a_test_or_says_what_is_missing() -> None:
    """All promises are listed once; a behaviour or limit names its test, or what is missing."""
    rows = PROMISE.findall(prose(ROOT / "docs/promises.md"))
    assert [int(number) for number, *_ in rows] == list(range(1, PROMISES + 1))
    open_ones = [f"P-{n}" for n, kind, _, kept in rows if set(kind) & set("BL") and not _kept(kept)]
    assert open_ones == []


def test_every_threat_has_its_test() -> None:
    """Each line of the threat model says where its defence is, and names a test of it."""
    table = (
        prose(ROOT / "docs/security.md").partition("<!-- threats: begin -->")[2].partition("<!-- threats: end -->")[0]
    )
    rows = [row for row in THREAT.findall(table) if row[0] not in ("threat", "---")]
    assert len(rows) == len(table.strip().splitlines()) - 2 >= THREATS
    assert [threat for threat, _, where, tests in rows if not (PATH.search(where) and NAMED.search(tests))] == []


def test_the_role_is_counted() -> None:
    """The page says how many privileges the shipped role has."""
    role = json.loads((ROOT / "infra/dataverse_role.json").read_text(encoding="utf-8"))
    told = f"{len(role['privileges'])} privileges on standard tables and {len(role['tables'])} on"
    assert told in prose(ROOT / "docs/security.md")


def _kept(text: str) -> bool:
    return bool(NAMED.search(text)) or text.startswith("missing: ")
