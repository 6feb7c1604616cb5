"""Foreign words on a line of ours: nothing in them begins another line, or makes a line read as something else."""

from __future__ import annotations

import unicodedata

# Characters that turn the direction of what follows (Unicode UAX #9); joiners stay, since scripts and emoji need them.
TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
BREAKING = frozenset({"Cc", "Cs"})  # controls and halves of a character; separators of lines are white space


def one_line(text: str) -> str:
    """The text in one line, white space as single spaces, without controls and without turns of direction."""
    return " ".join("".join(map(_plain, text)).split())


def quoted(text: str) -> str:
    """Somebody's words between quotation marks, and none inside: telemetry leaves out what stands between two."""
    return '"{}"'.format(text.replace('"', "'"))


def _plain(char: str) -> str:
    if char in TURNING:
        return ""
    return " " if unicodedata.category(char) in BREAKING else char
