"""The head of an export: which settings, customisation and choices were tested, and where. Its links follow it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.connectors.foreign_json import decoded
from shared.errors import Misconfigured

FORMAT = "cosell-export"
SCHEMA = 1  # raised when an older release must not read it; a new key needs no new number
Name = Annotated[str, Field(max_length=128)]
Text = Annotated[str, Field(max_length=100_000)]  # CUSTOMIZE may hold a whole file
Options = Annotated[Mapping[Name, "Option"], Field(max_length=500)]
NOT_ONE = "it is no file that `cosell export` wrote, or not a whole one"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True)


class Option(_Part):
    """An option of a choice as the tested organisation has it; another organisation's has another value."""

    value: int
    label: Text


class Customised(_Part):
    """The customisation file, as it is."""

    name: Name
    text: Annotated[str, Field(max_length=512 * 1024)]


class Setup(_Part):
    """`settings` holds what may be carried to another environment and nothing secret; `world` is where it was made.

    `choices`: by kind (help, intent) and Partner Center's code, the option found for it. `links`: whether they follow.
    """

    format: Literal["cosell-export"]
    schema_number: Annotated[int, Field(alias="schema", ge=1)]
    made: Name
    pair: Name
    world: Annotated[Mapping[Name, Name], Field(max_length=20)] = Field(default_factory=dict)
    settings: Annotated[Mapping[Name, Text], Field(max_length=300)] = Field(default_factory=dict)
    customize: Customised | None = None
    choices: Annotated[Mapping[Name, Options], Field(max_length=20)] = Field(default_factory=dict)
    links: bool = False

    def plain(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, mode="json")


def setup_of(data: bytes) -> Setup:
    """The head of a file; raises Misconfigured for anything else."""
    try:
        found = decoded(data)
        if isinstance(found, dict) and found.get("format") == FORMAT and _newer(found.get("schema")):
            raise Misconfigured((f"a newer release wrote this export (schema {found['schema']}): import it with that",))
        return Setup.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(each)[:64] for each in first["loc"]) or "the document"
        raise Misconfigured((f"{NOT_ONE} ({place}: {first['msg'][:200]})",)) from error
    except ValueError as error:
        raise Misconfigured((f"{NOT_ONE} (it is not JSON)",)) from error


def _newer(schema: Any) -> bool:
    return isinstance(schema, int) and schema > SCHEMA
