"""A single value as a column of this organisation takes it, or what the column may be given instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.connectors.dynamics.journal import cut, units
from shared.connectors.dynamics.schema import NUMBERS, TEXTS, Column
from shared.customize.paths import spelled

LOOKUPS = frozenset({"Lookup", "Customer", "Owner"})
DATE_ONLY = "DateOnly"
TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})
MOST_LABELS = 40

Constant = str | bool | int | Decimal


@dataclass(frozen=True, kw_only=True)
class Typed:
    """`fits` cuts a text that is too long; without it such a text is refused, as whoever wrote it can shorten it.

    `precision` is the decimal places of the row's currency, where they are known.
    """

    column: Column
    fits: bool = False
    precision: int | None = None

    def value(self, given: Constant) -> Any:
        """As the Web API takes it. Raises ValueError, whose text says what the column may be given."""
        kind = self.column.type
        make = _KINDS.get("text" if kind in TEXTS else "number" if kind in NUMBERS else kind)
        if make is None:
            raise ValueError(f"a column of another type than {kind}: {', '.join(SUPPORTED)}")
        return make(self, given)

    def text(self, given: Constant) -> str:
        length = self.column.length
        if self.fits:
            return cut(spelled(given), length)
        if not isinstance(given, str):
            raise ValueError(  # noqa: TRY004  what is wrong is what somebody wrote
                f"a text for the {self.column.type} column {self.column.name}: put quotes around it"
            )
        if length is not None and units(given) > length:
            raise ValueError(f"a text of up to {length} characters, which is what {self.column.name} holds")
        return given

    def number(self, given: Constant) -> Decimal | int:
        try:
            amount = Decimal("NaN") if isinstance(given, bool) else Decimal(str(given).strip())
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount.adjusted()) > 20:  # noqa: PLR2004  no column is that large
            raise ValueError(f"a number for the {self.column.type} column {self.column.name}")
        if beyond := self.column.beyond(amount):
            raise ValueError(f"a number that {self.column.name} holds; this one {beyond}")
        return self.column.rounded(amount, self.precision)

    def flag(self, given: Constant) -> bool:
        word = spelled(given).strip().casefold()
        if word not in TRUE | FALSE:
            raise ValueError(f"true or false for the yes/no column {self.column.name}")
        return word in TRUE

    def option(self, given: Constant) -> int:
        found = None if isinstance(given, bool) else self.column.option(given)
        if found is None:
            labels = ", ".join(f"{choice.label} ({choice.value})" for choice in self.column.choices[:MOST_LABELS])
            raise ValueError(f"an option of {self.column.name}: {labels}")
        return found.value

    def moment(self, given: Constant) -> str:
        text = spelled(given).strip()
        try:
            day = datetime.fromisoformat(text).date()
        except ValueError as error:
            raise ValueError(f"a date like 2027-01-31 for {self.column.name}") from error
        return self.day(day)

    def day(self, day: date) -> str:
        """Noon UTC is the same day nearly everywhere; midnight is not."""
        return day.isoformat() if self.column.behaviour == DATE_ONLY else f"{day.isoformat()}T12:00:00Z"

    def lookup(self, given: Constant) -> str:
        del given
        raise ValueError(f"lookup, with a table and an id or where, as {self.column.name} points to another table")


SUPPORTED = ("text", "number", "yes/no", "choice", "date", "lookup")
_KINDS: Mapping[str, Callable[[Typed, Constant], Any]] = {
    "text": Typed.text,
    "number": Typed.number,
    "Boolean": Typed.flag,
    "Picklist": Typed.option,
    "DateTime": Typed.moment,
    **dict.fromkeys(LOOKUPS, Typed.lookup),
}
