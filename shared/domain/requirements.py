"""What Partner Center requires of a deal before it takes it, and what to tell the seller who has to fill it in.

Sources: Partner Center's "Create a referral" and its bulk-upload rules, which are the same service's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal

from shared.domain import deal
from shared.domain.countries import COUNTRIES
from shared.domain.currencies import CURRENCIES
from shared.domain.oneline import quoted
from shared.domain.record import Snapshot
from shared.domain.sentence import Sentence
from shared.domain.values import Customer, Group, Money, Person, Value, Values, blank
from shared.errors import NotMet

MOST_SOLUTIONS = 50
MOST_PEOPLE = 50

Check = Callable[[Values], str | Sentence]


def _named(values: Values) -> str:
    return "" if blank(values.get(deal.NAME)) else "give the opportunity a name"


def _value(values: Values) -> str:
    amount = values.get(deal.AMOUNT)
    if not isinstance(amount, Money) or amount.amount is None:
        return "fill in the deal value"
    return "the deal value must not be negative" if amount.amount < Decimal(0) else ""


def _currency(values: Values) -> str:
    amount = values.get(deal.AMOUNT)
    code = (amount.currency or "") if isinstance(amount, Money) else ""
    if not code:
        return "choose a currency"
    return "" if code in CURRENCIES else f"{quoted(code)} is not an ISO 4217 currency code"


def _closing(values: Values) -> str:
    return "" if isinstance(values.get(deal.CLOSING_DATE), date) else "fill in the estimated close date"


def _customer(values: Values) -> str:
    customer = values.get(deal.CUSTOMER)
    if not isinstance(customer, Customer) or not customer.name:
        return "choose the account (the customer)"
    absent = [word for word, value in _address(customer).items() if not value]
    return f"fill in the account's {' and '.join(absent)}" if absent else ""


def _address(customer: Customer) -> Mapping[str, str]:
    return {"street (address line 1)": customer.address.line1, "city": customer.address.city}


def _country(values: Values) -> str:
    customer = values.get(deal.CUSTOMER)
    if not isinstance(customer, Customer):
        return ""
    code = customer.address.country
    if not code:
        return "fill in the account's country code (two letters, ISO 3166)"
    return "" if code in COUNTRIES else f"the account's country {quoted(code)} is not a two-letter ISO 3166 code"


def _solutions(values: Values) -> str:
    solutions = values.get(deal.SOLUTIONS)
    count = len(solutions) if isinstance(solutions, Group) else 0
    if not count:
        return "add at least one co-sell ready or Microsoft solution"
    return f"at most {MOST_SOLUTIONS} solutions are allowed, there are {count}" if count > MOST_SOLUTIONS else ""


def _team(values: Values) -> str | Sentence:
    people = _people(values, deal.TEAM)
    if not people:
        return "give the opportunity an owner who is a user with a mail address"
    return _not_too_many(values) or _complete(people, "sales team member")


def _contact(values: Values) -> str | Sentence:
    people = _people(values, deal.CONTACTS)
    if not people and blank(values.get(deal.HELP)):
        return "add a contact of the customer: Microsoft's help needs one"
    return _complete(people, "contact")


def _people(values: Values, name: str) -> list[Person]:
    group = values.get(name)
    found = group if isinstance(group, Group) else Group()
    return sorted((p for p in found if isinstance(p, Person)), key=lambda p: p.key)


def _complete(people: Iterable[Person], who: str) -> str | Sentence:
    for person in people:
        parts = {
            "first name": person.first_name,
            "last name": person.last_name,
            "phone": person.phone,
            "mail address": person.email,
        }
        if absent := [word for word, value in parts.items() if not value.strip()]:
            bare = f"fill in the {' and '.join(absent)} of the {who}"
            return Sentence(f"{bare} {_called(person)}", bare)
    return ""


def _called(person: Person) -> str:
    """How the seller knows the person: as a mail address or quoted, since telemetry leaves both out."""
    name = person.last_name or person.first_name
    return person.email or (quoted(name) if name else "(unnamed)")


NEW_REFERRAL: tuple[Check, ...] = (
    _named,
    _customer,
    _country,
    _value,
    _currency,
    _closing,
    _contact,
    _solutions,
    _team,
)
INVITATION: tuple[Check, ...] = (_contact, _solutions)
SHARING: tuple[Check, ...] = (_solutions,)  # with Microsoft's sellers, which cannot be taken back
NOT_SHARED, NOT_SENT = "Not shared yet", "Not synchronised"


def require(record: Snapshot, checks: tuple[Check, ...] = NEW_REFERRAL) -> None:
    """Raise NotMet with everything that is missing at once, so that a seller fills in one list and not nine."""
    if missing := lacking(record.values, checks):
        raise not_met(record, missing, NOT_SHARED)


def lacking(values: Values, checks: Iterable[Check]) -> tuple[Sentence, ...]:
    """What is missing, a sentence each."""
    found = [text for check in checks if (text := check(values))]
    return tuple(text if isinstance(text, Sentence) else Sentence(text) for text in found)


def not_met(record: Snapshot, missing: Iterable[Sentence], what: str) -> NotMet:
    """The error that says what is missing, and which records may mend it."""
    told, kept = "; ".join(one.text for one in missing), "; ".join(one.kept for one in missing)
    return NotMet(f"{what}: {told}", records=(record.ref, *record.related), bare=f"{what}: {kept}")


def unfit(name: str, value: Value, held: Values) -> tuple[Sentence, ...]:
    """Why Partner Center would refuse this value of a linked deal, given what the CRM `held`; nothing where it fits.

    What somebody else added to the set over there is not the seller's to mend: it counts, and is not looked at.
    """
    if name == deal.SOLUTIONS:
        return lacking({name: value}, (_solutions,))
    if name == deal.TEAM:
        return lacking(held, (_team,)) or lacking({name: value}, (_not_too_many,))
    return ()


def _not_too_many(values: Values) -> str:
    count = len(_people(values, deal.TEAM))
    return f"at most {MOST_PEOPLE} team members are allowed, there are {count}" if count > MOST_PEOPLE else ""


def sound(values: Values) -> str:
    """Why changed values may not be sent although the records are linked; empty where they may."""
    checks = (_value, _currency) if deal.AMOUNT in values else ()
    return "; ".join(text for check in checks if (text := check(values)))
