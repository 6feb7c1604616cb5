"""Creating an opportunity once: its customer first, then the row with its solutions in one change set."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.connectors.dynamics.calls import Calls, merged
from shared.connectors.dynamics.catalog import Catalog
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.customers import Customers
from shared.connectors.dynamics.defaults import Defaults
from shared.connectors.dynamics.directory import Directory
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import columns, query
from shared.connectors.dynamics.unread import unread
from shared.connectors.dynamics.verdicts import AlreadyThere
from shared.connectors.dynamics.writing import Trace, Writer
from shared.domain import deal
from shared.domain.values import Customer, Group, Money, Person, Value
from shared.errors import Conflict, NotMet
from shared.ports import Draft

Binds = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Creation:
    """Creates rows of one organisation at one time."""

    calls: Calls
    config: Config
    schema: Schema
    directory: Directory
    now: datetime

    async def row(self, draft: Draft) -> Row:
        """The new row as the server shows it; the existing one, unchanged, where the id is taken."""
        money = draft.values.get(deal.AMOUNT)
        catalog = Catalog(calls=self.calls, config=self.config, names=self.schema.solutions)
        customer, wished, owner, currency, details = await asyncio.gather(
            self._customer(draft),
            self._defaults.of("opportunity", self.schema.opportunity, draft.source_record),
            self._owner(draft),
            self.directory.currency(
                money.currency if isinstance(money, Money) else None, as_text=bool(self.config.deal_currency_field)
            ),
            catalog.details(catalog.missing(draft.values, None)),
        )
        writer = Writer(config=self.config, schema=self.schema, now=self.now, currency=currency)
        trace = Trace(marker=draft.marker, counterpart=draft.source.id, link=draft.source_link, note=draft.note)
        body = writer.body(draft.values, trace) | customer | owner | _lead(draft) | {self.config.names.sync: True}
        body |= {name: value for name, value in wished.items() if body.get(name) is None}
        path = f"opportunities({draft.id})"
        operations = [self.calls.patching(path, body, select=columns(self.config, self.schema))]
        wanted = catalog.missing(draft.values, None)
        try:
            return await self._sent(path, [*operations, *catalog.additions(draft.id, wanted, details)])
        except AlreadyThere:  # and no opportunity: it was deleted, and the rows of its solutions were not
            taken = await catalog.orphans(draft.id, wanted)
            if not taken:
                raise
        return await self._sent(path, [*operations, *catalog.additions(draft.id, wanted, details, taken)])

    async def _sent(self, path: str, operations: list[Any]) -> Row:
        read = self.calls.reading(path, query(self.config, self.schema))
        done = await self.calls.batch(operations, read)
        shown = done.row()
        try:
            self.calls.check(done.changes)
        except (AlreadyThere, Conflict):
            if shown is None:
                raise
            return shown
        if shown is None:
            raise unread(self.calls, done, "the new opportunity could not be read")
        return merged(done.changes, shown)

    @property
    def _defaults(self) -> Defaults:
        return Defaults(calls=self.calls, wishes=self.config.custom.wishes, schema=self.schema)

    async def _customer(self, draft: Draft) -> Binds:
        customers = Customers(
            calls=self.calls,
            config=self.config,
            schema=self.schema,
            people=tuple(_people(draft.values.get(deal.CONTACTS))),
            origin=draft.source_record,
        )
        customer = draft.values.get(deal.CUSTOMER)
        if not isinstance(customer, Customer):
            raise NotMet("The referral names no customer: fill in the company's name in Partner Center")
        account = await customers.account(customer)
        # The potential customer is filled in by the service from the account, or is not: said explicitly, it is.
        found: Binds = dict.fromkeys(
            ("parentaccountid@odata.bind", "customerid_account@odata.bind"), f"/accounts({account})"
        )
        contacts = sorted(_people(draft.values.get(deal.CONTACTS)), key=lambda person: person.key)
        if contacts:
            found["parentcontactid@odata.bind"] = f"/contacts({await customers.contact(contacts[0], account)})"
        return found

    async def _owner(self, draft: Draft) -> Binds:
        team = draft.values.get(deal.TEAM)
        owner = await self.directory.owner(team if isinstance(team, Group) else Group(), self.config.default_owner)
        return {"ownerid@odata.bind": owner} if owner else {}


def _lead(draft: Draft) -> Binds:
    return {"originatingleadid@odata.bind": f"/leads({draft.origin.id})"} if draft.origin else {}


def _people(value: Value) -> list[Person]:
    return [one for one in value if isinstance(one, Person)] if isinstance(value, Group) else []
