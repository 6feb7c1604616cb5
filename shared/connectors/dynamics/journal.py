"""The mark before an opportunity's name, its Audit text, and texts cut to their column: pure functions."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from shared.domain.oneline import one_line
from shared.ports import Mark

# The check is the one that Microsoft's connector writes; its cross was never seen, so both that are likely are read.
_GLYPHS = {"✓": Mark.CHECK, "✗": Mark.CROSS, "❌": Mark.CROSS}
_MARKS = re.compile(rf"\A(?:\s*[{''.join(_GLYPHS)}]\ufe0f?(?:\s+|\Z))+")
CUT = "…"


def plain_name(name: str) -> str:
    """The name as a person gave it: without marks, however many there are, and without space before it."""
    return _MARKS.sub("", name).lstrip()


def mark_of(name: str) -> Mark | None:
    """The mark that the name carries now."""
    return _GLYPHS[name.strip()[0]] if _MARKS.match(name) else None


def marked_name(name: str, mark: Mark | None, length: int | None) -> str:
    """The name with its mark, without it where both would not fit the column, and cut where even that does not."""
    marked = f"{mark} {name}" if mark else name
    return marked if length is None or units(marked) <= length else cut(name, length)


def cut(text: str, length: int | None) -> str:
    """The text within `length`, with a mark at its end where something was left out."""
    if length is None or units(text) <= length:
        return text
    return _first(text, max(length - len(CUT), 0)).rstrip() + CUT


def audit_text(line: str, before: str, *, now: datetime, length: int | None) -> str:
    """The Audit column with a new line on top: `YYYY-MM-DD HH:MM - text` in UTC, cut at the end of a line."""
    newest = cut(f"{now.astimezone(UTC):%Y-%m-%d %H:%M} - {one_line(line)}", length)
    kept = [newest]
    room = (length if length is not None else units(newest) + units(before) + 2) - units(newest)
    for old in before.splitlines() if before.strip() else []:
        room -= units(old) + 1
        if room < 0:
            break
        kept.append(old)
    return "\n".join(kept)


def units(text: str) -> int:
    """Length as Dataverse counts it: UTF-16 code units, of which an emoji takes two."""
    return len(text) + sum(char > "\uffff" for char in text)


def _first(text: str, length: int) -> str:
    """As much of the text as fits; half an emoji is left out."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * length].decode("utf-16-le", "ignore")
