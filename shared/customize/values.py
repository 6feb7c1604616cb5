"""What a column is given when a row is made: a constant, what the referral says, a template of both, or a lookup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema

from shared.customize.paths import Path, path_of, spelled
from shared.customize.template import Template, template_of

MOST = 100  # columns or pairs of a kind
STRICT = ConfigDict(extra="forbid", str_strip_whitespace=True)

Constant = str | bool | int | Decimal


def constant(value: Any) -> Constant:
    if isinstance(value, str | bool | int | Decimal):
        return value
    raise ValueError("a text, a number, or true or false")


AnyConstant = Annotated[
    Constant,
    PlainValidator(constant),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
AnyPath = Annotated[
    Path,
    PlainValidator(path_of),
    WithJsonSchema({"type": "string", "description": "a path into the referral, like details.notes"}),
]
AnyTemplate = Annotated[
    Template,
    PlainValidator(template_of),
    WithJsonSchema({"type": "string", "description": 'a text with paths in braces, like "{customerProfile.name}"'}),
]
Column = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,127}$",
        description="the logical name of a column: lower-case letters, digits and underscores",
    ),
]
Table = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,127}$",
        description="the logical name of a table: lower-case letters, digits and underscores",
    ),
]


def _guid(text: Any) -> str:
    try:
        return str(UUID(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError("the id of a row, a GUID") from error


Guid = Annotated[str, PlainValidator(_guid), WithJsonSchema({"type": "string", "description": "the id of a row"})]


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text: `constant`, or what `from_` or `template` come to, or `otherwise` where that is nothing."""

    __pydantic_config__ = STRICT
    constant: AnyConstant | None = None
    from_: Annotated[AnyPath | None, Field(alias="from")] = None
    template: AnyTemplate | None = None
    otherwise: AnyConstant | None = None

    def __post_init__(self) -> None:
        if sum(each is not None for each in self.ways) != 1:
            raise ValueError(f"exactly one of {self.choice}, and otherwise beside it")
        if self.constant is not None and self.otherwise is not None:
            raise ValueError("otherwise belongs to from, template and lookup")

    @property
    def ways(self) -> tuple[object, ...]:
        return (self.constant, self.from_, self.template)

    @property
    def choice(self) -> str:
        return "constant, from or template"

    @property
    def paths(self) -> tuple[Path, ...]:
        parts = self.template.parts if self.template else ()
        return (*((self.from_,) if self.from_ else ()), *(part for part in parts if isinstance(part, Path)))

    def value(self, referral: Any) -> Constant:
        """The value for one referral, "" for none."""
        found: Constant = ""
        if self.constant is not None:
            found = self.constant
        elif self.from_ is not None:
            told = self.from_.value(referral)
            found = Decimal(str(told)) if isinstance(told, float) else "" if told is None else told
        elif self.template is not None:
            found = self.template.filled(referral)
        return self.otherwise if found == "" and self.otherwise is not None else found

    def text(self, referral: Any) -> str:
        return spelled(self.value(referral)).strip()


def _spread(value: Any) -> Any:
    """A single value stands for a constant."""
    return {"constant": value} if isinstance(value, str | bool | int | Decimal) else value


AnyWords = Annotated[Words, BeforeValidator(_spread)]


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A row of another table: by its id, or the one whose columns hold these values."""

    __pydantic_config__ = STRICT
    table: Table
    id: Guid | None = None
    where: Annotated[Mapping[Column, AnyWords], Field(max_length=5)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.id is None) == (not self.where):
            raise ValueError("a table with either id or where")


@dataclass(frozen=True, kw_only=True)
class Given(Words):
    """What a column is given; of a lookup column, which row."""

    __pydantic_config__ = STRICT
    lookup: Lookup | None = None

    @property
    def ways(self) -> tuple[object, ...]:
        return (self.constant, self.from_, self.template, self.lookup)

    @property
    def choice(self) -> str:
        return "constant, from, template or lookup"


AnyGiven = Annotated[Given, BeforeValidator(_spread)]
Columns = Annotated[Mapping[Column, AnyGiven], Field(max_length=MOST)]
