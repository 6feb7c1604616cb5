"""Whether this organisation can do what `customize.yaml` wishes: everything that it contradicts, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.extras import FITTING
from shared.connectors.dynamics.lead_reading import STANDARD as LEAD
from shared.connectors.dynamics.reasons import reasons
from shared.connectors.dynamics.schema import TEXTS, Column, Schema, Table
from shared.connectors.dynamics.selection import ADDRESS, CONTACT, STANDARD
from shared.connectors.dynamics.typed import LOOKUPS, Typed
from shared.customize.document import Place
from shared.customize.model import Pair
from shared.customize.values import Given, Lookup

Problem = tuple[Place, str]


@dataclass(frozen=True, kw_only=True)
class Checking:
    """One look at the wishes under one organisation's metadata."""

    config: Config
    schema: Schema

    def problems(self) -> tuple[str, ...]:
        """Each with its line, its key, and what it may be."""
        custom = self.config.custom
        return tuple(str(custom.fault(place, may_be)) for place, may_be in self._all())

    def _all(self) -> Iterator[Problem]:
        wishes = self.config.custom.wishes
        for name in ("opportunity", "lead", "account", "contact"):
            for column, given in wishes.made(name).items():
                yield from self._given(name, column, given)
        for index, pair in enumerate(wishes.pairs):
            yield from self._pair(("opportunity", "fields", index), pair)
        for index, rule in enumerate(wishes.account.match):
            place = ("account", "match", index)
            names = (*rule.columns, *rule.domain, *((rule.column,) if rule.column else ()))
            for column in names:
                yield from self._text(place, "account", self.schema.account, column)
        yield from self._country()
        yield from reasons(wishes.opportunity.status, self.schema.status).wrong

    def _given(self, name: str, column: str, given: Given) -> Iterator[Problem]:
        place: Place = (name, "create", column)
        table = self.schema.tables.get(name)
        found = table.columns.get(column) if table else None
        if found is None:
            yield place, _column_of(name, table, column)
        elif column in self._kept(name) or not found.creatable:
            yield place, f"another column: {column} of {name} is filled by the product or by Dynamics 365 itself"
        elif given.lookup:
            yield from self._lookup((*place, "lookup"), name, found, given.lookup)
        else:
            yield from self._constants(place, found, given)

    def _constants(self, place: Place, column: Column, given: Given) -> Iterator[Problem]:
        written = {key: value for key in ("constant", "otherwise") if (value := getattr(given, key)) is not None}
        if column.type in LOOKUPS:
            written = {"constant": ""}
        for key, value in written.items():
            try:
                Typed(column=column).value(value)
            except ValueError as error:
                yield (place if key == "constant" else (*place, key)), str(error)
        if not written and column.type not in _FILLED:
            yield place, f"a value of a column of another type than {column.type}"

    def _lookup(self, place: Place, name: str, column: Column, lookup: Lookup) -> Iterator[Problem]:
        if column.type not in LOOKUPS:
            yield place, f"a plain value: {column.name} is a column of type {column.type}"
            return
        table = self.schema.tables.get(lookup.table)
        if lookup.table not in column.targets or table is None:
            yield (*place, "table"), f"a table that {column.name} points to: {', '.join(column.targets) or 'none'}"
            return
        for each in lookup.where:
            yield from self._text((*place, "where", each), lookup.table, table, each)
        if not self.schema.navigation(name, column.name, lookup.table):
            yield place, f"another column: the metadata names no way to bind {column.name} to {lookup.table}"

    def _pair(self, place: Place, pair: Pair) -> Iterator[Problem]:
        column = self.schema.opportunity.columns.get(pair.column)
        if column is None:
            yield (*place, "column"), _column_of("opportunity", self.schema.opportunity, pair.column)
            return
        if pair.column in self._kept("opportunity"):
            yield (*place, "column"), f"another column: {pair.column} is synchronised or kept by the product itself"
        elif column.type not in FITTING[pair.as_]:
            fitting = [kind for kind, types in FITTING.items() if column.type in types]
            said = f'"as: {" or ".join(fitting)}"' if fitting else "another column"
            yield (*place, "column"), f"with {said}: {pair.column} is a column of type {column.type}"
        elif pair.inbound and not column.updatable:
            yield (*place, "column"), f"with direction: to_partner_center, as nobody may write to {pair.column}"
        for word, option in pair.choices.items():
            if column.choices and column.option(option) is None:
                labels = ", ".join(f"{choice.label} ({choice.value})" for choice in column.choices)
                yield (*place, "choices", word), f"an option of {pair.column}: {labels}"

    def _country(self) -> Iterator[Problem]:
        lookup = self.config.custom.wishes.countries.lookup
        if lookup is None:
            return
        place: Place = ("countries", "lookup")
        column = self.schema.account.columns.get(lookup.column)
        if column is None or column.type not in LOOKUPS or len(column.targets) != 1:
            yield (*place, "column"), "a lookup of the account to one table of countries"
            return
        target = column.targets[0]
        yield from self._text((*place, "holds"), target, self.schema.tables.get(target), lookup.holds)
        if not self.schema.navigation("account", lookup.column, target):
            yield (*place, "column"), f"another column: the metadata names no way to bind {lookup.column}"

    def _text(self, place: Place, name: str, table: Table | None, column: str) -> Iterator[Problem]:
        found = table.columns.get(column) if table else None
        if found is None:
            yield place, _column_of(name, table, column)
        elif found.type not in TEXTS:
            yield place, f"a text column of {name}: {column} is one of type {found.type}"

    def _kept(self, name: str) -> frozenset[str]:
        """Columns that the product fills itself."""
        config = self.config
        lookups = ("transactioncurrencyid", "parentaccountid", "parentcontactid", "customerid", "ownerid", "owningteam")
        kept = {
            "opportunity": (*STANDARD, *lookups, *config.names.every, config.deal_value_field),
            "account": ("accountid", "name", *ADDRESS.values(), config.country_code_field, "statecode"),
            "contact": (*CONTACT, "parentcustomerid", "statecode"),
            "lead": (*LEAD, "companyname", *ADDRESS.values(), "address1_country", "ownerid", "transactioncurrencyid"),
        }
        return frozenset((*kept.get(name, ()), *filter(None, (config.deal_currency_field,))))


_FILLED = frozenset({"Boolean", "Picklist", "DateTime", "Money", "Decimal", "Double", "Integer", "BigInt"}) | TEXTS


def _column_of(name: str, table: Table | None, column: str) -> str:
    if table is None:
        return f"nothing: there is no table {name} in this organisation, or it may not be read"
    close = get_close_matches(column, table.columns, n=3)
    return f"the logical name of a column of {name}" + (f", like {' or '.join(close)}" if close else "")
