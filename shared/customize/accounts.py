"""How the customer's account is found, and what a new one gets, as the file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from shared.customize.values import STRICT, AnyWords, Column, Columns

STANDARD = "name_and_postal_code"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way to find the customer's account: by columns, by the domain of its people, or by an id of the customer."""

    __pydantic_config__ = STRICT
    columns: Annotated[Mapping[Column, AnyWords], Field(max_length=5)] = field(default_factory=dict)
    domain: Annotated[tuple[Column, ...], Field(max_length=5)] = ()
    id: Annotated[str, Field(pattern=r"^\w{1,40}$", description="a profileType of customerProfile.ids")] = ""
    column: Column | Literal[""] = ""
    standard: bool = False

    def __post_init__(self) -> None:
        ways = (bool(self.columns), bool(self.domain), bool(self.id), self.standard)
        if sum(ways) != 1 or bool(self.id) != bool(self.column):
            raise ValueError(f"{STANDARD}, or a rule with columns, or with domain, or with id and column")


def _rule(value: Any) -> Any:
    if value == STANDARD:
        return {"standard": True}
    if isinstance(value, Mapping) and isinstance(value.get("domain"), str):
        return {**value, "domain": (value["domain"],)}
    return value


@dataclass(frozen=True, kw_only=True)
class Account:
    __pydantic_config__ = STRICT
    match: Annotated[tuple[Annotated[Rule, BeforeValidator(_rule)], ...], Field(max_length=10)] = ()
    create: Columns = field(default_factory=dict)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.match or (Rule(standard=True),)
