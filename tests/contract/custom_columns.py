"""An organisation with columns of its own, as partners have them: what `customize.yaml` may name in a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.dynamics.columns import (
    choice,
    date,
    decimal,
    flag,
    integer,
    lookup,
    memo,
    moment,
    money,
    owned,
    table,
    text,
)
from sandbox.dynamics.columns import states as states_of
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.schema import Column, Option

REGION = 100_000_000  # the first option of new_region: EMEA, then Americas
OPPORTUNITY = (
    text("new_campaign", 20, label="Campaign", custom=True),
    memo("new_story", 2000, custom=True),
    choice("new_region", "EMEA", "Americas", first=REGION, custom=True),
    choice("new_plan", "Ready to buy", "Not now", first=REGION, custom=True),
    flag("new_strategic", custom=True),
    date("new_due", custom=True),
    moment("new_when", custom=True),
    money("new_budget", custom=True),
    decimal("new_score", 2, custom=True),
    integer("new_seats", 0, 500, custom=True),
    text("new_computed", 50, creatable=False, updatable=False, custom=True),
    lookup("new_orphanid", "new_program", schema_name="new_OrphanId", custom=True),
    lookup("new_programid", "new_program", "new_program_opportunity", schema_name="new_ProgramId", custom=True),
)
ACCOUNT = (
    text("new_duns", 20, custom=True),
    text("new_tier", 20, custom=True),
    lookup("new_orphanid", "new_country", schema_name="new_OrphanId", custom=True),
    lookup("new_countryid", "new_country", "new_country_account", schema_name="new_CountryId", custom=True),
)
LEAD = (text("new_source", 50, custom=True),)
CONTACT = (text("new_origin", 50, custom=True),)
STATUS = (Option(value=100, label="Waiting for Microsoft", state=0), Option(value=101, label="Qualified", state=0))
CLOSED = (Option(value=110, label="No budget", state=2), Option(value=111, label="Co-sell win", state=1))


def small_table(name: str, plural: str) -> Any:
    """A table of the organisation's own with a name and a code."""
    return table(
        name,
        plural,
        text("new_name", 100),
        text("new_code", 100),
        *owned(),
        *states_of({(0, "Active"): {1: "Active"}, (1, "Inactive"): {2: "Inactive"}}),
        primary_name="new_name",
        custom=True,
        object_type_code=10_500 + len(name),
    )


def add(organization: Organization) -> None:
    """Everything above."""
    schema = organization.schema
    for made in (small_table("new_program", "new_programs"), small_table("new_country", "new_countries")):
        schema.tables[made.name] = schema.sets[made.entity_set] = made
    for name, columns in (("opportunity", OPPORTUNITY), ("account", ACCOUNT), ("lead", LEAD), ("contact", CONTACT)):
        schema.tables[name].columns.update({column.name: column for column in columns})
    _add_reasons(schema.tables["opportunity"].columns)


def _add_reasons(columns: dict[str, Column]) -> None:
    column = columns["statuscode"]
    columns["statuscode"] = replace(column, options=(*column.options, *STATUS, *CLOSED))
