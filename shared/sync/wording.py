"""A deal's values in words, for whoever is shown them beside each other."""

from __future__ import annotations

from datetime import date

from shared.domain.values import Address, Customer, Group, Person, Solution, Value, blank

Worded = str | bool | list[str] | None


def worded(value: Value) -> Worded:
    """A value as JSON holds it: a text, yes or no, a list of texts, or nothing."""
    if isinstance(value, Group):
        return sorted(map(_element, value))
    if isinstance(value, Customer):
        return ", ".join(part for part in (value.name, _address(value.address)) if part)
    if isinstance(value, date):
        return value.isoformat()
    return None if blank(value) is None else value if isinstance(value, bool) else str(value)


def said(value: Value) -> str:
    """The same in one text: a hyphen for nothing."""
    plain = worded(value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    if isinstance(plain, list):
        return "; ".join(plain) or "-"
    return plain or "-"


def _element(element: Person | Solution) -> str:
    """With every detail that makes two of them different, since they are shown beside each other."""
    if isinstance(element, Person):
        details = (str(element), element.phone, element.title)
    else:
        details = (str(element), element.type, element.publisher)
    return ", ".join(part for part in details if part)


def _address(address: Address) -> str:
    town = " ".join(part for part in (address.postal_code, address.city) if part)
    return ", ".join(part for part in (address.line1, address.line2, town, address.state, address.country) if part)
