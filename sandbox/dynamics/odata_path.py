"""Resource paths: `opportunities(id)/product_opportunities/$ref` as segments, and references to rows by URL."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from sandbox.dynamics import errors
from sandbox.dynamics.odata_text import is_literal, literal, split_outside, tokens

ROOT = "/api/data/v9.2/"
_VERSION = re.compile(r"^/?api/data/v9\.\d/")
_SEGMENT = re.compile(r"(?P<name>[^(]+?)(?:\((?P<key>.*)\))?\Z", re.DOTALL)


@dataclass(frozen=True)
class Segment:
    """One step of a path; `key` is the raw text between its brackets."""

    name: str
    key: str | None = None


def segments(path: str) -> list[Segment]:
    """`path` is below the service root, and decoded only after it was split: a key may hold an encoded slash."""
    return [_segment(unquote(part)) for part in split_outside(path.strip("/"), "/")]


def _segment(text: str) -> Segment:
    match = _SEGMENT.match(text)
    if not match:
        raise unknown_segment(text)
    return Segment(match["name"], match["key"])


def unknown_segment(name: str) -> errors.DataverseError:
    return errors.DataverseError(errors.SEGMENT_NOT_FOUND, f"Resource not found for the segment '{name}'.")


def row_id(key: str) -> str | None:
    """The row's id when the key is one; None for an alternate key."""
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return None


def key_values(key: str) -> dict[str, Any]:
    """name='x',other=2 of an alternate key, or of a function's parameters."""
    found: dict[str, Any] = {}
    for part in split_outside(key, ","):
        words = tokens(part)
        if len(words) != 3 or words[1].text != "=" or not is_literal(words[2]):
            raise errors.DataverseError(errors.QUERY, f"Bad Request - Error in query syntax: '{key}'.")
        found[words[0].text] = literal(words[2])
    return found


def below_root(url: str) -> str:
    """An absolute or relative row URL as a path below the service root."""
    parts = urlsplit(url)
    return _VERSION.sub("", parts.path).lstrip("/")
