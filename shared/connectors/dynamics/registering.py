"""Deal registration in columns of the opportunity, where somebody made them: Microsoft's connector has none.

A column is known by its label, in any language that it has, or by its name under our own prefix; it is custom, so
that no standard column is mistaken for one. Microsoft's word on the registration is written where there is a column
for it; a contract is sent only where there is a column for everything that it has to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from shared.connectors.dynamics.odata import Row
from shared.connectors.dynamics.schema import NUMBERS, TEXTS, Column, RegistrationNames, Table, squeezed
from shared.domain import deal
from shared.domain.values import Contract, Money, Value

CHOICES = frozenset({"Picklist"})
DATES = frozenset({"DateTime"})
FLAGS = frozenset({"Boolean"})
WORDS = TEXTS | CHOICES


@dataclass(frozen=True, kw_only=True)
class Role:
    """One column: what it is called after our prefix, its labels, and the types that it may have."""

    stem: str
    labels: tuple[str, ...]
    types: frozenset[str]


ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "status": Role(stem="registrationstatus", labels=("Deal registration status",), types=TEXTS),
        "reason": Role(stem="registrationreason", labels=("Deal registration reason",), types=TEXTS),
        "value": Role(stem="contractvalue", labels=("Contract value",), types=NUMBERS),
        "term": Role(stem="contractterm", labels=("Contract term",), types=WORDS),
        "start": Role(stem="contractstart", labels=("Contract start", "Contract start date"), types=DATES),
        "end": Role(stem="contractend", labels=("Contract end", "Contract end date"), types=DATES),
        "signed": Role(stem="contractsigned", labels=("Contract signed", "Contract sign date"), types=DATES),
        "azure": Role(stem="deployedonazure", labels=("Deployed on Azure",), types=FLAGS),
        "deployment": Role(stem="primarydeployment", labels=("Primary deployment on",), types=WORDS),
        "pricing": Role(stem="pricingmodel", labels=("Pricing model",), types=WORDS),
    }
)
NEEDED = ("term", "start", "end", "signed", "azure", "deployment", "pricing")  # the value may be the deal's own
_TERMS = {squeezed(word): word for word in ("Perpetual", "Finite")}
_DEPLOYMENTS = {squeezed(word): word for word in ("Customer", "Partner")}
_PRICES = {squeezed(word): word for word in ("PayAsYouGo", "Other")}


def find_registration(table: Table, prefixes: Iterable[str]) -> RegistrationNames:
    """The columns of an opportunity that are about its registration; of several for one role, none is guessed."""
    custom = [column for column in table.columns.values() if any(column.name.startswith(f"{one}_") for one in prefixes)]
    found = {role: _column(wanted, custom) for role, wanted in ROLES.items()}
    return RegistrationNames(columns={role: column for role, column in found.items() if column})


def _column(role: Role, custom: Iterable[Column]) -> Column | None:
    fitting = [column for column in custom if column.type in role.types]
    named = [column for column in fitting if column.name.partition("_")[2] == role.stem]
    labels = {squeezed(label) for label in role.labels}
    labelled = [column for column in fitting if labels.intersection(map(squeezed, column.labels))]
    candidates = named or labelled
    return candidates[0] if len(candidates) == 1 else None


def registration_of(row: Row, names: RegistrationNames, amount: Money) -> Iterator[tuple[str, Value]]:
    """What an opportunity shows of its registration; `amount` is what the contract is about where nothing else is."""
    for field, role in ((deal.REGISTRATION, "status"), (deal.REGISTRATION_REASON, "reason")):
        if column := names.name(role):
            yield field, row.text(column) or None
    if _whole(names):
        yield deal.CONTRACT, _contract(row, names, amount)


def _whole(names: RegistrationNames) -> bool:
    """Is there a column for everything that a contract has to say?"""
    return all(role in names.columns for role in NEEDED)


def _contract(row: Row, names: RegistrationNames, amount: Money) -> Contract | None:
    """The contract, None while anything is still to be filled in."""
    term, start, signed = _word(row, names, "term", _TERMS), _day(row, names, "start"), _day(row, names, "signed")
    deployment, pricing = _word(row, names, "deployment", _DEPLOYMENTS), _word(row, names, "pricing", _PRICES)
    own = row.number(names.name("value")) if names.name("value") else None
    value = Money(amount.amount if own is None else own, amount.currency)
    end = _day(row, names, "end")
    if not (term and start and signed and deployment and pricing and value.amount is not None):
        return None
    if term == "Finite" and end is None:
        return None
    return Contract(
        value=value,
        term=term,
        start=start,
        signed=signed,
        end=end,
        on_azure=row.flag(names.name("azure")),
        deployment=deployment,
        pricing=pricing,
    )


def _word(row: Row, names: RegistrationNames, role: str, known: Mapping[str, str]) -> str:
    """A text, or an option by its label in any language: one of the words that Partner Center knows, else nothing."""
    column = names.columns[role]
    choice = column.choice(row.whole(column.name)) if column.type in CHOICES else None
    shown = choice.labels if choice else (row.text(column.name),)
    return next((known[text] for text in map(squeezed, shown) if text in known), "")


def _day(row: Row, names: RegistrationNames, role: str) -> date | None:
    return row.day(names.name(role))
