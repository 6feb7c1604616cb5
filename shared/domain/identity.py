"""Ids that can be computed again, so that a row is created once however often its creation is tried (law 5)."""

from __future__ import annotations

import unicodedata
import uuid

_NAMESPACE = uuid.UUID("5f0f3a0e-7a55-5c5c-9a43-2f6d6c1f8f0b")  # invented once for this product; never changes


def chosen_id(pair: str, kind: str, *source: str) -> str:
    """The id of the row of `kind` that `source` leads to: always the same for the same words."""
    return str(uuid.uuid5(_NAMESPACE, "\x1f".join((pair, kind, *source))))


def plain(text: str) -> str:
    """A name as it is compared: case, accents' encoding and white space do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
