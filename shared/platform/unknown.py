"""What a newer release added inside a JSON text: found when the text is read, put back when it is written (law 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

Path = tuple[str, ...]
Unknown = tuple[tuple[Path, Any], ...]


def unknown(stored: Any, known: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Fields of `stored` that `known`, which is the same as this release reads it, lacks: where, and what."""
    if isinstance(stored, dict) and isinstance(known, dict):
        for name, value in stored.items():
            if name in known:
                yield from unknown(value, known[name], (*at, name))
            else:
                yield (*at, name), value
    elif isinstance(stored, list) and isinstance(known, list):
        for old, new in zip(stored, known, strict=True):
            yield from unknown(old, new, (*at, _identity(new)))


def restored(plain: Any, found: Sequence[tuple[Sequence[str], Any]]) -> Any:
    """`plain`, which is changed, with those fields again; one whose place is gone is gone too."""
    for path, value in found:
        *way, name = path
        place = plain
        for step in way:
            place = _step(place, step)
        if isinstance(place, dict):
            place[name] = value
    return plain


def _step(place: Any, step: str) -> Any:
    if isinstance(place, dict):
        return place.get(step)
    elements = place if isinstance(place, list) else ()
    return next((element for element in elements if _identity(element) == step), None)


def _identity(element: Any) -> str:
    """What an element of a list is recognised by when it moves: its id, or else all of it."""
    named = isinstance(element, dict) and element.get("id")
    return str(named or json.dumps(element, sort_keys=True))
