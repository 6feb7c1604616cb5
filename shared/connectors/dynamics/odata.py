"""The words of an OData query: literals, filters and the rows that come back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.connectors.dynamics.verdicts import SYSTEM
from shared.errors import Remote, Unavailable

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def is_guid(text: str) -> bool:
    return _GUID.fullmatch(text) is not None


def literal(text: str) -> str:
    """A string literal; an apostrophe is doubled (OData 4.0, URL conventions §5.1.1.6)."""
    return "'" + text.replace("'", "''") + "'"


def equals(column: str, text: str) -> str:
    """A comparison with text; no text is null, as empty columns are."""
    return f"{column} eq {literal(text)}" if text else f"{column} eq null"


def any_of(column: str, texts: Iterable[str]) -> str:
    return "(" + " or ".join(equals(column, text) for text in texts) + ")"


def joined(names: Iterable[str]) -> str:
    """A list for $select without repeats, which are refused."""
    return ",".join(dict.fromkeys(names))


@dataclass(frozen=True)
class Row:
    """A row of the Web API: columns by name, whatever else it holds stays in `data`."""

    data: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.data

    @property
    def version(self) -> str:
        return self.text("@odata.etag")

    def text(self, name: str) -> str:
        value = self.data.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> Decimal | None:
        value = self.data.get(name)
        return Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None

    def whole(self, name: str) -> int | None:
        value = self.data.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        return self.data.get(name) is True

    def day(self, name: str) -> date | None:
        """An Edm.Date, or the UTC day of a date and time. What is neither is not "no date": it raises Unavailable."""
        text = self.text(name)
        try:
            return date.fromisoformat(text[:10]) if text else None
        except ValueError as error:
            raise unreadable(f"{name} is no date") from error

    def moment(self, name: str) -> datetime:
        """Times of rows are UTC and whole seconds: `2026-01-31T00:00:00Z`. Raises Unavailable for what is no time."""
        text = self.text(name)
        try:
            return datetime.fromisoformat(text).astimezone(UTC) if text else datetime.min.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise unreadable(f"{name} is no time") from error

    def lookup(self, column: str) -> str:
        """The id that a lookup column holds, "" for none."""
        return self.text(f"_{column}_value").lower()

    def child(self, navigation: str) -> Row | None:
        value = self.data.get(navigation)
        return Row(value) if isinstance(value, Mapping) else None

    def children(self, navigation: str) -> tuple[Row, ...]:
        value = self.data.get(navigation)
        return tuple(Row(item) for item in value if isinstance(item, Mapping)) if isinstance(value, list) else ()


def unreadable(what: str) -> Unavailable:
    """Nothing that was read, so nothing that can be settled, overwritten or given up."""
    return Unavailable(Remote(system=SYSTEM, message=f"the answer has a shape we cannot read: {what}"))


def row_of(body: Any) -> Row:
    """The row that an answer is; raises Unavailable for one that is none."""
    if not isinstance(body, Mapping):
        raise unreadable("it is no row")
    return Row(body)


def rows_of(body: Any) -> tuple[Row, ...]:
    """The rows of a collection's answer."""
    return Row(body).children("value") if isinstance(body, Mapping) else ()
