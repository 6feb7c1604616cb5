"""The rows around a deal as people and companies."""

from __future__ import annotations

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.selection import ADDRESS, country_lookup
from shared.domain.values import Address, Customer, Person


def account_of(row: Row) -> Row | None:
    """The form's Account, else the potential customer where that is a company."""
    return row.child("parentaccountid") or row.child("customerid_account")


def contact_of(row: Row) -> Row | None:
    """The form's Contact, else the potential customer where that is a person."""
    return row.child("parentcontactid") or row.child("customerid_contact")


def customer(account: Row, config: Config, schema: Schema) -> Customer:
    country = _country(account, config, schema)
    address = {part: account.text(column) for part, column in ADDRESS.items()}
    called = config.countries.code(country) or country
    return Customer(name=account.text("name"), address=Address(**address, country=called))


def _country(account: Row, config: Config, schema: Schema) -> str:
    """What the lookup's row holds, which is what people choose, else the account's own text."""
    looked = country_lookup(config, schema)
    row = account.child(looked[0]) if looked else None
    return (row.text(looked[2]).strip() if row and looked else "") or account.text(config.country_code_field).strip()


def person(contact: Row) -> Person:
    return Person(
        email=contact.text("emailaddress1").strip(),
        first_name=contact.text("firstname"),
        last_name=contact.text("lastname"),
        phone=contact.text("telephone1") or contact.text("mobilephone"),
        title=contact.text("jobtitle"),
    )


def member(user: Row) -> Person | None:
    """A seller; nobody where the user is an application or has left."""
    if user.text("applicationid") or user.flag("isdisabled"):
        return None
    phones = ("address1_telephone1", "mobilephone", "homephone")
    return Person(
        email=user.text("internalemailaddress").strip(),
        first_name=user.text("firstname"),
        last_name=user.text("lastname"),
        phone=next((user.text(name) for name in phones if user.text(name)), ""),
        title=user.text("jobtitle"),
    )
