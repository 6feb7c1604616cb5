"""Texts with paths of the referral in braces, and nothing else in them that means anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shared.customize.paths import Path, path_of

LONGEST_TEMPLATE = 500
LONGEST_TEXT = 4000  # what a template may grow to, whatever the referral says
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class Template:
    """Texts and paths, one after the other. What is filled in is never read as a template again."""

    parts: tuple[str | Path, ...]

    def filled(self, referral: Any) -> str:
        """Nothing ("") where none of its paths leads to anything."""
        said = {part: part.said(referral) for part in self.parts if isinstance(part, Path)}
        if said and not any(said.values()):
            return ""
        return "".join(said[part] if isinstance(part, Path) else part for part in self.parts)[:LONGEST_TEXT]


def template_of(text: Any) -> Template:
    """`{path}` is filled in, `{{` and `}}` are braces; nothing else means anything. Raises ValueError."""
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_TEMPLATE:
        raise ValueError(f"a text of up to {LONGEST_TEMPLATE} characters with paths in braces")
    parts: list[str | Path] = []
    end = 0
    for found in _PIECES.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        if found[0] in ("{{", "}}"):
            parts.append(found[0][0])
        elif found[1] is None:
            raise ValueError('a template whose braces are closed, like "{customerProfile.name}"; {{ is a brace')
        else:
            parts.append(path_of(found[1]))
    return Template(tuple(part for part in (*parts, text[end:]) if part != ""))
