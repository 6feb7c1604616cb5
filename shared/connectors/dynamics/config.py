"""What the settings decide about the Dynamics side, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.connectors.dynamics.names import Names, names_of
from shared.connectors.dynamics.schema import NUMBERS, TEXTS, Column, Schema
from shared.customize import NONE, Customization
from shared.domain.countries import Countries
from shared.errors import Misconfigured

API = "/api/data/v9.2"


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of one Dataverse environment; logical names of columns, never their labels.

    `organization` is the pinned OrganizationId ("" accepts any); `tag` goes with every write and comes back in the
    events it causes; `deal_currency_field` empty means the opportunity's own currency; `concurrency` is one worker's
    share of the 52 requests that a user may have under way at once. `custom` is what `customize.yaml` wishes.
    """

    url: str
    prefix: str = "msft"
    own_prefix: str = "cosell"
    deal_value_field: str = "estimatedvalue"
    deal_currency_field: str = ""
    country_code_field: str = "address1_country"
    default_owner: str = ""
    show_mark: bool = True
    pair: str = "cosell"
    tag: str = "cosell:cosell"
    organization: str = ""
    concurrency: int = 7
    custom: Customization = NONE
    names: Names = field(init=False, repr=False)
    countries: Countries = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", names_of(self.prefix, self.own_prefix))
        object.__setattr__(self, "countries", Countries(names=self.custom.wishes.countries.names))

    @property
    def host(self) -> str:
        return self.url.rstrip("/")

    def page(self, ident: str, kind: str = "opportunity") -> str:
        """A record's address for a person."""
        return f"{self.host}/main.aspx?pagetype=entityrecord&etn={kind}&id={ident}"

    def check(self, schema: Schema, further: tuple[str, ...] = ()) -> None:
        """Raise Misconfigured, naming each setting that the organisation's own metadata contradicts."""
        if problems := (*self._problems(schema), *further):
            raise Misconfigured(problems)

    def _problems(self, schema: Schema) -> Iterator[str]:
        deal = schema.opportunity.columns
        if absent := [name for name in self.names.required if name not in deal]:
            yield (
                f'DATAVERSE_PREFIX is "{self.prefix}", but opportunity has no column {" or ".join(absent)}: '
                f'use the prefix of the co-sell columns that this organisation has ("msft" where Microsoft\'s '
                f"connector is installed), or provision them"
            )
        yield from _kind("DEAL_VALUE_FIELD", self.deal_value_field, deal.get(self.deal_value_field), NUMBERS)
        if self.deal_currency_field:
            found = deal.get(self.deal_currency_field)
            yield from _kind("DEAL_CURRENCY_FIELD", self.deal_currency_field, found, TEXTS)
        country = schema.account.columns.get(self.country_code_field)
        yield from _kind("COUNTRY_CODE_FIELD", self.country_code_field, country, TEXTS, table="account")


def _kind(
    setting: str, value: str, column: Column | None, kinds: frozenset[str], table: str = "opportunity"
) -> Iterator[str]:
    wanted = f"it is the logical name of {_an(table)} column of type {' or '.join(sorted(kinds))}"
    if column is None:
        yield f'{setting} is "{value}", but {table} has no such column: {wanted}'
    elif column.type not in kinds:
        yield f'{setting} is "{value}", a column of type {column.type}: {wanted}'


def _an(table: str) -> str:
    return f"an {table}"
