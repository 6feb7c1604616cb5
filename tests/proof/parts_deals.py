"""A deal as its people know it: which fields they play, how each side spells them, and who said what last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.dynamics.tables_connector import FIRST_OPTION
from sandbox.people import REFERRAL, Json
from shared.domain.values import Side

INTENTS = ("Yes", "No", "HaveNotDecided")
UNDECIDED = INTENTS[2]  # a referral says so where the CRM says nothing
EXTRA = "SOL-1002"  # the solution that comes and goes
BASIC = "SOL-1001"
MARKS = ("✓ ", "✗ ")
INTENT = "msft_customerpurchaseintent"


@dataclass(frozen=True, kw_only=True)
class Played:
    """One field: values that recur, an edit on either side, and what either side shows."""

    values: tuple[Any, ...]
    in_portal: Callable[[Any], Json]
    in_crm: Callable[[Any], Json]
    of_referral: Callable[[Json], Any]
    of_row: Callable[[Json], Any]


def _details(name: str) -> Callable[[Any], Json]:
    return lambda value: {"details": {name: value}}


def _column(name: str) -> Callable[[Any], Json]:
    return lambda value: {name: value}


def _wanted(value: str) -> Json:
    attributes = [{"type": "CustomerMarketplaceIntent", "id": value}]
    return {"details": {"requirements": {"additionalRequirements": {"attributes": attributes}}}}


def _want_of(referral: Json) -> str:
    attributes = referral["details"]["requirements"]["additionalRequirements"]["attributes"]
    return str(attributes[0]["id"]) if attributes else UNDECIDED


def _unmarked(row: Json) -> str:
    name = str(row["name"])
    return next((name.removeprefix(mark) for mark in MARKS if name.startswith(mark)), name)


def _intent_of(row: Json) -> str:
    return UNDECIDED if row[INTENT] is None else INTENTS[row[INTENT] - FIRST_OPTION]


FIELDS: Mapping[str, Played] = {
    "name": Played(
        values=("Shop", "Warehouse", "Factory"),
        in_portal=_column("name"),
        in_crm=_column("name"),
        of_referral=lambda referral: referral["name"],
        of_row=_unmarked,
    ),
    "notes": Played(
        values=("First call.", "Second call.", "A pilot is agreed."),
        in_portal=_details("notes"),
        in_crm=_column("description"),
        of_referral=lambda referral: referral["details"]["notes"] or "",
        of_row=lambda row: row["description"] or "",
    ),
    "amount": Played(
        values=(1000.0, 2500.5, 40000.0),
        in_portal=_details("dealValue"),
        in_crm=_column("estimatedvalue"),
        of_referral=lambda referral: float(referral["details"]["dealValue"] or 0),
        of_row=lambda row: float(row["estimatedvalue"] or 0),
    ),
    "closing date": Played(
        values=("2027-03-31", "2027-06-30", "2027-09-30"),
        in_portal=lambda day: {"details": {"closingDateTime": f"{day}T09:30:00Z"}},
        in_crm=_column("estimatedclosedate"),
        of_referral=lambda referral: str(referral["details"]["closingDateTime"])[:10],
        of_row=lambda row: str(row["estimatedclosedate"])[:10],
    ),
    "intent": Played(
        values=INTENTS[:2],
        in_portal=_wanted,
        in_crm=lambda value: {INTENT: FIRST_OPTION + INTENTS.index(value)},
        of_referral=_want_of,
        of_row=_intent_of,
    ),
}
STAGE = "stage"


@dataclass(kw_only=True)
class Deal:
    """Where it was made, both records as far as they are known, who edits what in this phase, who closed it how.

    `lead`: it came as a lead, whose row is `lead_row` as far as that is known.
    """

    number: int
    origin: Side
    customer: str
    row: str = ""
    referral: str = ""
    helped: bool = False
    pending: bool = False
    lead: bool = False
    lead_row: str = ""
    owners: dict[str, Side | None] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    told: Counter[tuple[Side, str]] = field(default_factory=Counter)
    closed: dict[Side, bool] = field(default_factory=dict)  # won?

    @property
    def both(self) -> bool:
        return bool(self.row and self.referral)

    def learn(self, shown: Json) -> None:
        """The other record's id, from the record that its people made."""
        if self.origin is Side.CRM:
            self.referral = str(shown[REFERRAL] or "")
        else:
            self.row = str(shown["externalReferenceId"] or "")

    def __str__(self) -> str:
        made = self.row if self.origin is Side.CRM else self.referral
        return f"deal {self.number} (made in {self.origin}, {made})"


def listed(identifier: str) -> Json:
    """A solution as a referral lists it."""
    return {"id": identifier, "name": identifier, "type": "Name", "solutionType": "IP", "publisherName": "Fabrikam"}
