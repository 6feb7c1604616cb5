"""An opportunity's row as a deal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.journal import plain_name
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.people import account_of, contact_of, customer, member, person
from shared.connectors.dynamics.registering import registration_of
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import extras
from shared.connectors.dynamics.solutions import solutions_of
from shared.connectors.dynamics.vocabulary import OPEN, code_of, stage_of
from shared.domain import deal
from shared.domain.values import Group, Money, Person, Ref, Side, Value, frozen, group
from shared.ports import Snapshot

CLOSED_REASON = "the opportunity is closed in Dynamics 365: reopen it to change it"
COMPUTED_REASON = "the deal value is computed from products in Dynamics 365"


@dataclass(frozen=True, kw_only=True)
class Native:
    """What the gateway itself remembers of a read: the row, and the currency codes known by then."""

    row: Row


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads rows of one organisation. `currencies` maps the id of a currency to its ISO 4217 code."""

    config: Config
    schema: Schema
    currencies: Mapping[str, str]

    def snapshot(self, row: Row, team: tuple[Row, ...] | None = None) -> Snapshot:
        """The deal that a row shows; rows around it only where the read asked for them.

        `team` is the rest of the sales team where the row has one (read apart); None shows no team at all.
        """
        names, ident = self.config.names, row.text("opportunityid").lower()
        return Snapshot(
            side=Side.CRM,
            ref=Ref("opportunity", ident),
            version=row.version,
            values=frozen(dict((*self._own(row), *self._around(row, team)))),
            modified=row.moment("modifiedon"),
            created=row.moment("createdon"),
            counterpart=row.text(names.referral).strip(),
            marker=row.text(names.marker) if names.marker in self.schema.opportunity else None,
            locked=self._locks(row),
            related=tuple(dict.fromkeys(self._related(row, team or ()))),
            shared=row.flag(names.sync),
            origin=Ref("lead", lead) if (lead := row.lookup("originatingleadid")) else None,
            link=self.config.page(ident),
            name=plain_name(row.text("name")),
            native=Native(row=row),
        )

    def amount(self, row: Row) -> Money:
        return Money(row.number(self.config.deal_value_field), self._currency(row))

    def _currency(self, row: Row) -> str | None:
        if self.config.deal_currency_field:
            return row.text(self.config.deal_currency_field).strip().upper() or None
        expanded = row.child("transactioncurrencyid")
        code = expanded.text("isocurrencycode") if expanded else None
        return code or self.currencies.get(row.lookup("transactioncurrencyid"))

    def _own(self, row: Row) -> Iterator[tuple[str, Value]]:
        """The fields that lie in the opportunity's own columns."""
        state, status = row.whole("statecode"), row.whole("statuscode")
        yield deal.NAME, plain_name(row.text("name"))
        yield deal.AMOUNT, self.amount(row)
        yield deal.CLOSING_DATE, row.day("estimatedclosedate")
        yield deal.NOTES, row.text("description") or None
        yield deal.STAGE, stage_of(state, status, self.schema)
        if state != OPEN:
            reason = self.schema.reason(status)
            actual: Decimal | None = row.number("actualvalue")
            yield deal.CLOSE_REASON, reason.label if reason else None
            yield deal.ACTUAL, None if actual is None else Money(actual, self._currency(row))
        yield from self._connector(row)
        yield from registration_of(row, self.schema.registration, self._worth(row))
        yield from extras(self.config, self.schema).shown(row)

    def _worth(self, row: Row) -> Money:
        """What the deal was won for, else its value."""
        won = row.number("actualvalue") if row.whole("statecode") != OPEN else None
        return self.amount(row) if won is None else Money(won, self._currency(row))

    def _connector(self, row: Row) -> Iterator[tuple[str, Value]]:
        """The connector's columns, as many as this organisation has."""
        names, columns = self.config.names, self.schema.opportunity.columns
        if names.visible in columns:
            yield deal.VISIBLE, row.flag(names.visible)
        for field, kind, column in ((deal.HELP, "help", names.help), (deal.INTENT, "intent", names.intent)):
            if column in columns:
                yield field, code_of(kind, columns[column].choice(row.whole(column)))
        for field, column in ((deal.PROGRAM, names.program), (deal.MICROSOFT_ID, names.microsoft_id)):
            if column in columns:
                yield field, row.text(column) or None

    def _around(self, row: Row, team: tuple[Row, ...] | None) -> Iterator[tuple[str, Value]]:
        """The fields that lie in rows around it; the answer to a write shows none of them."""
        if "parentaccountid" in row:
            account = account_of(row)
            yield deal.CUSTOMER, customer(account, self.config, self.schema) if account else None
        if "parentcontactid" in row:
            contact = contact_of(row)
            yield deal.CONTACTS, group([person(contact)] if contact else [])
        if team is not None:
            yield deal.TEAM, _team(row, team)
        if self.schema.solutions and self.schema.solutions.collection in row:
            yield deal.SOLUTIONS, solutions_of(row, self.schema.solutions)

    def _locks(self, row: Row) -> Mapping[str, str]:
        if row.whole("statecode") != OPEN:
            own = extras(self.config, self.schema).names
            return dict.fromkeys((name for name in (*deal.TITLES, *own) if name not in deal.AFTER_WON), CLOSED_REASON)
        computed = row.flag("isrevenuesystemcalculated") and self.config.deal_value_field == "estimatedvalue"
        return {deal.AMOUNT: COMPUTED_REASON} if computed else {}

    def _related(self, row: Row, team: tuple[Row, ...]) -> Iterator[Ref]:
        """The records whose change may mend this deal."""
        for kind, found in (("account", account_of(row)), ("contact", contact_of(row))):
            if found:
                yield Ref(kind, found.text(f"{kind}id").lower())
        for user in (row.child("owninguser"), *team):
            if user:
                yield Ref("systemuser", user.text("systemuserid").lower())
        if names := self.schema.solutions:
            for child in row.children(names.collection):
                yield Ref(names.row, child.text(names.row_id).lower())


def _team(row: Row, rest: tuple[Row, ...]) -> Group:
    owner = row.child("owninguser")
    users = [user for user in (owner, *rest) if user]
    people: list[Person] = [found for user in users if (found := member(user))]
    return group(people)
