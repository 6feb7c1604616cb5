"""Values that a row gets by its column's AutoNumberFormat (create-auto-number-attributes)."""

from __future__ import annotations

import re
from datetime import datetime

_TOKEN = re.compile(r"\{(SEQNUM|DATETIMEUTC|RANDSTRING):([^}]*)\}")
_TIMES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}


def numbered(pattern: str, number: int, now: datetime) -> str:
    """`{DATETIMEUTC:yyyy-MM-dd}-{SEQNUM:5}` → 2026-01-31-00042."""

    def shown(match: re.Match[str]) -> str:
        kind, detail = match.groups()
        if kind == "SEQNUM":
            return f"{number:0{detail}d}"
        if kind == "RANDSTRING":
            return f"{number:X}".rjust(int(detail), "A")
        for token, code in _TIMES.items():
            detail = detail.replace(token, code)
        return now.strftime(detail)

    return _TOKEN.sub(shown, pattern)
