"""The customer of a new opportunity: its account and contact, found or made, never overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.defaults import Defaults, told
from shared.connectors.dynamics.journal import cut
from shared.connectors.dynamics.matching import Wanted, wanted
from shared.connectors.dynamics.odata import Row, any_of, equals, joined
from shared.connectors.dynamics.schema import Schema, Table
from shared.connectors.dynamics.selection import ADDRESS, CONTACT, account_columns, country_lookup
from shared.domain.identity import chosen_id, plain
from shared.domain.oneline import quoted
from shared.domain.values import Customer, Person, Ref
from shared.errors import NeedsDecision, NotMet
from shared.ports import Snapshot

ACTIVE = "statecode eq 0"
MOST_CANDIDATES = 5
MOST_OF_A_DOMAIN = 50  # rows that a filter may find before their domains are compared
FIRST_MADE = "createdon asc"  # of several alike, the same one each time


@dataclass(frozen=True, kw_only=True)
class Customers:
    """Finds and makes rows of one organisation; `people` are the customer's, `origin` the record that names it."""

    calls: Calls
    config: Config
    schema: Schema
    people: tuple[Person, ...] = ()
    origin: Snapshot | None = None

    async def account(self, customer: Customer) -> str:
        """The id of the one active account that the first rule finds; where none finds any, of a new one."""
        name = cut(customer.name.strip(), self.schema.account.length("name"))
        if not name:
            raise NotMet("The referral names no customer: fill in the company's name in Partner Center")
        postal_code, referral = customer.address.postal_code.strip(), told(self.origin)
        rules = self.config.custom.wishes.account.rules
        looked = [one for rule in rules if (one := wanted(rule, name, postal_code, self.people, referral)).applies]
        for one in looked:
            found = await self._accounts(one)
            if len(found) > 1:
                raise _choose(one, found)
            if found:
                await self._fill_country(found[0], customer.address.country)
                return found[0].text("accountid")
        by_name = not looked or any(rule.standard for rule in rules)
        return await self._make_account(name, customer, looked, () if by_name else looked[0].seed)

    async def _accounts(self, one: Wanted) -> tuple[Row, ...]:
        alike = f"{one.filter} and {ACTIVE}"
        most = MOST_CANDIDATES if not one.domain else MOST_OF_A_DOMAIN
        select = joined((self._columns, *one.columns))
        query = {"$select": select, "$filter": alike, "$orderby": FIRST_MADE, "$top": str(most)}
        found = await self.calls.list("accounts", query)
        return tuple(row for row in found if one.fits(row))

    @property
    def _columns(self) -> str:
        lookup = self.config.custom.wishes.countries.lookup
        return joined((*account_columns(self.config), *((f"_{lookup.column}_value",) if lookup else ()), "statecode"))

    async def _make_account(self, name: str, customer: Customer, looked: list[Wanted], seed: tuple[str, ...]) -> str:
        """An account that its own rules find again; what is wished of new ones gives way to what they say."""
        ident = chosen_id(self.config.pair, "account", plain(name), plain(customer.address.postal_code), *seed)
        known = {column: text for one in looked for column, text in one.equal.items()}
        body = _texts(self.schema.account, known | {"name": name} | self._address(customer))
        body = await self._defaults("account", self.schema.account) | body
        body |= await self._country(customer.address.country)
        if await self.calls.make(f"accounts({ident})", body, select="accountid") is None:
            await self._usable(ident, name)
        return ident

    async def _defaults(self, name: str, table: Table) -> dict[str, Any]:
        defaults = Defaults(calls=self.calls, wishes=self.config.custom.wishes, schema=self.schema)
        return await defaults.of(name, table, self.origin)

    def _address(self, customer: Customer) -> dict[str, str]:
        columns = {column: getattr(customer.address, part) for part, column in ADDRESS.items()}
        return columns | {self.config.country_code_field: self.config.countries.called(customer.address.country)}

    async def _country(self, code: str) -> dict[str, Any]:
        """The lookup to the row of a country, where accounts have one and exactly one row is found."""
        looked = country_lookup(self.config, self.schema)
        table = self.schema.tables.get(looked[1]) if looked else None
        if looked is None or table is None or not code:
            return {}
        way, _, holds = looked
        names = [code, *(name for name, known in self.config.countries.names.items() if known == code)]
        query = {"$select": table.key, "$filter": any_of(holds, names), "$top": "2"}
        found = await self.calls.list(table.set, query)
        return {f"{way}@odata.bind": f"/{table.set}({found[0].text(table.key)})"} if len(found) == 1 else {}

    async def _usable(self, ident: str, name: str) -> None:
        """The account that was once made for this customer: it may have been renamed, or deactivated since."""
        row = await self.calls.get(f"accounts({ident})", {"$select": self._columns})
        if row is not None and row.whole("statecode") != 0:
            raise NeedsDecision(
                f"The account that was made for {quoted(name)} is inactive in Dynamics 365 ({Ref('account', ident)})",
                advice="Activate it, or give an active account this name and postal code, then replay",
            )

    async def _fill_country(self, account: Row, country: str) -> None:
        """Only an empty country is filled in: an account's data is the customer's own."""
        field, lookup = self.config.country_code_field, self.config.custom.wishes.countries.lookup
        body: dict[str, Any] = {}
        if country and not account.text(field).strip():
            body = _texts(self.schema.account, {field: self.config.countries.called(country)})
        if lookup and not account.lookup(lookup.column):
            body |= await self._country(country)
        if body:
            ident, version = account.text("accountid"), account.version
            await self.calls.patch(f"accounts({ident})", body, match=version, select="accountid")

    async def contact(self, person: Person, account: str) -> str:
        """The id of the account's contact with this mail address, made where there is none."""
        mail = person.email.strip()
        alike = f"{_same(person)} and _parentcustomerid_value eq {account} and {ACTIVE}"
        query = {"$select": joined(CONTACT), "$filter": alike, "$orderby": FIRST_MADE, "$top": "1"}
        found = await self.calls.list("contacts", query)
        if found:
            return found[0].text("contactid")
        ident = chosen_id(self.config.pair, "contact", account, person.key or plain(str(person)))
        # lastname is required of a contact; people are known by their address where nothing else is.
        columns = {
            "firstname": person.first_name,
            "lastname": person.last_name or mail.partition("@")[0],
            "emailaddress1": mail,
            "telephone1": person.phone,
            "jobtitle": person.title,
        }
        bound = {"parentcustomerid_account@odata.bind": f"/accounts({account})"}
        body = await self._defaults("contact", self.schema.contact) | _texts(self.schema.contact, columns) | bound
        await self.calls.make(f"contacts({ident})", body, select="contactid")
        return ident


def _same(person: Person) -> str:
    """People are known by their mail address; without one, by their whole name."""
    if person.key:
        return equals("emailaddress1", person.email.strip())
    return f"{equals('firstname', person.first_name)} and {equals('lastname', person.last_name)}"


def _texts(table: Table, columns: dict[str, str]) -> dict[str, Any]:
    """Non-empty texts, each within its column."""
    return {name: cut(text.strip(), table.length(name)) for name, text in columns.items() if text.strip()}


def _choose(one: Wanted, found: tuple[Row, ...]) -> NeedsDecision:
    listed = ", ".join(row.text("accountid") for row in found[:MOST_CANDIDATES])
    return NeedsDecision(
        f"{len(found)} active accounts in Dynamics 365 {one.words}: {listed}",
        advice=f"Merge them or correct their {one.what}, then replay",
    )
