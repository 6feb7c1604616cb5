"""What an opportunity will show of values once they are written: rounded and cut as its columns want it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.journal import cut, plain_name
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.writing import Writer
from shared.domain import deal
from shared.domain.values import Money, Value, Values, frozen


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One organisation's columns; `writer` knows the precision of the currency that the values are in."""

    config: Config
    schema: Schema
    writer: Writer

    def of(self, values: Values) -> Values:
        """Raises NotMet for an amount that the column cannot hold at all."""
        return frozen(dict(self._each(values)))

    def _each(self, values: Values) -> Iterator[tuple[str, Value]]:
        columns = self._columns
        for name, value in values.items():
            if deal.is_extra(name):
                yield from self.writer.extras.held(name, value)
            elif isinstance(value, Money):
                amount = self.writer.rounded(value.amount)
                yield name, Money(None if amount is None else Decimal(amount), value.currency)
            elif isinstance(value, str) and name in columns:
                text = plain_name(value) if name == deal.NAME else value
                yield name, cut(text, self.schema.opportunity.length(columns[name]))
            else:
                yield name, value

    @property
    def _columns(self) -> Mapping[str, str]:
        """The columns that cut a text instead of refusing it."""
        names, registration = self.config.names, self.schema.registration
        return {
            deal.NAME: "name",
            deal.NOTES: "description",
            deal.PROGRAM: names.program,
            deal.MICROSOFT_ID: names.microsoft_id,
            deal.REGISTRATION: registration.name("status"),
            deal.REGISTRATION_REASON: registration.name("reason"),
        }
