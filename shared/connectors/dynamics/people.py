"""The rows around a deal as people and companies."""

from __future__ import annotations

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.selection import ADDRESS
from shared.domain.countries import country_code
from shared.domain.values import Address, Customer, Person


def account_of(row: Row) -> Row | None:
    """The form's Account, else the potential customer where that is a company."""
    return row.child("parentaccountid") or row.child("customerid_account")


def contact_of(row: Row) -> Row | None:
    """The form's Contact, else the potential customer where that is a person."""
    return row.child("parentcontactid") or row.child("customerid_contact")


def customer(account: Row, config: Config) -> Customer:
    country = account.text(config.country_code_field).strip()
    address = {part: account.text(column) for part, column in ADDRESS.items()}
    return Customer(name=account.text("name"), address=Address(**address, country=country_code(country) or country))


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
