"""The customer of a new opportunity: its account and contact, found or made, never overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared.connectors.dynamics.calls import Calls
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.journal import cut
from shared.connectors.dynamics.odata import Row, equals, joined
from shared.connectors.dynamics.schema import Schema, Table
from shared.connectors.dynamics.selection import ADDRESS, CONTACT, account_columns
from shared.domain.identity import chosen_id, plain
from shared.domain.values import Customer, Person, Ref
from shared.errors import NeedsDecision, NotMet

ACTIVE = "statecode eq 0"
MOST_CANDIDATES = 5
FIRST_MADE = "createdon asc"  # of several alike, the same one each time


@dataclass(frozen=True, kw_only=True)
class Customers:
    """Finds and makes rows of one organisation."""

    calls: Calls
    config: Config
    schema: Schema

    async def account(self, customer: Customer) -> str:
        """The id of the one active account with this name and postal code, made where there is none."""
        name = cut(customer.name.strip(), self.schema.account.length("name"))
        if not name:
            raise NotMet("The referral names no customer: fill in the company's name in Partner Center")
        found = await self._accounts(name, customer.address.postal_code.strip())
        if len(found) > 1:
            raise _choose(name, found)
        if not found:
            return await self._make_account(name, customer)
        await self._fill_country(found[0], customer.address.country)
        return found[0].text("accountid")

    async def _accounts(self, name: str, postal_code: str) -> tuple[Row, ...]:
        alike = f"{equals('name', name)} and {equals(ADDRESS['postal_code'], postal_code)} and {ACTIVE}"
        query = {"$select": self._columns, "$filter": alike, "$orderby": FIRST_MADE, "$top": str(MOST_CANDIDATES)}
        return await self.calls.list("accounts", query)

    @property
    def _columns(self) -> str:
        return joined((*account_columns(self.config), "statecode"))

    async def _make_account(self, name: str, customer: Customer) -> str:
        ident = chosen_id(self.config.pair, "account", plain(name), plain(customer.address.postal_code))
        body = _texts(self.schema.account, {"name": name} | self._address(customer))
        if await self.calls.make(f"accounts({ident})", body, select="accountid") is None:
            await self._usable(ident, name)
        return ident

    def _address(self, customer: Customer) -> dict[str, str]:
        columns = {column: getattr(customer.address, part) for part, column in ADDRESS.items()}
        return columns | {self.config.country_code_field: customer.address.country}

    async def _usable(self, ident: str, name: str) -> None:
        """The account that was once made for this customer: it may have been renamed, or deactivated since."""
        row = await self.calls.get(f"accounts({ident})", {"$select": self._columns})
        if row is not None and row.whole("statecode") != 0:
            raise NeedsDecision(
                f'The account that was made for "{name}" is inactive in Dynamics 365 ({Ref("account", ident)})',
                advice="Activate it, or give an active account this name and postal code, then replay",
            )

    async def _fill_country(self, account: Row, country: str) -> None:
        """Only an empty country code is filled in: an account's data is the customer's own."""
        field = self.config.country_code_field
        if country and not account.text(field).strip():
            body = _texts(self.schema.account, {field: country})
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
        await self.calls.make(f"contacts({ident})", _texts(self.schema.contact, columns) | bound, select="contactid")
        return ident


def _same(person: Person) -> str:
    """People are known by their mail address; without one, by their whole name."""
    if person.key:
        return equals("emailaddress1", person.email.strip())
    return f"{equals('firstname', person.first_name)} and {equals('lastname', person.last_name)}"


def _texts(table: Table, columns: dict[str, str]) -> dict[str, Any]:
    """Non-empty texts, each within its column."""
    return {name: cut(text.strip(), table.length(name)) for name, text in columns.items() if text.strip()}


def _choose(name: str, found: tuple[Row, ...]) -> NeedsDecision:
    listed = ", ".join(row.text("accountid") for row in found)
    return NeedsDecision(
        f'{len(found)} active accounts in Dynamics 365 are named "{name}" with the same postal code: {listed}',
        advice="Merge them or correct their names or postal codes, then replay",
    )
