"""An installation's own columns of an opportunity, as fields of the deal and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.connectors.dynamics.journal import cut
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Column, Table
from shared.connectors.dynamics.typed import Typed
from shared.customize.fields import name_of
from shared.customize.model import Pair
from shared.domain.values import Money, Value, blank
from shared.errors import NotMet


@dataclass(frozen=True, kw_only=True)
class Extras:
    """The pairs of one organisation; `table` is its opportunity, `precision` the decimal places of its currency."""

    pairs: tuple[Pair, ...]
    table: Table
    precision: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map(name_of, self.pairs))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(pair.column for pair in self.pairs if pair.column in self.table)

    def shown(self, row: Row) -> Iterator[tuple[str, Value]]:
        """The fields that a row shows; a column that was not read is not shown."""
        for pair in self.pairs:
            if pair.column in row and pair.column in self.table:
                yield name_of(pair), _READ[pair.as_](pair, self.table.columns[pair.column], row)

    def body(self, name: str, value: Value) -> dict[str, Any]:
        """The column to write for a field; nothing for one that never flows here. Raises NotMet."""
        pair = next((each for each in self.pairs if name_of(each) == name), None)
        if pair is None or not pair.inbound or pair.column not in self.table:
            return {}
        empty = blank(value) is None or value == Money(None, None)
        typed = Typed(column=self.table.columns[pair.column], precision=self.precision)
        return {pair.column: None if empty else _WRITE[pair.as_](pair, typed, value)}

    def held(self, name: str, value: Value) -> Iterable[tuple[str, Value]]:
        """What the row will show of a value once it is written; nothing where it is never written."""
        return self.shown(Row(self.body(name, value)))


def _option(pair: Pair, column: Column, row: Row) -> Value:
    """The referral's word for an option: by the map, else the option's own label."""
    choice = column.choice(row.whole(column.name))
    if choice is None:
        return None
    named = (word for word, option in pair.choices.items() if column.option(option) == choice)
    return next(named, choice.label)


def _flag(_pair: Pair, column: Column, row: Row) -> Value:
    value = row.data.get(column.name)
    return value if isinstance(value, bool) else None


def _amount(_pair: Pair, column: Column, row: Row) -> Value:
    amount = row.number(column.name)
    return None if amount is None else Money(amount, None)


def _write_option(pair: Pair, typed: Typed, value: Value) -> Any:
    word, column = str(value), typed.column
    folded = {key.casefold(): option for key, option in pair.choices.items()}
    choice = column.option(pair.choices.get(word, folded.get(word.casefold(), word)))
    if choice is None:
        bare = f"The column {column.name} of Dynamics 365 has no option for what the referral says in {pair.path.text}"
        advice = "name one under choices in customize.yaml"
        raise NotMet(f'{bare} ("{word}"): {advice}', bare=f"{bare}: {advice}")
    return choice.value


def _write_amount(pair: Pair, typed: Typed, value: Value) -> Any:
    amount = value.amount if isinstance(value, Money) else None
    try:
        return None if amount is None else typed.value(amount)
    except ValueError as error:
        raise NotMet(f"{pair.path.text} of the referral may be {error}: correct it") from error


def _write_day(_pair: Pair, typed: Typed, value: Value) -> Any:
    return typed.day(value) if isinstance(value, date) else None


_READ: Mapping[str, Callable[[Pair, Column, Row], Value]] = {
    "text": lambda _pair, column, row: row.text(column.name) or None,
    "choice": _option,
    "date": lambda _pair, column, row: row.day(column.name),
    "money": _amount,
    "number": _amount,
    "yes_no": _flag,
}
_WRITE: Mapping[str, Callable[[Pair, Typed, Value], Any]] = {
    "text": lambda pair, typed, value: cut(cut(str(value), pair.length), typed.column.length),
    "choice": _write_option,
    "date": _write_day,
    "money": _write_amount,
    "number": _write_amount,
    "yes_no": lambda _pair, _typed, value: value is True,
}
FITTING: Mapping[str, frozenset[str]] = {
    "text": frozenset({"String", "Memo"}),
    "choice": frozenset({"Picklist"}),
    "date": frozenset({"DateTime"}),
    "money": frozenset({"Money", "Decimal", "Double"}),
    "number": frozenset({"Integer", "BigInt", "Decimal", "Double", "Money"}),
    "yes_no": frozenset({"Boolean"}),
}
