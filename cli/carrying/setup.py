"""The set-up of this installation, as it goes into an export; and its choices against another's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cli.carrying.document import FORMAT, SCHEMA, Customised, Option, Setup
from cli.carrying.settings import carried
from cli.doctor.crm_tables import read_schema
from cli.work import Tools
from shared.connectors.dynamics.schema import Schema
from shared.connectors.dynamics.vocabulary import HELP, INTENTS, choice_of
from shared.customize.source import file_of, names_file
from shared.errors import Misconfigured
from shared.platform.world import Pinned
from shared.settings import Settings

CODES: Mapping[str, tuple[str, ...]] = {"help": HELP, "intent": INTENTS}
LARGEST = 512 * 1024


async def setup_here(tools: Tools, *, links: bool, customize: Path | None) -> Setup:
    """Raises what Dynamics 365 and Partner Center raise: an export says where it was made."""
    return Setup(
        format=FORMAT,
        schema_number=SCHEMA,
        made=tools.world.clock.now().isoformat(timespec="seconds"),
        pair=tools.settings.pair,
        world=await world_here(tools),
        settings=carried(tools.settings),
        customize=customised(customize or named_file(tools.settings)),
        choices=await choices_here(tools),
        links=links,
    )


async def world_here(tools: Tools) -> Mapping[str, str]:
    """The organisation and tenant that the settings lead to now."""
    pinned = Pinned(
        partner=tools.core.partner,
        crm=tools.core.crm,
        cursors=tools.world.cursors,
        tenant=tools.settings.partner_center_tenant_id,
    )
    return await pinned.found()


def named_file(settings: Settings) -> Path | None:
    """The file that CUSTOMIZE names; none where it is empty or holds the text itself, which is carried as a setting."""
    return file_of(settings.customize) if names_file(settings.customize) else None


def customised(file: Path | None) -> Customised | None:
    if file is None:
        return None
    try:
        data = file.read_bytes()[: LARGEST + 1]
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise Misconfigured((f"{file} cannot be read as a text: is it the customisation file?",)) from error
    if len(data) > LARGEST:
        raise Misconfigured((f"{file} is longer than {LARGEST} bytes: it is no customisation file",))
    return Customised(name=file.name, text=text)


async def choices_here(tools: Tools) -> Mapping[str, Mapping[str, Option]]:
    """The option of each code by its label, as this organisation has it; a missing one is left out."""
    schema, names = await read_schema(tools), tools.core.crm.config.names
    return {kind: _options(kind, getattr(names, kind), schema) for kind in CODES}


def _options(kind: str, name: str, schema: Schema) -> Mapping[str, Option]:
    column = schema.opportunity.columns.get(name)
    found = {code: choice_of(kind, code, column) for code in CODES[kind]} if column else {}
    return {code: Option(value=choice.value, label=choice.label) for code, choice in found.items() if choice}


def missing(here: Mapping[str, Mapping[str, Option]], there: Mapping[str, Mapping[str, Option]]) -> list[str]:
    """What the tested organisation could say and this one cannot; that values differ is as it should be."""
    return [f"{kind}: {code} ({option.label})" for kind, found in there.items() for code, option in found.items()
            if code not in here.get(kind, {})]  # fmt: skip
