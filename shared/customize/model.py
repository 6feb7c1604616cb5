"""What `customize.yaml` may say, as plain values: read by `read.py`, and described by docs/customize.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from shared.customize.accounts import Account
from shared.customize.paths import written
from shared.customize.values import MOST, STRICT, AnyPath, Column, Columns, Given
from shared.domain.countries import COUNTRIES
from shared.domain.oneline import one_line

LONGEST_TITLE = 60
CLOSINGS = ("won", "lost", "declined", "expired", "error")

Direction = Literal["both", "to_dynamics", "to_partner_center"]
Kind = Literal["text", "choice", "date", "money", "number", "yes_no"]


def _option(value: Any) -> str | int:
    if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
        return value
    raise ValueError("a label of the choice, or the number of one of its options")


Option = Annotated[str | int, PlainValidator(_option), WithJsonSchema({"type": ["string", "integer"]})]
Options = Annotated[tuple[Option, ...], Field(max_length=MOST)]


def _title(value: Any) -> str:
    text = one_line(value) if isinstance(value, str) else ""
    if not text or len(text) > LONGEST_TITLE:
        raise ValueError(f"a title for people, of up to {LONGEST_TITLE} characters")
    return text


Title = Annotated[str, PlainValidator(_title), WithJsonSchema({"type": "string", "maxLength": LONGEST_TITLE})]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A path of the referral and a column of the opportunity that are kept in step."""

    __pydantic_config__ = STRICT
    path: AnyPath
    column: Column
    direction: Direction = "both"
    conflict: Literal["dynamics", "partner_center"] | None = None
    as_: Annotated[Kind, Field(alias="as")] = "text"
    choices: Annotated[Mapping[str, Option], Field(max_length=500)] = field(default_factory=dict)
    length: Annotated[int, Field(ge=1, le=100_000)] | None = None
    title: Title = ""

    def __post_init__(self) -> None:
        if self.outbound:
            written(self.path)
        if self.conflict and self.direction != "both":
            raise ValueError("a pair without conflict: what goes one way only has no two owners")
        if self.choices and self.as_ != "choice":
            raise ValueError('a pair with "as: choice", or one without choices')
        if self.length and self.as_ != "text":
            raise ValueError('a pair with "as: text", or one without length')
        if len(set(map(str, self.choices.values()))) != len(self.choices):
            raise ValueError("choices that name each option once: otherwise nobody knows the way back")

    @property
    def inbound(self) -> bool:
        return self.direction != "to_partner_center"

    @property
    def outbound(self) -> bool:
        return self.direction != "to_dynamics"


Pairs = Annotated[tuple[Pair, ...], Field(max_length=MOST)]


@dataclass(frozen=True, kw_only=True)
class Status:
    """Which status reasons mean what: open ones that hold or accept, and the one to close with."""

    __pydantic_config__ = STRICT
    on_hold: Options = ()
    accepted: Options = ()
    closing: Annotated[Mapping[str, Option], Field(max_length=MOST)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if both := set(map(str, self.on_hold)) & set(map(str, self.accepted)):
            raise ValueError(f"reasons in one of on_hold and accepted, not in both ({', '.join(sorted(both))})")


@dataclass(frozen=True, kw_only=True)
class Opportunity:
    __pydantic_config__ = STRICT
    create: Columns = field(default_factory=dict)
    fields: Pairs = ()
    status: Status = field(default_factory=Status)

    def __post_init__(self) -> None:
        twice = [name for name, count in Counter(pair.column for pair in self.fields).items() if count > 1]
        outbound = Counter(pair.path.text.removeprefix("+") for pair in self.fields if pair.outbound)
        twice += [path for path, count in outbound.items() if count > 1]
        if twice:
            raise ValueError(
                f"fields that name each column, and each path that is written, once ({', '.join(twice)} is twice)"
            )


@dataclass(frozen=True, kw_only=True)
class Making:
    """A table of which rows are only made."""

    __pydantic_config__ = STRICT
    create: Columns = field(default_factory=dict)


def _code(value: Any) -> str:
    text = value.strip().upper() if isinstance(value, str) else ""
    if text not in COUNTRIES:
        raise ValueError("a two-letter country code of ISO 3166, like DE")
    return text


Code = Annotated[str, PlainValidator(_code), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z]{2}$"})]


@dataclass(frozen=True, kw_only=True)
class CountryLookup:
    """A lookup of the account to a table of countries, and the column of that table with the code or a name."""

    __pydantic_config__ = STRICT
    column: Column
    holds: Column


@dataclass(frozen=True, kw_only=True)
class Nations:
    """How this CRM calls countries; of several names for one code the first is the one that is written."""

    __pydantic_config__ = STRICT
    names: Annotated[Mapping[str, Code], Field(max_length=1000)] = field(default_factory=dict)
    lookup: CountryLookup | None = None


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """The whole file."""

    __pydantic_config__ = STRICT
    version: Annotated[Literal[1], Field(description="1")] = 1
    opportunity: Opportunity = field(default_factory=Opportunity)
    lead: Making = field(default_factory=Making)
    account: Account = field(default_factory=Account)
    contact: Making = field(default_factory=Making)
    countries: Nations = field(default_factory=Nations)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return self.opportunity.fields

    def names_columns_of(self, table: str) -> bool:
        """Does the file name columns of a table, so that more has to be known of it?"""
        further = {
            "opportunity": bool(self.opportunity.fields),
            "account": bool(self.account.match or self.countries.lookup),
        }
        return bool(self.made(table)) or further.get(table, False)

    def made(self, table: str) -> Mapping[str, Given]:
        """What new rows of a table are given."""
        making: Mapping[str, Mapping[str, Given]] = {
            "opportunity": self.opportunity.create,
            "lead": self.lead.create,
            "account": self.account.create,
            "contact": self.contact.create,
        }
        return making.get(table, {})
