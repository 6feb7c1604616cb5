"""One deal as a page: the JSON document of `GET /api/deals/{id}`, read for people and with both sides in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.values import Side

NOTHING = "-"
TITLES = {Side.CRM.value: "Dynamics 365", Side.PARTNER.value: "Partner Center"}
DOES = {"write": "changes", "create": "creates", "invite": "asks Microsoft for help in"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field; `notes` say why a side takes no value for it."""

    title: str
    state: str
    differs: bool
    sides: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def view(told: Mapping[str, Any]) -> dict[str, Any]:
    """What the template of a deal needs."""
    sides = [side.value for side in (Side.CRM, Side.PARTNER)]
    return {
        "told": told,
        "sides": [{"title": TITLES[side], "record": _record(told["records"][side])} for side in sides],
        "rows": [_row(field, sides) for field in told["fields"]],
        "writes": [_write(write) for write in told["writes"]],
        "owed": [_write(write) for write in told["owed"]],
    }


def _row(field: Mapping[str, Any], sides: list[str]) -> Row:
    return Row(
        title=field["title"],
        state=field["state"],
        differs=field["differs"],
        sides=tuple(lines(field[side]) if side in field["shown_by"] else ("not shown",) for side in sides),
        notes=tuple(
            why if why.startswith(TITLES[side]) else f"{TITLES[side]}: {why}" for side, why in field["locked"].items()
        ),
    )


def _record(record: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Only an https address becomes a link: what a system says is an address may be anything."""
    if record is None:
        return None
    link = str(record["link"] or "")
    return {**record, "link": link if link.startswith("https://") else ""}


def _write(write: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **write,
        "does": DOES.get(write["does"], write["does"]),
        "to": TITLES.get(write["to"], write["to"]),
        "changes": [(title, lines(value)) for title, value in write["values"].items()],
    }


def lines(value: Any) -> tuple[str, ...]:
    """A value as the lines that it is shown in."""
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if isinstance(value, list):
        return tuple(map(str, value)) or (NOTHING,)
    return (str(value),) if value not in (None, "") else (NOTHING,)
