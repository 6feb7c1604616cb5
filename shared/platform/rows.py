"""How texts become keys and columns of Table Storage: allowed characters, and pieces that fit a column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# A text column holds 32,768 UTF-16 units, two of which make an emoji: https://learn.microsoft.com/azure/storage/tables
PIECE = 16_000
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


def key(*words: str) -> str:
    """Words joined by `:`; what a key may not hold, and `:` itself, becomes `~` and its bytes in hexadecimal."""
    return ":".join(_PLAIN.sub(_spelt, word) for word in words)


def _spelt(found: re.Match[str]) -> str:
    return "".join(f"~{byte:02x}" for byte in found[0].encode("utf-8", "surrogatepass"))


def after(prefix: str) -> str:
    """The first key behind all those that start with this prefix and a colon: `;` is the character after `:`."""
    return f"{prefix};"


def pieces(column: str, text: str) -> dict[str, str]:
    """A text as columns `name`, `name_1`, `name_2`… that each fit."""
    parts = [text[at : at + PIECE] for at in range(0, len(text), PIECE)] or [""]
    return {f"{column}_{number}" if number else column: part for number, part in enumerate(parts)}


def merged(column: str, text: str) -> dict[str, str]:
    """The same for a row that is merged over an older one: an empty piece ends it, whatever is behind that."""
    parts = pieces(column, text)
    return parts | {f"{column}_{len(parts)}": ""}


def whole(column: str, row: Mapping[str, Any]) -> str:
    """The text that `pieces` cut."""
    found = [str(row.get(column) or "")]
    while more := row.get(f"{column}_{len(found)}"):
        found.append(str(more))
    return "".join(found)


def moment(row: Mapping[str, Any], column: str) -> datetime | None:
    """The time in a column; None where somebody wrote something else there."""
    try:
        found = datetime.fromisoformat(str(row.get(column) or ""))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def spilled(columns: Iterable[str]) -> list[str]:
    """Those columns that are a second or later piece."""
    return sorted(name for name in columns if re.fullmatch(r".+_\d+", name))
