"""The kinds of value a record can hold, and their digests: the core compares values and knows nothing else of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any


class Side(StrEnum):
    """One of the two systems of a pair."""

    PARTNER = "partner"
    CRM = "crm"

    @property
    def other(self) -> Side:
        return Side.CRM if self is Side.PARTNER else Side.PARTNER


@dataclass(frozen=True, order=True)
class Ref:
    """A record of one side: its kind in that side's own words (`referral`, `opportunity`, `account`) and its id."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        kind, _, ident = text.partition(":")
        return cls(kind, ident)


@dataclass(frozen=True)
class Money:
    """A deal value and its ISO 4217 currency: one atom, since either alone means nothing."""

    amount: Decimal | None
    currency: str | None

    def __str__(self) -> str:
        amount = "no value" if self.amount is None else f"{self.amount.normalize():,f}"
        return f"{amount} {self.currency or ''}".strip()


@dataclass(frozen=True, kw_only=True)
class Person:
    """A contact of the customer or a member of the sales team; people are the same when their mail address is."""

    email: str
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    title: str = ""

    @property
    def key(self) -> str:
        return self.email.strip().casefold()

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name} <{self.email}>".strip()


@dataclass(frozen=True, kw_only=True)
class Solution:
    """A solution of a deal; `id` is Microsoft's identifier of it."""

    id: str
    name: str = ""
    type: str = ""
    publisher: str = ""

    @property
    def key(self) -> str:
        return self.id.strip().casefold()

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id


@dataclass(frozen=True, kw_only=True)
class Address:
    """A postal address; `country` is a two-letter ISO 3166 code, or whatever the record holds instead."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """The company a deal is made with."""

    name: str
    address: Address = Address()
    size: str = ""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a won deal is registered with: the customer's contract, and how its solution runs; dates are UTC days.

    `term` is Perpetual or Finite, `deployment` Customer or Partner (whose subscription), `pricing` PayAsYouGo or Other.
    """

    value: Money
    term: str
    start: date
    signed: date
    end: date | None = None
    on_azure: bool
    deployment: str
    pricing: str

    def __str__(self) -> str:
        until = f" to {self.end.isoformat()}" if self.end else ""
        return f"{self.value}, {self.start.isoformat()}{until}"


class Group(frozenset[Person | Solution]):
    """People or solutions: a set whose elements have a key, so that the same one can be edited."""

    def by_key(self) -> Mapping[str, Person | Solution]:
        return {element.key: element for element in sorted(self, key=str)}

    def __str__(self) -> str:
        return ", ".join(sorted(map(str, self))) or "none"


Value = str | bool | date | Money | Customer | Contract | Group | None
Values = Mapping[str, Value]

NOTHING: Values = MappingProxyType({})


def frozen(values: Mapping[str, Value]) -> Values:
    """A read-only copy."""
    return MappingProxyType(dict(values))


def blank(value: Value) -> Value:
    """Empty text and no value are the same thing in both systems."""
    return None if value in ("", frozenset()) else value


def _plain(value: Any) -> Any:
    """As JSON. Each look digests dozens of values, so text comes first and nothing is copied twice."""
    if value is None or isinstance(value, str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(getattr(value, name)) for name in _names(type(value))}
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, date):
        return value.isoformat()
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


Digest = str | tuple[str, ...]
"""What is kept of a value: a digest, or for a group one `key=element` digest each."""


def digest(value: Value, salt: str) -> Digest:
    """A salted digest: only equality is ever needed, and nobody's data lies at rest.

    Salted with the link's own key, so that the same name in two links does not show.
    """
    if isinstance(value, StrEnum):
        return value.value  # a closed list of words says nothing about anybody, and the rules compare by it
    if isinstance(value, Group):
        pairs = (f"{_hash(element.key, salt)}={_hash(_plain(element), salt)}" for element in value)
        return tuple(sorted(pairs))
    return _hash(_plain(blank(value)), salt)


def element_key(key: str, salt: str) -> str:
    """The digest of one element's key, as it stands before the `=` of a group's digest."""
    return _hash(key, salt)


def _hash(plain: Any, salt: str) -> str:
    return hashlib.blake2b(_json(plain).encode(), digest_size=10, key=salt.encode()[:64]).hexdigest()


def digests(values: Values, salt: str) -> Mapping[str, Digest]:
    return {name: digest(value, salt) for name, value in values.items()}


def group(elements: Iterable[Person | Solution]) -> Group:
    """A group in which the first of several elements with one key wins."""
    found: dict[str, Person | Solution] = {}
    for element in elements:
        found.setdefault(element.key, element)
    return Group(found.values())
