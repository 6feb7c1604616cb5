"""What this organisation's metadata says about the tables we use: columns, lengths, choices, solution tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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
    """A column: `type` is Dataverse's AttributeType; bounds only where the metadata names them.

    Only read under a `customize.yaml`: `targets`, the tables that a lookup points to; `behaviour` of a date and time
    (DateOnly or another); whether a new row or an update may carry it.
    """

    name: str
    type: str
    labels: tuple[str, ...] = ()
    length: int | None = None
    precision: int | None = None
    precision_source: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[Choice, ...] = ()
    targets: tuple[str, ...] = ()
    behaviour: str = ""
    creatable: bool = True
    updatable: bool = True

    def choice(self, value: int | None) -> Choice | None:
        return next((choice for choice in self.choices if choice.value == value), None)

    def labelled(self, *labels: str) -> Choice | None:
        """The option that carries one of these labels in any language."""
        wanted = set(map(squeezed, labels))
        return next((choice for choice in self.choices if wanted.intersection(map(squeezed, choice.labels))), None)

    def option(self, named: object, states: Collection[int | None] = ()) -> Choice | None:
        """The option with this number or label; of a status reason, among these states alone."""
        fitting = [choice for choice in self.choices if not states or choice.state in states]
        wanted = squeezed(named) if isinstance(named, str) else ""
        return next(
            (c for c in fitting if c.value == named or (wanted and wanted in map(squeezed, c.labels))),
            None,
        )

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
    key: str = ""

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
class Reasons:
    """Status reasons that `customize.yaml` gives a meaning to; `closing` by what the other side closed for."""

    held: tuple[int, ...] = ()
    accepted: tuple[int, ...] = ()
    closing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Schema:
    """What one worker knows of the organisation; `solutions` is None where no such tables were found.

    Only under a `customize.yaml`: `reasons`; `tables`, which are the three above, the lead, and those that lookups
    point to (None: there is none such); and for (table, lookup column, table pointed to) the name to bind it by.
    """

    opportunity: Table
    account: Table
    contact: Table
    solutions: SolutionNames | None = None
    registration: RegistrationNames = NO_REGISTRATION
    reasons: Reasons = Reasons()
    tables: Mapping[str, Table | None] = field(default_factory=dict)
    navigations: Mapping[tuple[str, str, str], str] = field(default_factory=dict)

    def navigation(self, table: str, column: str, target: str) -> str:
        """The name to bind a lookup by, which has a case of its own; "" where it is not known."""
        return "ownerid" if column == "ownerid" else self.navigations.get((table, column, target), "")

    def reason(self, value: int | None) -> Choice | None:
        """The status reason of an opportunity."""
        return self.opportunity.columns["statuscode"].choice(value)

    @property
    def status(self) -> Column:
        """The opportunity's status reason; without any reasons where the metadata shows none."""
        return self.opportunity.columns.get("statuscode") or Column(name="statuscode", type="Status")

    @property
    def _open(self) -> tuple[Choice, ...]:
        return tuple(choice for choice in self.status.choices if choice.state == OPEN_STATE)

    @property
    def on_hold(self) -> int:
        """The reason that a row is put on hold with."""
        if self.reasons.held:
            return self.reasons.held[0]
        reasons = [choice for choice in self._open if choice.value not in self.reasons.accepted]
        standard = any(choice.value == ON_HOLD for choice in reasons)
        named = next((choice for choice in reasons if "onhold" in map(squeezed, choice.labels)), None)
        if self.reasons.accepted and not standard and named is None and reasons:
            return reasons[0].value
        return named.value if named and not standard else ON_HOLD

    @property
    def holding(self) -> frozenset[int]:
        """Every open reason that counts as on hold."""
        if self.reasons.accepted and not self.reasons.held:
            return frozenset(choice.value for choice in self._open) - set(self.reasons.accepted)
        return frozenset(self.reasons.held) or frozenset({self.on_hold})

    @property
    def in_progress(self) -> int:
        """The first open reason that is not On Hold: In Progress (1) unless it was renumbered."""
        if self.reasons.accepted:
            return self.reasons.accepted[0]
        return min((choice.value for choice in self._open if choice.value not in self.holding), default=1)
