"""What this organisation's metadata says about the tables we use: columns, lengths, choices, solution tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType

NUMBERS = frozenset({"Money", "Decimal", "Double", "Integer", "BigInt"})
WHOLE = frozenset({"Integer", "BigInt"})
TEXTS = frozenset({"String", "Memo"})
BY_CURRENCY = 2  # PrecisionSource of a money column: 0 its own, 1 the organisation's, 2 the currency's
MOST_PLACES = 20  # no column has as many: a larger number is a mistake of whoever told it
ROOMY = Context(prec=1000)  # the usual 28 digits are too few for an amount that is only large
OPEN_STATE = 0
ON_HOLD = 2  # the standard status reason; a renamed or translated label does not change its value


def squeezed(label: str) -> str:
    """A label as it is compared: letters and digits alone, without case."""
    return re.sub(r"[\W_]", "", label).casefold()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An option: its value, its label in every language, and for a status reason the state that it belongs to."""

    value: int
    labels: tuple[str, ...]
    state: int | None = None

    @property
    def label(self) -> str:
        return self.labels[0] if self.labels else str(self.value)


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: `type` is Dataverse's AttributeType; bounds only where the metadata names them."""

    name: str
    type: str
    labels: tuple[str, ...] = ()
    length: int | None = None
    precision: int | None = None
    precision_source: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[Choice, ...] = ()

    def choice(self, value: int | None) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)

    def labelled(self, *labels: str) -> Choice | None:
        """The option that carries one of these labels in any language."""
        wanted = set(map(squeezed, labels))
        return next((choice for choice in self.choices if wanted.intersection(map(squeezed, choice.labels))), None)

    def rounded(self, amount: Decimal, currency_precision: int | None) -> Decimal | int:
        """The amount as this column can hold it, so that the server has nothing left to round."""
        if self.type in WHOLE:
            return int(amount.to_integral_value(ROUND_HALF_UP))
        places = currency_precision if self.precision_source == BY_CURRENCY else self.precision
        if places is None or not 0 <= places <= MOST_PLACES:
            return amount
        return amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, ROOMY)

    def beyond(self, amount: Decimal) -> str | None:
        """Why the column cannot hold the amount; None where it can."""
        if self.minimum is not None and amount < self.minimum:
            return f"is less than {self.name} of Dynamics 365 can hold ({self.minimum:f})"
        if self.maximum is not None and amount > self.maximum:
            return f"is more than {self.name} of Dynamics 365 can hold ({self.maximum:f})"
        return None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table as far as we use it."""

    name: str
    set: str
    columns: Mapping[str, Column]

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def length(self, column: str) -> int | None:
        return self.columns[column].length if column in self.columns else None


@dataclass(frozen=True, kw_only=True)
class SolutionNames:
    """The two solution tables, whose names are public nowhere and are discovered from relationships and labels.

    `collection` is the rows' navigation property on the opportunity; `*_bind` are the rows' own, in schema casing.
    """

    row: str
    row_set: str
    row_id: str
    collection: str
    opportunity: str
    opportunity_bind: str
    detail: str
    detail_set: str
    detail_id: str
    detail_column: str
    detail_bind: str
    identifier: str
    name: str
    type: str = ""
    publisher: str = ""


NO_COLUMNS: Mapping[str, Column] = MappingProxyType({})  # 3.11 takes no mapping as a plain default


@dataclass(frozen=True, kw_only=True)
class RegistrationNames:
    """The columns of a deal's registration that this organisation has, by role (see `registering`)."""

    columns: Mapping[str, Column] = field(default_factory=lambda: NO_COLUMNS)

    @property
    def every(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns.values())

    def name(self, role: str) -> str:
        return self.columns[role].name if role in self.columns else ""


NO_REGISTRATION = RegistrationNames()


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What one worker knows of the organisation; `solutions` is None where no such tables were found."""

    opportunity: Table
    account: Table
    contact: Table
    solutions: SolutionNames | None = None
    registration: RegistrationNames = NO_REGISTRATION

    def reason(self, value: int | None) -> Choice | None:
        """The status reason of an opportunity."""
        return self.opportunity.columns["statuscode"].choice(value)

    @property
    def on_hold(self) -> int:
        reasons = [choice for choice in self.opportunity.columns["statuscode"].choices if choice.state == OPEN_STATE]
        standard = any(choice.value == ON_HOLD for choice in reasons)
        named = next((choice for choice in reasons if "onhold" in map(squeezed, choice.labels)), None)
        return named.value if named and not standard else ON_HOLD

    @property
    def in_progress(self) -> int:
        """The first open reason that is not On Hold: In Progress (1) unless it was renumbered."""
        reasons = self.opportunity.columns["statuscode"].choices
        values = [choice.value for choice in reasons if choice.state == OPEN_STATE and choice.value != self.on_hold]
        return min(values, default=1)
