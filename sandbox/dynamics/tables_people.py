"""The tables of who: customers, users, teams, the organisation and its currencies."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.columns import (
    any_of,
    choice,
    flag,
    guid,
    integer,
    lookup,
    memo,
    money,
    options,
    owned,
    priced,
    states,
    table,
    text,
)
from sandbox.dynamics.columns import decimal as number
from sandbox.dynamics.schema import Column, Kind, Table

_DERIVED: dict[str, Any] = {"creatable": False, "updatable": False}
_ACTIVE = {(0, "Active"): {1: "Active"}, (1, "Inactive"): {2: "Inactive"}}
_ADDRESS = {
    "line1": 250,
    "line2": 250,
    "line3": 250,
    "city": 80,
    "county": 50,
    "stateorprovince": 50,
    "postalcode": 20,
    "country": 80,
}


def _address() -> tuple[Column, ...]:
    parts = (text(f"address1_{part}", length) for part, length in _ADDRESS.items())
    return (*parts, memo("address1_composite", 1000, **_DERIVED))


def account(*custom: Column) -> Table:
    return table(
        "account",
        "accounts",
        text("name", 160, required="ApplicationRequired", label="Account Name"),
        text("accountnumber", 20),
        *_address(),
        text("websiteurl", 200),
        text("telephone1", 50),
        text("emailaddress1"),
        money("revenue"),
        integer("numberofemployees", 0),
        choice("customertypecode", "Competitor", "Consultant", "Customer", "Investor", "Partner"),
        memo("description"),
        lookup("primarycontactid", "contact", "account_primary_contact"),
        lookup("parentaccountid", "account", "account_parent_account"),
        lookup("originatingleadid", "lead", "account_originating_lead"),
        *owned(),
        *priced(),
        *states(_ACTIVE),
        *custom,
        primary_name="name",
        tracked=True,
        object_type_code=1,
    )


def contact(*custom: Column) -> Table:
    return table(
        "contact",
        "contacts",
        text("firstname", 50),
        text("lastname", 50, required="ApplicationRequired"),
        text("fullname", 160, **_DERIVED),
        text("emailaddress1"),
        text("telephone1", 50),
        text("mobilephone", 50),
        text("jobtitle"),
        *_address(),
        memo("description"),
        flag("donotemail", labels=("Allow", "Do Not Allow")),
        flag("donotbulkemail", labels=("Allow", "Do Not Allow")),
        any_of(
            "parentcustomerid",
            ("account", "parentcustomerid_account", "contact_customer_accounts"),
            ("contact", "parentcustomerid_contact", "contact_customer_contacts"),
            kind=Kind.CUSTOMER,
        ),
        any_of("accountid", ("account", "", ""), **_DERIVED),
        lookup("originatingleadid", "lead", "contact_originating_lead"),
        *owned(),
        *priced(),
        *states(_ACTIVE),
        *custom,
        primary_name="fullname",
        tracked=True,
        object_type_code=2,
    )


def systemuser() -> Table:
    return table(
        "systemuser",
        "systemusers",
        text("domainname", 1024),
        text("firstname", 256),
        text("lastname", 256),
        text("fullname", 200, **_DERIVED),
        text("internalemailaddress"),
        text("mobilephone", 64),
        text("homephone", 50),
        text("address1_telephone1", 64, label="Main Phone"),
        text("jobtitle"),
        text("title", 128),
        guid("applicationid"),
        guid("azureactivedirectoryobjectid", **_DERIVED),
        flag("isdisabled"),
        choice("accessmode", "Read-Write", "Administrative", "Read", "Support User", "Non-interactive", first=0),
        lookup("businessunitid", "businessunit", "business_unit_system_users"),
        *priced(),
        primary_name="fullname",
        plural="Users",
        label="User",
        object_type_code=8,
    )


def team() -> Table:
    return table(
        "team",
        "teams",
        text("name", 160, required="SystemRequired"),
        memo("description"),
        text("emailaddress"),
        options("teamtype", {0: "Owner", 1: "Access", 2: "Security Group", 3: "Office Group"}, 0, updatable=False),
        flag("isdefault", **_DERIVED),
        flag("systemmanaged", **_DERIVED),
        lookup("administratorid", "systemuser"),
        lookup("businessunitid", "businessunit", "business_unit_teams"),
        any_of("regardingobjectid", ("opportunity", "regardingobjectid_opportunity", "opportunity_Teams")),
        primary_name="name",
        object_type_code=9,
    )


def connection() -> Table:
    """Generic links between rows, another way in which partners note a sales team."""
    ends = (
        any_of(
            f"record{end}id",
            ("opportunity", f"record{end}id_opportunity", f"opportunity_connections{end}"),
            ("account", f"record{end}id_account", f"account_connections{end}"),
            ("contact", f"record{end}id_contact", f"contact_connections{end}"),
            ("systemuser", f"record{end}id_systemuser", f"systemuser_connections{end}"),
        )
        for end in (1, 2)
    )
    return table(
        "connection",
        "connections",
        text("name", 500, **_DERIVED),
        memo("description"),
        *ends,
        *owned(),
        *states(_ACTIVE),
        primary_name="name",
        tracked=True,
        object_type_code=3234,
    )


def transactioncurrency() -> Table:
    return table(
        "transactioncurrency",
        "transactioncurrencies",
        text("isocurrencycode", 5),
        text("currencyname"),
        text("currencysymbol", 13),
        integer("currencyprecision", 0, 10, default=2),
        number("exchangerate", 12),
        *states(_ACTIVE),
        primary_name="currencyname",
        plural="Currencies",
        label="Currency",
        object_type_code=9105,
    )


def businessunit() -> Table:
    return table(
        "businessunit",
        "businessunits",
        text("name", 160),
        flag("isdisabled", **_DERIVED),
        lookup("parentbusinessunitid", "businessunit", "business_unit_parent_business_unit"),
        primary_name="name",
        object_type_code=10,
    )


def organization() -> Table:
    return table(
        "organization",
        "organizations",
        text("name", 160),
        integer("languagecode"),
        integer("expirechangetrackingindays", 0, 365, default=7),
        integer("basecurrencyprecision", 0, 4, **_DERIVED),
        integer("currencydecimalprecision", 0, 4),
        lookup("basecurrencyid", "transactioncurrency", "basecurrency_organization"),
        primary_name="name",
        object_type_code=1019,
    )
