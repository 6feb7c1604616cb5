"""A deal's values as columns of a lead: only those that differ from what the row holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from shared.connectors.dynamics.journal import audit_text, cut, plain_name
from shared.connectors.dynamics.lead_schema import LeadSchema
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.writing import NO_ROW, Currency, Trace
from shared.domain import deal
from shared.domain.countries import USUAL, Countries
from shared.domain.values import Customer, Group, Money, Person, Values, frozen
from shared.errors import NotMet

Body = dict[str, Any]
AMOUNT = "estimatedamount"  # the money column; estimatedvalue of a lead is a number without a currency
FOLLOWED = frozenset({deal.NAME, deal.AMOUNT, deal.CLOSING_DATE, deal.NOTES, deal.CONTACTS, deal.STAGE})


@dataclass(frozen=True, kw_only=True)
class LeadWriter:
    """Builds bodies for one organisation at one time; raises NotMet for what a person has to mend."""

    schema: LeadSchema
    now: datetime
    currency: Currency | None = None
    countries: Countries = USUAL

    def body(self, values: Values, trace: Trace, row: Row = NO_ROW) -> Body:
        """The columns that a PATCH has to carry, given the row as it is; NO_ROW for one that is being made."""
        made: Body = {}
        if deal.NAME in values:
            made |= self._text("subject", plain_name(str(values[deal.NAME] or "")))
        if deal.NOTES in values:
            made |= self._text("description", str(values[deal.NOTES] or ""))
        if deal.CLOSING_DATE in values:
            day = values[deal.CLOSING_DATE]
            made["estimatedclosedate"] = day.isoformat() if isinstance(day, date) else None
        if isinstance(money := values.get(deal.AMOUNT), Money):
            made |= self._money(money, row)
        made |= self._trace(trace, row)
        return {name: value for name, value in made.items() if not (name in row and row.data[name] == value)}

    def customer(self, values: Values) -> Body:
        """The company and the person of a new lead: later they are the customer's own data."""
        company = values.get(deal.CUSTOMER)
        people = values.get(deal.CONTACTS)
        found = sorted(people, key=lambda one: one.key) if isinstance(people, Group) else []
        made = _company(company, self.countries) if isinstance(company, Customer) else {}
        made |= _person(found[0]) if found and isinstance(found[0], Person) else {}
        made.setdefault("lastname", made.get("companyname", ""))  # a lead needs a name or a company
        return {n: v for name, text in made.items() if text.strip() for n, v in self._text(name, text.strip()).items()}

    def held(self, values: Values) -> Values:
        """What a lead will show of the values once they are written; of the others it shows nothing."""
        shown = {name: value for name, value in values.items() if name in FOLLOWED}
        if isinstance(money := shown.get(deal.AMOUNT), Money):
            amount = self._rounded(money.amount)
            shown[deal.AMOUNT] = Money(None if amount is None else Decimal(amount), money.currency)
        for name, column in ((deal.NAME, "subject"), (deal.NOTES, "description")):
            if isinstance(text := shown.get(name), str):
                shown[name] = cut(plain_name(text) if name == deal.NAME else text, self.schema.table.length(column))
        return frozen(shown)

    def _text(self, column: str, text: str) -> Body:
        return {column: cut(text, self.schema.table.length(column)) or None} if column in self.schema.table else {}

    def _money(self, money: Money, row: Row) -> Body:
        made: Body = {AMOUNT: self._rounded(money.amount)}
        if self.currency is not None and row.lookup("transactioncurrencyid") != self.currency.id:
            made["transactioncurrencyid@odata.bind"] = f"/transactioncurrencies({self.currency.id})"
        return made

    def _rounded(self, amount: Decimal | None) -> Decimal | int | None:
        if amount is None:
            return None
        column = self.schema.table.columns[AMOUNT]
        if reason := column.beyond(amount):
            raise NotMet(f"The deal value {amount:f} {reason}: correct it")
        return column.rounded(amount, self.currency.precision if self.currency else None)

    def _trace(self, trace: Trace, row: Row) -> Body:
        names, body = self.schema.names, dict[str, Any]()
        body |= {names.marker: trace.marker} if trace.marker and names.marker else {}
        body |= {names.referral: trace.counterpart} if trace.counterpart else {}
        body |= self._text(names.link, trace.link) if trace.link and names.link else {}
        if trace.note.line and names.audit:
            length = self.schema.table.length(names.audit)
            body[names.audit] = audit_text(trace.note.line, row.text(names.audit), now=self.now, length=length)
        return body


def _company(customer: Customer, countries: Countries) -> dict[str, str]:
    address = customer.address
    return {
        "companyname": customer.name,
        "address1_line1": address.line1,
        "address1_line2": address.line2,
        "address1_city": address.city,
        "address1_stateorprovince": address.state,
        "address1_postalcode": address.postal_code,
        "address1_country": countries.called(address.country),
    }


def _person(person: Person) -> dict[str, str]:
    return {
        "firstname": person.first_name,
        "lastname": person.last_name or person.email.partition("@")[0],
        "emailaddress1": person.email,
        "telephone1": person.phone,
        "jobtitle": person.title,
    }
