"""A deal's values as columns of an opportunity: only those that differ from what the row holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.extras import Extras
from shared.connectors.dynamics.journal import audit_text, cut, mark_of, marked_name, plain_name
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import extras
from shared.connectors.dynamics.vocabulary import HELD, OPEN, STATE_OF, choice_of
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.oneline import quoted
from shared.domain.values import Money, Value, Values, blank
from shared.errors import NotMet
from shared.ports import NO_NOTE, Note

Body = dict[str, Any]
NO_ROW = Row({})


@dataclass(frozen=True, kw_only=True)
class Currency:
    """A currency of this organisation: the id of its row, its ISO 4217 code, and its decimal places."""

    id: str
    code: str
    precision: int | None


@dataclass(frozen=True, kw_only=True)
class Trace:
    """What is written beside the deal's own fields."""

    marker: str = ""
    counterpart: str = ""
    link: str = ""
    note: Note = NO_NOTE
    share: bool = False


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Builds bodies for one organisation at one time; raises NotMet for what a person has to mend."""

    config: Config
    schema: Schema
    now: datetime
    currency: Currency | None = None

    def body(self, values: Values, trace: Trace, row: Row = NO_ROW) -> Body:
        """The columns that a PATCH has to carry, given the row as it is; NO_ROW for one that is being made."""
        made: Body = {}
        for field, value in values.items():
            if field in _FIELDS:
                made |= _FIELDS[field](self, value, row)
            elif deal.is_extra(field):
                made |= self.extras.body(field, value)
        made |= self._name(values, trace.note, row) | self._trace(trace, row)
        return {name: value for name, value in made.items() if not _holds(row, name, value)}

    @property
    def extras(self) -> Extras:
        return extras(self.config, self.schema, self.currency.precision if self.currency else None)

    def _amount(self, value: Value, row: Row) -> Body:
        money = value if isinstance(value, Money) else Money(None, None)
        field = self.config.deal_value_field
        return {field: self.rounded(money.amount)} | self._currency_columns(money.currency, row)

    def rounded(self, amount: Decimal | None) -> Decimal | int | None:
        """The amount as its column holds it; raises NotMet for one that it cannot hold."""
        if amount is None:
            return None
        column = self.schema.opportunity.columns[self.config.deal_value_field]
        if reason := column.beyond(amount):
            raise NotMet(f"The deal value {amount:f} {reason}: correct it")
        return column.rounded(amount, self.currency.precision if self.currency else None)

    def _currency_columns(self, code: str | None, row: Row) -> Body:
        """A lookup is bound only where it changes: binding the same currency again counts as changing it."""
        if self.config.deal_currency_field:
            return {self.config.deal_currency_field: code} if code else {}
        if self.currency is None or row.lookup("transactioncurrencyid") == self.currency.id:
            return {}
        return {"transactioncurrencyid@odata.bind": f"/transactioncurrencies({self.currency.id})"}

    def _closing_date(self, value: Value, _row: Row) -> Body:
        return {"estimatedclosedate": value.isoformat() if isinstance(value, date) else None}

    def _notes(self, value: Value, _row: Row) -> Body:
        length = self.schema.opportunity.length("description")
        return {"description": cut(value, length) if isinstance(value, str) and value else None}

    def _status(self, value: Value, row: Row) -> Body:
        """On Hold or not; any other open reason is the seller's own business and stays. Closing is an action."""
        stage = Stage(str(value))
        if STATE_OF[stage] != OPEN:
            return {}
        status, held = row.whole("statuscode"), stage in HELD
        wanted = self.schema.on_hold if held else self.schema.in_progress
        if "statecode" not in row:
            return {"statuscode": wanted} if held or self.schema.reasons.accepted else {}
        return {} if (status in self.schema.holding) == held else {"statuscode": wanted}

    def _visible(self, value: Value, _row: Row) -> Body:
        return self._known(self.config.names.visible, bool(value))

    def _help(self, value: Value, _row: Row) -> Body:
        return self._choice("help", self.config.names.help, value)

    def _intent(self, value: Value, _row: Row) -> Body:
        return self._choice("intent", self.config.names.intent, value)

    def _program(self, value: Value, _row: Row) -> Body:
        return self._text(self.config.names.program, value)

    def _microsoft_id(self, value: Value, _row: Row) -> Body:
        return self._text(self.config.names.microsoft_id, value)

    def _registration(self, value: Value, _row: Row) -> Body:
        return self._text(self.schema.registration.name("status"), value)

    def _registration_reason(self, value: Value, _row: Row) -> Body:
        return self._text(self.schema.registration.name("reason"), value)

    def _known(self, column: str, value: object) -> Body:
        return {column: value} if column in self.schema.opportunity else {}

    def _text(self, column: str, value: Value) -> Body:
        text = value if isinstance(value, str) else ""
        return self._known(column, cut(text, self.schema.opportunity.length(column)) or None)

    def _choice(self, kind: str, name: str, value: Value) -> Body:
        column = self.schema.opportunity.columns.get(name)
        if column is None:
            return {}
        if blank(value) is None:
            return {name: None}
        choice = choice_of(kind, str(value), column)
        if choice is None:
            raise NotMet(
                f"The column {name} of Dynamics 365 has no option for {quoted(str(value))}: add it to the column"
            )
        return {name: choice.value}

    def _name(self, values: Values, note: Note, row: Row) -> Body:
        """The name with its mark: a new one, the one that it carries, or none where marks are switched off."""
        before = row.text("name")
        if deal.NAME not in values and not (note.mark and self.config.show_mark):
            return {}
        name = str(values[deal.NAME] or "") if deal.NAME in values else plain_name(before)
        mark = (note.mark or mark_of(before)) if self.config.show_mark else None
        return {"name": marked_name(plain_name(name), mark, self.schema.opportunity.length("name"))}

    def _trace(self, trace: Trace, row: Row) -> Body:
        """Columns of the connector that this organisation does not have are passed over."""
        names, body = self.config.names, dict[str, Any]()
        if trace.share:
            body |= self._known(names.sync, value=True)
        if trace.marker:
            body |= self._known(names.marker, trace.marker)
        if trace.counterpart:
            body |= self._known(names.referral, trace.counterpart)
        if trace.link:
            body |= self._text(names.link, trace.link)
        if trace.note.line:
            length = self.schema.opportunity.length(names.audit)
            text = audit_text(trace.note.line, row.text(names.audit), now=self.now, length=length)
            body |= self._known(names.audit, text)
        return body


_Write = Callable[[Writer, Value, Row], Body]
_FIELDS: Mapping[str, _Write] = MappingProxyType(
    {
        deal.AMOUNT: Writer._amount,  # noqa: SLF001  the table of its own methods
        deal.CLOSING_DATE: Writer._closing_date,  # noqa: SLF001  the same
        deal.NOTES: Writer._notes,  # noqa: SLF001  the same
        deal.STAGE: Writer._status,  # noqa: SLF001  the same
        deal.VISIBLE: Writer._visible,  # noqa: SLF001  the same
        deal.HELP: Writer._help,  # noqa: SLF001  the same
        deal.INTENT: Writer._intent,  # noqa: SLF001  the same
        deal.PROGRAM: Writer._program,  # noqa: SLF001  the same
        deal.MICROSOFT_ID: Writer._microsoft_id,  # noqa: SLF001  the same
        deal.REGISTRATION: Writer._registration,  # noqa: SLF001  the same
        deal.REGISTRATION_REASON: Writer._registration_reason,  # noqa: SLF001  the same
    },
)


def _holds(row: Row, name: str, value: object) -> bool:
    """Does the row show this value already? Changed columns only: an unchanged one still counts as an update."""
    return name in row and row.data[name] == value
