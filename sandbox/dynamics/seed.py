"""The rows an organisation starts with; their ids are the same at every start."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.dynamics import forms
from sandbox.dynamics.customizing_rows import (
    MESSAGES,
    SPECIAL,
    Planned,
    born,
    message_id,
    other_privileges,
    put,
    special_filters,
    table_map,
)
from sandbox.dynamics.execution import Caller, Execution
from sandbox.dynamics.organization import BUSINESS_UNIT, ORGANIZATION, Organization, stable_id
from sandbox.dynamics.pipeline import Pipeline
from sandbox.dynamics.store import Ref, Row
from sandbox.dynamics.tables_connector import SolutionTables
from sandbox.dynamics.tables_security import ROLES_OF_USERS, TEMPLATES

APPLICATION = stable_id("systemuser", "application")
APPLICATION_CLIENT = "11111111-aaaa-4aaa-8aaa-111111111111"
SELLER = stable_id("systemuser", "dana.rivera")
SELLER_2 = stable_id("systemuser", "sam.okafor")
TEAM = stable_id("team", "cosell")
# solutioncomponent.componenttype of a flow.
FLOW = 29
OWN_ROLE = "Cosell Sync"
CURRENCIES = {
    "USD": ("US Dollar", "$", 2, "1"),
    "EUR": ("Euro", "€", 2, "0.92"),
    "GBP": ("Pound Sterling", "£", 2, "0.79"),
    "JPY": ("Yen", "¥", 0, "150"),
}
SOLUTIONS = {
    "SOL-1001": ("Contoso Retail Insights", "IP", "Fabrikam"),
    "SOL-1002": ("Contoso Cloud Migration", "Services", "Fabrikam"),
    "SOL-1003": ("Azure Landing Zone", "3P", "Contoso"),
}


def currency_id(code: str) -> str:
    return stable_id("transactioncurrency", code)


def detail_id(identifier: str) -> str:
    return stable_id("solutiondetail", identifier)


def role_id(name: str) -> str:
    return stable_id("role", name)


def seed(organization: Organization) -> None:
    """Makes what is missing and leaves what is there, so that it may run again."""
    put(organization, _platform(organization))
    caller = Caller(user=APPLICATION, business_unit=BUSINESS_UNIT)
    pipeline = Pipeline(organization=organization)
    for table, row_id, values in (*_base(), *_people(), *_roles(), *_connected(organization)):
        if organization.store.get(table, row_id) is None:
            definition = organization.schema.tables[table]
            pipeline.create(definition, values, Execution(caller=caller), row_id)
    if organization.connector:
        organization.store.link(ROLES_OF_USERS, APPLICATION, role_id(OWN_ROLE))
    organization.events.clear()


def _base() -> list[Planned]:
    base = Ref("transactioncurrency", currency_id("USD"))
    found: list[Planned] = [
        ("transactioncurrency", currency_id(code), _currency(code, *values)) for code, values in CURRENCIES.items()
    ]
    organization: dict[str, Any] = {"name": "fabrikam", "languagecode": 1033, "basecurrencyid": base}
    organization |= {"basecurrencyprecision": 2, "currencydecimalprecision": 2}
    return [
        *found,
        ("organization", ORGANIZATION, organization),
        ("businessunit", BUSINESS_UNIT, {"name": "fabrikam"}),
    ]


def _currency(code: str, name: str, symbol: str, precision: int, rate: str) -> Row:
    return {
        "isocurrencycode": code,
        "currencyname": name,
        "currencysymbol": symbol,
        "currencyprecision": precision,
        "exchangerate": Decimal(rate),
    }


def _people() -> list[Planned]:
    unit = Ref("businessunit", BUSINESS_UNIT)
    return [
        ("systemuser", APPLICATION, _user("", "Cosell Sync", "", "") | {"applicationid": APPLICATION_CLIENT}),
        ("systemuser", SELLER, _user("Dana", "Rivera", "dana@fabrikam.example", "+1 425 555 0100")),
        ("systemuser", SELLER_2, _user("Sam", "Okafor", "sam@fabrikam.example", "+1 425 555 0101")),
        ("team", TEAM, {"name": "Co-sell", "teamtype": 0, "businessunitid": unit}),
    ]


def _roles() -> list[Planned]:
    """The two that set up an environment."""
    unit = Ref("businessunit", BUSINESS_UNIT)
    templates: list[Planned] = [("roletemplate", ident, {"name": name}) for name, ident in TEMPLATES.items()]
    standard: list[Planned] = [
        ("role", role_id(name), {"name": name, "businessunitid": unit, "roletemplateid": Ref("roletemplate", ident)})
        for name, ident in TEMPLATES.items()
    ]
    return [*templates, *standard]


def _user(first: str, last: str, mail: str, phone: str) -> Row:
    return {
        "firstname": first or None,
        "lastname": last,
        "fullname": f"{first} {last}".strip(),
        "internalemailaddress": mail or None,
        "domainname": mail or None,
        "mobilephone": phone or None,
        "address1_telephone1": phone or None,
        "accessmode": 0 if mail else 4,
        "azureactivedirectoryobjectid": stable_id("object", mail or last),
        "businessunitid": Ref("businessunit", BUSINESS_UNIT),
    }


def _platform(organization: Organization) -> list[Planned]:
    """Messages and their filters, forms, views, maps, privileges: what every organisation has."""
    found: list[Planned] = [("sdkmessage", message_id(name), {"name": name}) for name in (*MESSAGES, *SPECIAL)]
    found += [row for table in organization.schema.tables.values() for row in born(table)]
    return [*found, *special_filters(), *other_privileges(), *forms.seeded(), table_map("lead", "opportunity")]


def _connected(organization: Organization) -> list[Planned]:
    """What is there besides where the connector is: its solution, and the role that the application user was given."""
    if not organization.connector:
        return []
    unit = Ref("businessunit", BUSINESS_UNIT)
    return [*_solutions(organization.names), ("role", role_id(OWN_ROLE), {"name": OWN_ROLE, "businessunitid": unit})]


def _solutions(names: SolutionTables) -> list[Planned]:
    publisher = stable_id("publisher", "microsoft")
    connector = stable_id("solution", "connector")
    rows: list[Planned] = [
        ("publisher", publisher, {"uniquename": "msft", "friendlyname": "Microsoft", "customizationprefix": "msft"}),
        ("solution", connector, _connector(Ref("publisher", publisher))),
        *((names.detail, detail_id(key), _detail(names.prefix, key, *each)) for key, each in SOLUTIONS.items()),
    ]
    owner = Ref("solution", connector)
    flows = ("Partner Center to Dynamics 365", "Dynamics 365 to Partner Center")
    for flow in flows:
        values = {"name": flow, "category": 5, "statecode": 0, "statuscode": 1, "solutionid": connector}
        rows.append(("workflow", stable_id("workflow", flow), values | {"ismanaged": True}))
        member = {"objectid": stable_id("workflow", flow), "componenttype": FLOW}
        rows.append(("solutioncomponent", stable_id("component", flow), member | {"solutionid": owner}))
    return rows


def _connector(publisher: Ref) -> Row:
    return {
        "uniquename": "PartnerCenterReferralsSynchronizationforDynamics365",
        "friendlyname": "Partner Center Referrals Synchronization for Dynamics 365",
        "version": "1.0.2102.1",
        "ismanaged": True,
        "publisherid": publisher,
    }


def _detail(prefix: str, identifier: str, name: str, kind: str, publisher: str) -> Row:
    return {
        f"{prefix}_name": name,
        f"{prefix}_solutionidentifier": identifier,
        f"{prefix}_type": kind,
        f"{prefix}_publishername": publisher,
    }
