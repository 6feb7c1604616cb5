"""A path into a referral's JSON: `customerProfile.team[0].email`, `customerProfile.ids[profileType=Duns].id`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from shared.customize.referral import OURS, PATHS, WRITABLE

LONGEST = 200
DEEPEST = 8
_STEP = re.compile(r"([A-Za-z@][\w@]*)(?:\[(?:(\d{1,3})|(\w+)=([\w .&-]{1,60}))\])?", re.ASCII)
NEWER = "+"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One name; of a list, the element at `index` or the first one whose member `where[0]` is `where[1]`."""

    name: str
    index: int | None = None
    where: tuple[str, str] | None = None

    @property
    def listed(self) -> bool:
        return self.index is not None or self.where is not None

    def of(self, node: Any) -> Any:
        found = _member(node, self.name)
        if not self.listed:
            return found
        items = found if isinstance(found, list) else []
        if self.index is not None:
            return items[self.index] if self.index < len(items) else None
        name, wanted = self.where or ("", "")
        return next((item for item in items if spelled(_member(item, name)).casefold() == wanted.casefold()), None)


@dataclass(frozen=True, kw_only=True)
class Path:
    """`text` as it was written. `newer` is for what a newer API shows and this release does not know."""

    text: str
    steps: tuple[Step, ...]
    newer: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    @property
    def listed(self) -> bool:
        return any(step.listed for step in self.steps)

    def value(self, referral: Any) -> Any:
        """What is there: a text, number, truth value, or None for nothing and for whatever is no single value."""
        for step in self.steps:
            referral = step.of(referral)
        return referral if isinstance(referral, str | bool | int | float | Decimal) else None

    def said(self, referral: Any) -> str:
        return spelled(self.value(referral))


def path_of(text: Any) -> Path:
    """Raises ValueError, whose text says what it may be."""
    if not isinstance(text, str):
        raise ValueError("a path into the referral, like details.notes")  # noqa: TRY004  pydantic's word for it
    newer = text.startswith(NEWER)
    parts = text.removeprefix(NEWER).split(".")
    found = [_STEP.fullmatch(part) for part in parts]
    if len(text) > LONGEST or len(parts) > DEEPEST or not all(found):
        raise ValueError('names joined by dots, with [0] or [name=value] after a list, like "customerProfile.name"')
    steps = tuple(_step(each) for each in found if each)
    path = Path(text=text, steps=steps, newer=newer)
    if not newer and _plain(path) not in PATHS:
        raise ValueError(f"{_nearest(_plain(path))}. For what a newer API shows, put {NEWER} before it")
    return path


def written(path: Path) -> Path:
    """The same path, if a referral may be changed there. Raises ValueError."""
    plain = _plain(path)
    if plain in OURS:
        reason = f"is {OURS[plain]}"
    elif path.listed:
        reason = "is an element of a list, whose place may change"
    elif not path.newer and plain not in WRITABLE:
        reason = "is read-only in Partner Center"
    else:
        return path
    writable = ", ".join(WRITABLE)
    raise ValueError(f"a pair with direction: to_dynamics, as {path.text} {reason}; any direction may have {writable}")


def spelled(value: Any) -> str:
    """A single value as text: what a text column would hold of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal | float):
        return f"{Decimal(value).normalize():f}"
    return str(value) if isinstance(value, str | int) else ""


def _step(found: re.Match[str]) -> Step:
    name, index, key, wanted = found.groups()
    return Step(name=name, index=int(index) if index else None, where=(key, wanted) if key else None)


def _plain(path: Path) -> str:
    return ".".join(f"{step.name}[]" if step.listed else step.name for step in path.steps)


def _nearest(plain: str) -> str:
    folded = {known.casefold(): known for known in PATHS}
    close = [folded[each] for each in get_close_matches(plain.casefold(), folded, n=3, cutoff=0.5)]
    if not close:
        last = plain.rpartition(".")[2]
        close = sorted(known for known in PATHS if known.rpartition(".")[2] == last)[:3]
    shown = (each.replace("[]", "[0]") for each in close or ["details.notes", "customerProfile.name"])
    return "a path of a referral, like " + " or ".join(shown)


def _member(node: Any, name: str) -> Any:
    """A member by its name, in any case: Microsoft's own samples mix it."""
    if not isinstance(node, Mapping):
        return None
    if name in node:
        return node[name]
    return next((value for key, value in node.items() if str(key).casefold() == name.casefold()), None)
