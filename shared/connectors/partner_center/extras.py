"""An installation's own paths of a referral, as fields of the deal and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.connectors.partner_center.wire import Referral, instant
from shared.customize.fields import name_of
from shared.customize.model import Pair
from shared.customize.paths import spelled
from shared.domain.deal import is_extra
from shared.domain.values import Money, Value, Values, blank

MOST_DIGITS = 20  # no column holds as many: "1e999999999" is eleven characters and a gigabyte once written out
NO_AMOUNT = Money(None, None)


@dataclass(frozen=True)
class Extras:
    """The pairs of one installation."""

    pairs: tuple[Pair, ...] = ()

    def shown(self, referral: Referral) -> Iterator[tuple[str, Value]]:
        """Every field of them; what the referral leaves out is empty."""
        told = referral.plain() if self.pairs else {}
        for pair in self.pairs:
            yield name_of(pair), _READ[pair.as_](pair.path.value(told))

    def sent(self, values: Values, now: Values) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Where to write what, so that the referral shows `values`: names one in another, and the JSON."""
        for pair in self.pairs:
            name = name_of(pair)
            if pair.outbound and name in values and _empty(values[name]) != _empty(now.get(name)):
                yield pair.path.names, _WRITE[pair.as_](_cut(pair, values[name]))

    def held(self, values: Values) -> Values:
        """As a referral will show them; without those that are never written there."""
        kept = {name: value for name, value in values.items() if not is_extra(name)}
        for pair in self.pairs:
            if pair.outbound and (name := name_of(pair)) in values:
                kept[name] = _cut(pair, values[name])
        return kept


NONE = Extras()


def _cut(pair: Pair, value: Value) -> Value:
    return value[: pair.length] if pair.length and isinstance(value, str) else value


def _empty(value: Value) -> Value:
    return None if value == NO_AMOUNT else blank(value)


def _day(found: Any) -> Value:
    moment = instant(found) if isinstance(found, str) else None
    return moment.date() if moment else None


def _amount(found: Any) -> Value:
    """A number, which may come as a text, as Microsoft's own samples send it."""
    if isinstance(found, bool) or found is None or len(spelled(found)) > 2 * MOST_DIGITS:
        return None
    try:
        amount = Decimal(spelled(found).strip())
    except InvalidOperation:
        return None
    return Money(amount, None) if amount.is_finite() and abs(amount.adjusted()) <= MOST_DIGITS else None


def _flag(found: Any) -> Value:
    return {"true": True, "false": False}.get(spelled(found).casefold())


def _text(found: Any) -> Value:
    return spelled(found) or None


_READ: Mapping[str, Callable[[Any], Value]] = {
    "text": _text,
    "choice": _text,
    "date": _day,
    "money": _amount,
    "number": _amount,
    "yes_no": _flag,
}


def _noon(value: Value) -> Any:
    return f"{value.isoformat()}T12:00:00Z" if isinstance(value, date) else None


def _number(value: Value) -> Any:
    return value.amount if isinstance(value, Money) else None


_WRITE: Mapping[str, Callable[[Value], Any]] = {
    "text": lambda value: value or "",
    "choice": lambda value: value or "",
    "date": _noon,
    "money": _number,
    "number": _number,
    "yes_no": lambda value: value,
}
