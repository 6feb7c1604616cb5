"""The security role of application users: everything, until a test or a scenario says what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WHOLE = "Global"
DEPTHS = ("Basic", "Local", "Deep", WHOLE)


@dataclass(kw_only=True)
class Role:
    """`privileges` maps a privilege to its depth, None is everything; `asked` is what calls needed since."""

    privileges: Mapping[str, str] | None = None
    asked: set[str] = field(default_factory=set)

    def allows(self, name: str, depth: str) -> bool:
        """Whether the privilege is held, at this depth where one matters."""
        self.asked.add(name)
        if self.privileges is None:
            return True
        held = self.privileges.get(name)
        return held is not None and depth in ("", held)

    def change(self, body: Mapping[str, Any]) -> None:
        """`{"privileges": {name: depth}}`, null for everything; what was asked before is forgotten."""
        given = body.get("privileges")
        named = isinstance(given, Mapping) and all(depth in DEPTHS for depth in given.values())
        if given is not None and not named:
            raise ValueError(f"privileges maps the name of a privilege to {', '.join(DEPTHS)}, or is null")
        self.privileges = given
        self.asked.clear()

    def as_dict(self) -> dict[str, Any]:
        return {"privileges": self.privileges, "asked": sorted(self.asked)}
