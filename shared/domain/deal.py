"""The fields of a co-sell deal, and how each is merged: the one table to change when a field is added.

Both gateways show a deal in these names and this vocabulary; nothing here knows how either system spells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.values import Side


class Merge(StrEnum):
    """How the two sides' values of a field become one."""

    ATOM = "atom"  # replaced as a whole; two edits since the base are a conflict
    GROUP = "group"  # a set with keys; elements are added and removed one by one
    RISE = "rise"  # no -> yes, never back (visibility towards Microsoft)
    ONCE = "once"  # written once; what the partner side holds then stands (the help Microsoft was asked for)
    STAGE = "stage"  # the life cycle's own table decides (lifecycle.py)


class Flow(StrEnum):
    """Which way a field travels once both records exist."""

    BOTH = "both"
    TO_PARTNER = "to_partner"
    TO_CRM = "to_crm"

    def reaches(self, side: Side) -> bool:
        return self is Flow.BOTH or self is (Flow.TO_PARTNER if side is Side.PARTNER else Flow.TO_CRM)


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a record: its name in `values`, its title in an Audit line, its merge and its direction.

    `set_back`: once the partner side no longer takes it, an edit in the CRM is set back there.
    `after_won`: it begins when the deal is won, so it alone may still be written then.
    `news`: a change of it on the partner side is told with its value, also where the CRM has no column for it.
    `winner`: whose edit of it stands where both sides edited; None leaves that to the policy.
    `clears`: where it flows one way only, an emptied value empties the other side too.
    """

    name: str
    title: str
    merge: Merge = Merge.ATOM
    flow: Flow = Flow.BOTH
    set_back: bool = False
    after_won: bool = False
    news: bool = False
    winner: Side | None = None
    clears: bool = False


NAME = "name"  # str, without the check mark
AMOUNT = "amount"  # Money: value and currency together
CLOSING_DATE = "closing_date"  # date, a UTC day
NOTES = "notes"  # str
STAGE = "stage"  # lifecycle.Stage
VISIBLE = "visible"  # bool: visible to Microsoft sellers
HELP = "help"  # str: assistance code asked of Microsoft; None where none was asked
INTENT = "intent"  # str: the customer's purchase intent
SOLUTIONS = "solutions"  # Group[Solution]
CONTACTS = "contacts"  # Group[Person] of the customer
TEAM = "team"  # Group[Person] of the partner
PROGRAM = "program"  # str: the referral program
MICROSOFT_ID = "microsoft_id"  # str: identifier of the deal in Microsoft's CRM
MICROSOFT_STAGE = "microsoft_stage"  # lifecycle.Stage of Microsoft's own referral
REGISTRATION = "registration"  # str: how far Microsoft is with the deal's registration, in its own word
REGISTRATION_REASON = "registration_reason"  # str
CONTRACT = "contract"  # Contract that a won deal is registered with
CUSTOMER = "customer"  # Customer; only read when a record is created
CLOSE_REASON = "close_reason"  # str; travels with STAGE, never on its own
ACTUAL = "actual"  # Money a deal was really won for; travels with STAGE

DEAL: tuple[Field, ...] = (
    Field(name=NAME, title="Name"),
    Field(name=AMOUNT, title="Deal value"),
    Field(name=CLOSING_DATE, title="Closing date"),
    Field(name=NOTES, title="Notes"),
    Field(name=STAGE, title="Status", merge=Merge.STAGE),
    Field(name=VISIBLE, title="Visible to Microsoft", merge=Merge.RISE),
    Field(name=HELP, title="How can Microsoft help", merge=Merge.ONCE),
    Field(name=INTENT, title="Customer purchase intent"),
    Field(name=SOLUTIONS, title="Solutions", merge=Merge.GROUP),
    Field(name=CONTACTS, title="Customer contact", merge=Merge.GROUP, flow=Flow.TO_PARTNER, set_back=True),
    Field(name=TEAM, title="Sales team", merge=Merge.GROUP, flow=Flow.TO_PARTNER),
    Field(name=PROGRAM, title="Referral program", flow=Flow.TO_CRM),
    Field(name=MICROSOFT_ID, title="Microsoft CRM identifier", flow=Flow.TO_CRM),
    Field(name=MICROSOFT_STAGE, title="Microsoft's status", flow=Flow.TO_CRM),
    Field(name=REGISTRATION, title="Deal registration", flow=Flow.TO_CRM, after_won=True, news=True),
    Field(name=REGISTRATION_REASON, title="Reason of the deal registration", flow=Flow.TO_CRM, after_won=True),
    Field(name=CONTRACT, title="Contract of the deal registration", flow=Flow.TO_PARTNER, after_won=True),
)
AFTER_WON = frozenset(field.name for field in DEAL if field.after_won)
TITLES = {field.name: field.title for field in DEAL}
EXTRA = "x:"  # what the names of an installation's own fields begin with
TRAVELLING_WITH_STAGE = (CLOSE_REASON, ACTUAL)


def titles(fields: Iterable[Field]) -> Mapping[str, str]:
    return {field.name: field.title for field in fields}


def is_extra(name: str) -> bool:
    """Is this one of an installation's own fields, which no table of this file knows?"""
    return name.startswith(EXTRA)
