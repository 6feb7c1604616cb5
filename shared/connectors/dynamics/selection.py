"""What one read of an opportunity asks for: its columns, and the rows around it, in a single GET."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.extras import Extras
from shared.connectors.dynamics.odata import joined
from shared.connectors.dynamics.schema import Schema

STANDARD = (
    "opportunityid",
    "name",
    "description",
    "estimatedclosedate",
    "estimatedvalue",
    "actualvalue",
    "isrevenuesystemcalculated",
    "statecode",
    "statuscode",
    "createdon",
    "modifiedon",
    "_transactioncurrencyid_value",
    "_parentaccountid_value",
    "_parentcontactid_value",
    "_customerid_value",
    "_originatingleadid_value",
    "_ownerid_value",
)
CONTACT = ("contactid", "firstname", "lastname", "emailaddress1", "telephone1", "mobilephone", "jobtitle")
CURRENCY = ("transactioncurrencyid", "isocurrencycode", "currencyprecision")
USER = (
    "systemuserid",
    "firstname",
    "lastname",
    "internalemailaddress",
    "address1_telephone1",
    "mobilephone",
    "homephone",
    "jobtitle",
    "isdisabled",
    "applicationid",
)
ADDRESS = {
    "line1": "address1_line1",
    "line2": "address1_line2",
    "city": "address1_city",
    "state": "address1_stateorprovince",
    "postal_code": "address1_postalcode",
}


def account_columns(config: Config) -> tuple[str, ...]:
    return ("accountid", "name", *ADDRESS.values(), config.country_code_field)


def columns(config: Config, schema: Schema) -> str:
    """$select of an opportunity: what this organisation has of it."""
    configured = [name for name in (config.deal_value_field, config.deal_currency_field) if name]
    present = [name for name in config.names.every if name in schema.opportunity]
    own = extras(config, schema).columns
    return joined((*STANDARD, *configured, *present, *schema.registration.every, *own))


def extras(config: Config, schema: Schema, precision: int | None = None) -> Extras:
    return Extras(pairs=config.custom.wishes.pairs, table=schema.opportunity, precision=precision)


def country_lookup(config: Config, schema: Schema) -> tuple[str, str, str] | None:
    """Of an account's country: the lookup's way to its row, the table of that row, and the column with the code."""
    lookup = config.custom.wishes.countries.lookup
    column = schema.account.columns.get(lookup.column) if lookup else None
    if lookup is None or column is None or not column.targets:
        return None
    target = column.targets[0]
    return schema.navigation("account", lookup.column, target), target, lookup.holds


def query(config: Config, schema: Schema) -> Mapping[str, str]:
    """$select and $expand of a whole deal; at most 15 $expand are allowed in one query (join-tables)."""
    return {"$select": columns(config, schema), "$expand": ",".join(_expands(config, schema))}


def _expands(config: Config, schema: Schema) -> Iterator[str]:
    account = f"($select={joined(account_columns(config))})"
    if country := country_lookup(config, schema):
        way, _, holds = country
        account = f"($select={joined(account_columns(config))};$expand={way}($select={holds}))"
    contact = f"($select={joined(CONTACT)})"
    yield from (f"parentaccountid{account}", f"customerid_account{account}")
    yield from (f"parentcontactid{contact}", f"customerid_contact{contact}")
    yield f"transactioncurrencyid($select={joined(CURRENCY)})"
    yield f"owninguser($select={joined(USER)})"
    yield "opportunity_Teams($select=teamid)"
    if names := schema.solutions:
        detail = (names.detail_id, names.identifier, names.name, names.type, names.publisher)
        inner = f"$select={joined(filter(None, detail))}"
        yield f"{names.collection}($select={names.row_id};$expand={names.detail_bind}({inner}))"
