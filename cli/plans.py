"""An explanation in one line: what the next look at a deal would create and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.domain.link import Purpose
from shared.platform.explained import title
from shared.sync.explanation import Explanation
from shared.sync.rehearsal import Write


def planned(told: Explanation) -> Sequence[Write]:
    """What would be written, also where only a setting stands in the way."""
    return told.writes or told.owed


def creates(told: Explanation) -> bool:
    """Would a record be made that is not there yet?"""
    return any(write.purpose is Purpose.CREATE for write in planned(told))


def in_short(told: Explanation) -> str:
    """Each write in a few words; nothing where nothing would be written."""
    return "; ".join(text for write in planned(told) if (text := _short(write, told.names)))


def _short(write: Write, names: Mapping[str, str]) -> str:
    record = write.kind
    if write.purpose is Purpose.CREATE:
        return f"create {record}"
    if write.purpose is Purpose.INVITE:
        return "invite Microsoft"
    if write.values:
        return f"write {record}: {', '.join(title(name, names) for name in write.values)}"
    return f"tie {record}" if write.counterpart else f"share {record}" if write.share else ""
