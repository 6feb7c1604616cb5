"""The administrator's page has every Audit message: what the code can say is looked up there, text by text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.domain.deal import TITLES
from tests.audit_page import PAGE, explained, listed, messages
from tests.unit.audit_elsewhere import ELSEWHERE_TEXTS
from tests.unit.audit_silent import SILENT
from tests.unit.audit_texts import modules, name_of, tells, texts, uncovered, words

SPEAKING = [module for module in modules() if name_of(module) not in SILENT and texts(module)]


@pytest.mark.parametrize("module", SPEAKING, ids=name_of)
def test_every_text_that_can_end_in_audit_is_on_the_page(module: Path) -> None:
    """Each text of a module that speaks of deals is a message of the page, or is listed with where it goes instead."""
    assert sorted(text for text in texts(module) - ELSEWHERE_TEXTS if not listed(text)) == []


def test_who_is_called_silent_makes_nothing_that_is_told() -> None:
    """A module whose texts need not be on the page makes none of the errors and sentences that reach a seller."""
    known = {name_of(module): module for module in modules()}
    assert [name for name in SILENT if name not in known or tells(known[name])] == []


def test_what_is_told_elsewhere_is_still_said() -> None:
    """No text stays on the list of exceptions after the code has lost it."""
    said = {text for module in SPEAKING for text in texts(module)}
    assert sorted(ELSEWHERE_TEXTS - said) == []


def test_a_text_that_is_missing_is_found(tmp_path: Path) -> None:
    """A new error of a deal fails the first test: its words are read out of the source, holes and all."""
    module = tmp_path / "new.py"
    module.write_text('raise NotMet(f"The moon is {phase}: wait for a better one")\n', encoding="utf-8")
    assert texts(module) == {"The moon is …: wait for a better one"}
    assert tells(module)
    assert not any(map(listed, texts(module)))


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("Partner Center updated: Deal value, Notes", True),
        ('Deal value was set to "95,000 USD" in Dynamics 365 and "1. Or 2" in Partner Center at the same time: '
         "Dynamics 365 wins", True),
        ("Partner Center answered 400 invalidRequest: No. Never (request 1). "
         "Correct the value that the message names, on either side", True),
        ("Updated from Partner Center: Notes. The moon is full", False),
        ("The moon is full", False),
    ],
)  # fmt: skip
def test_a_line_is_explained_by_the_page_or_is_not(line: str, *, known: bool) -> None:
    """A line is made of whole messages: words that follow a known one are not swallowed by its …."""
    assert explained(line) is known


def test_no_message_is_invented() -> None:
    """Every word of each message is said by the code, so none stays on the page after the code has lost it."""
    said = {text for module in modules() for text in words(module)} | {"Partner Center", "Dynamics 365"}
    assert {message: rest for message in messages() if (rest := uncovered(message, said))} == {}
    assert uncovered("give the moon a name", said) != ""


def test_every_message_says_what_to_do() -> None:
    """No message is listed twice, and every field that Audit names is in the page's table of fields."""
    assert len(messages()) == len(set(messages())) > 90
    page = PAGE.read_text(encoding="utf-8")
    assert [title for title in TITLES.values() if not re.search(rf"^\|[^|]*\b{title}\b", page, re.MULTILINE)] == []
