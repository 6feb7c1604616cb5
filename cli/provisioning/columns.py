"""Columns: made where absent and ours to make, adopted where name and type agree, a clash where they do not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cli.provisioning import bodies
from cli.provisioning.plan import Act, Plan, clash, note, step, together
from cli.provisioning.site import Site, named
from cli.provisioning.solution import first_option
from cli.provisioning.standing import Columns, Standing
from cli.provisioning.wanted import CHOICE, Wanted
from shared.connectors.dynamics.schema import Column, squeezed
from shared.connectors.dynamics.vocabulary import CODES_BY_LABEL, choice_of


def plan(site: Site, table: str, wanted: Iterable[Wanted], standing: Columns) -> Plan:
    return together([_one(site, table, each, standing.get(each.name)) for each in wanted])


def standing_then(site: Site, wanted: Sequence[Wanted], standing: Columns) -> tuple[Wanted, ...]:
    """The columns that are there once the plan is carried out, as they are where they are adopted."""
    there = (each for each in wanted if each.name in standing or site.ours(each.name))
    return tuple(_as_it_is(each, standing.get(each.name)) for each in there)


def _as_it_is(wanted: Wanted, found: Standing | None) -> Wanted:
    if found is None:
        return wanted
    length = wanted.length if found.length is None else found.length
    return replace(wanted, type=found.type, format=found.format or wanted.format, length=length)


def _one(site: Site, table: str, wanted: Wanted, found: Standing | None) -> Plan:
    if found is None:
        return _absent(site, table, wanted)
    problem = _problem(table, wanted, found)
    return clash(problem) if problem else _options(site, table, wanted, found)


def _absent(site: Site, table: str, wanted: Wanted) -> Plan:
    async def do() -> None:
        first = await first_option(site) if wanted.type == CHOICE else 0
        body = bodies.column(site, wanted, first)
        await site.dataverse.create(f"{named(table)}/Attributes", body)

    shown = f"{table}.{wanted.name}"
    if site.ours(wanted.name):
        return step(Act.CREATE, f"column {shown} ({wanted.type}, {wanted.label})", do, frozenset({table}))
    if not wanted.required:
        return note(f"{shown} is not there and carries somebody else's prefix: it is done without")
    return clash(
        f"{shown} is not there and carries somebody else's prefix, so it is not made. Where Microsoft's connector is "
        f"not installed set DATAVERSE_PREFIX={site.own}: our own columns then carry our own prefix"
    )


def _problem(table: str, wanted: Wanted, found: Standing) -> str:
    shown = f"the column {table}.{wanted.name}"
    if found.type not in wanted.allowed:
        return (
            f"{shown} is there with the type {found.type}, and {' or '.join(wanted.allowed)} is needed: rename or "
            "delete it, as a type cannot be changed"
        )
    if found.length is not None and found.length < wanted.least:
        return f"{shown} holds {found.length} characters, and at least {wanted.least} are needed: make it longer"
    return ""


def _options(site: Site, table: str, wanted: Wanted, found: Standing) -> Plan:
    """Options are told by their labels. Microsoft's own choice is left as it is, also where it lacks one."""
    if not wanted.vocabulary:
        return Plan()
    column = Column(name=found.name, type=found.type, choices=found.choices)
    codes = {label: CODES_BY_LABEL[wanted.vocabulary][squeezed(label)] for label in wanted.options}
    missing = [label for label, code in codes.items() if choice_of(wanted.vocabulary, code, column) is None]
    shown = f"{table}.{wanted.name}"
    if missing and not (site.ours(wanted.name) and found.own_choice):
        return note(f"{shown} has no option labelled {' or '.join(missing)}: deals cannot say it in Dynamics 365")
    return together([_option(site, table, wanted, found, label) for label in missing])


def _option(site: Site, table: str, wanted: Wanted, found: Standing, label: str) -> Plan:
    async def do() -> None:
        value = await first_option(site) + wanted.options.index(label)
        taken = {choice.value for choice in found.choices}
        while value in taken:
            value += len(wanted.options)
        body = {"EntityLogicalName": table, "AttributeLogicalName": wanted.name, "Value": value}
        named_in = {"Label": site.label(label), "SolutionUniqueName": site.dataverse.solution}
        await site.dataverse.change("POST", "InsertOptionValue", body | named_in, {})

    return step(Act.CREATE, f'option "{label}" of {table}.{wanted.name}', do, frozenset({table}))
