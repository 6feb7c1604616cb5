"""Words of OData texts: tokens, literals, and splitting outside brackets and quotes."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.dynamics import errors
from sandbox.dynamics.values import iso

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"\\]|\\.)*")
    | (?P<guid>{_GUID})
    | (?P<moment>\d{{4}}-\d{{2}}-\d{{2}}T[0-9:.]+(?:Z|[+-]\d{{2}}:\d{{2}})?)
    | (?P<date>\d{{4}}-\d{{2}}-\d{{2}})
    | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    | (?P<name>[A-Za-z_@$][\w.]*)
    | (?P<mark>[()\[\],:/=])
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str


def bad_query(message: str) -> errors.DataverseError:
    return errors.DataverseError(errors.QUERY, message)


def tokens(text: str) -> list[Token]:
    found, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if not match or match.lastgroup is None:
            raise bad_query(f"Syntax error at position {position} in '{text}'.")
        found.append(Token(match.lastgroup, match.group(match.lastgroup)))
        position = match.end()
    return found


def is_literal(token: Token) -> bool:
    """A text in double quotes is one only in a list of values, which is JSON."""
    return token.kind not in ("name", "mark", "end", "quoted") or token.text in _WORDS


def literal(token: Token) -> Any:
    """The value a literal stands for, in the form rows keep."""
    if token.text in _WORDS:
        return _WORDS[token.text]
    if token.kind == "text":
        return token.text[1:-1].replace("''", "'")
    if token.kind == "quoted":
        return _unquoted(token.text)
    if token.kind == "number":
        return Decimal(token.text)
    if token.kind == "guid":
        return str(uuid.UUID(token.text))
    return _moment(token.text) if token.kind == "moment" else token.text


def _unquoted(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise bad_query(f"{text} is no text.") from error


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_query(f"'{text}' is no date.") from error
    if moment.tzinfo is None:
        raise bad_query(f"'{text}' has no time zone.")
    return iso(moment)


def split_outside(text: str, separator: str) -> list[str]:
    """Parts of `text` between separators that are outside brackets and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for index, letter in enumerate(text):
        if letter == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif letter in "([":
            depth += 1
        elif letter in ")]":
            depth -= 1
        elif letter == separator and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return parts
