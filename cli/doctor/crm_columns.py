"""The columns of an opportunity that co-sell needs: there, of the right type, long enough, with options we know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cli.doctor.check import Findings
from cli.doctor.finding import Finding, failed, ok, warning
from cli.doctor.once import Once
from cli.work import Tools
from shared.connectors.dynamics.config import Config
from shared.connectors.dynamics.lead_schema import KIND, lead_schema
from shared.connectors.dynamics.metadata import read_table
from shared.connectors.dynamics.schema import Column, Schema
from shared.connectors.dynamics.vocabulary import HELP, INTENTS, choice_of, code_of
from shared.connectors.partner_center import PORTAL_LINK

GUID = 36  # characters
LINK = len(PORTAL_LINK.format(id="0" * GUID))
AUDIT = 500  # characters: a few lines; a longer column keeps more of them
PROVISION = "Add the column (README, With a real tenant), or set the prefix that this organisation's columns have"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A column by its attribute of `names.Names`. Without a `needed` one the product must not be let go."""

    role: str
    types: tuple[str, ...]
    length: int = 0
    needed: bool = False
    loss: str = "is neither shown nor written"


WANTED = (
    Wanted(role="sync", types=("Boolean",), needed=True, loss="cannot be asked for"),
    Wanted(role="referral", types=("String",), length=GUID, needed=True, loss="cannot be found again"),
    Wanted(
        role="marker", types=("String",), length=GUID, needed=True, loss="cannot tell our own write from a user's edit"
    ),
    Wanted(role="audit", types=("Memo",), length=AUDIT, needed=True, loss="says nowhere what became of it"),
    Wanted(role="link", types=("String",), length=LINK),
    Wanted(role="program", types=("String",)),
    Wanted(role="microsoft_id", types=("String",)),
    Wanted(role="visible", types=("Boolean",)),
    Wanted(role="help", types=("Picklist",), loss="cannot ask Microsoft for help"),
    Wanted(role="intent", types=("Picklist",), loss="is shared without a purchase intent"),
)


async def settings(tools: Tools, read: Once[Schema]) -> Findings:
    """The columns that settings name; raises Misconfigured for one that is not there or of another type."""
    config = tools.core.crm.config
    config.check(await read(tools))
    named = (config.deal_value_field, config.deal_currency_field, config.country_code_field)
    return ok(f"{', '.join(name for name in named if name)} are there")


async def columns(tools: Tools, read: Once[Schema]) -> Findings:
    schema, config = await read(tools), tools.core.crm.config
    wrong = [found for wanted in WANTED if (found := _wrong(wanted, schema, config))]
    return tuple(wrong) or ok(f"all {len(WANTED)} are there, of the right type and length")


def _wrong(wanted: Wanted, schema: Schema, config: Config) -> Finding | None:
    name = getattr(config.names, wanted.role)
    column = schema.opportunity.columns.get(name)
    judged = failed if wanted.needed else warning
    if column is None:
        return judged(f"opportunity has no column {name}: without it a deal {wanted.loss}", PROVISION, about=name)
    if column.type not in wanted.types:
        do = f"It has to be of type {' or '.join(wanted.types)}: another column's name, or another prefix?"
        return judged(f"{name} is of type {column.type}", do, about=name)
    if column.length is not None and column.length < wanted.length:
        do = f"Make the column at least {wanted.length} characters long"
        return judged(f"{name} holds {column.length} characters", do, about=name)
    return None


async def choices(tools: Tools, read: Once[Schema]) -> Findings:
    """Options are known by their labels, since their values are different in every organisation."""
    schema, names = await read(tools), tools.core.crm.config.names
    wrong = [*_labels("help", names.help, HELP, schema), *_labels("intent", names.intent, INTENTS, schema)]
    return tuple(wrong) or ok("help and purchase intent have every option that Partner Center knows")


def _labels(kind: str, name: str, codes: tuple[str, ...], schema: Schema) -> Iterator[Finding]:
    column = schema.opportunity.columns.get(name)
    if column is None:
        return
    if missing := [code for code in codes if choice_of(kind, code, column) is None]:
        do = f"Give {name} an option for each, labelled like the code (spaces and case do not matter)"
        yield warning(f"{name} has no option for {', '.join(missing)}", do, about=name)
    if unknown := _unknown(kind, codes, column):
        do = "Rename these options to one of Partner Center's, or do without them"
        yield warning(f"{name} has options that mean nothing to Partner Center: {', '.join(unknown)}", do, about=name)


def _unknown(kind: str, codes: tuple[str, ...], column: Column) -> list[str]:
    return sorted(choice.label for choice in column.choices if code_of(kind, choice) not in codes)


async def leads(tools: Tools) -> Findings:
    """A lead's columns; raises Misconfigured where it cannot carry the id of its referral."""
    if tools.settings.cosell_only:
        return ok("leads are left alone (COSELL_ONLY)")
    schema = lead_schema(tools.core.crm.config, await read_table(tools.core.crm.calls.rest, KIND))
    lacking = [f"no column for its {role}" for role, name in vars(schema.names).items() if not name]
    ids = {name: schema.table.length(name) or GUID for name in (schema.names.referral, schema.names.marker) if name}
    lacking += [f"a column {name} of {length} characters" for name, length in ids.items() if length < GUID]
    found = tuple(warning(f"lead has {what}", PROVISION, about=what) for what in lacking)
    return found or ok(", ".join(schema.names.present))
