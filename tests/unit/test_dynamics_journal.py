"""Marks, Audit text and texts that fit their columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.connectors.dynamics.journal import audit_text, cut, mark_of, marked_name, plain_name, units
from shared.ports import Mark

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
TEXT = st.text(alphabet=st.sampled_from("ab ✓✗❌…😀\n"), max_size=30)


@pytest.mark.parametrize(
    ("shown", "plain", "mark"),
    [
        ("Deal", "Deal", None),
        ("✓ Deal", "Deal", Mark.CHECK),
        ("✗ Deal", "Deal", Mark.CROSS),
        ("❌ Deal", "Deal", Mark.CROSS),
        ("✓ ✗ ✓ Deal", "Deal", Mark.CHECK),
        ("  ✓  Deal", "Deal", Mark.CHECK),
        ("✓", "", Mark.CHECK),
        ("✓Deal", "✓Deal", None),
        ("Deal ✓ done", "Deal ✓ done", None),
        ("", "", None),
    ],
)
def test_names_without_marks(shown: str, plain: str, mark: Mark | None) -> None:
    """A mark is a glyph and a space before the name, however often it is there; anything else is the name."""
    assert (plain_name(shown), mark_of(shown)) == (plain, mark)


@given(name=TEXT, mark=st.sampled_from([*Mark, None]), length=st.integers(5, 40))
def test_marking_never_changes_the_name(name: str, mark: Mark | None, length: int) -> None:
    """A name that fits is the same after marking, shows its mark if there is room, and never outgrows the column."""
    name = plain_name(name)
    marked = marked_name(name, mark, length)
    assert units(marked) <= length
    if units(name) <= length:
        assert plain_name(marked) == name
        assert mark_of(marked) == (mark if mark and units(name) + 2 <= length else None)


@given(text=TEXT, length=st.integers(1, 40))
def test_cut_texts_fit(text: str, length: int) -> None:
    """What fits stays as it is; what does not ends in an ellipsis, within the length in UTF-16 units."""
    short = cut(text, length)
    assert units(short) <= length
    assert short == text if units(text) <= length else short.endswith("…")
    assert cut(text, None) == text


def test_a_cut_text_keeps_what_fits() -> None:
    """Emoji count twice, and cost no more than that: nothing that fits is left out."""
    assert cut("🚀" * 40, 21) == "🚀" * 10 + "…"
    assert cut("🚀" * 40, 22) == "🚀" * 10 + "…"
    assert cut("a" + "🚀" * 40, 22) == "a" + "🚀" * 10 + "…"


def test_audit_lines_are_dated_in_utc() -> None:
    """A line starts with date and minute in UTC, and stays one line whatever its text holds."""
    assert audit_text("a\n b", "", now=NOON, length=100) == "2026-03-01 10:30 - a b"
    assert audit_text("new", "old\r\nolder", now=NOON, length=None) == "2026-03-01 10:30 - new\nold\nolder"


@given(before=TEXT, line=TEXT, length=st.integers(25, 60))
def test_audit_is_cut_at_the_end_of_a_line(before: str, line: str, length: int) -> None:
    """The newest line is on top, older ones follow whole or not at all, and the column holds it."""
    text = audit_text(line, before, now=datetime(2026, 3, 1, tzinfo=UTC), length=length)
    newest, *older = text.split("\n")
    assert units(text) <= length
    assert newest.startswith("2026-03-01 00:00 - ")
    assert older == before.splitlines()[: len(older)]
