"""Everything that an environment needs, as one plan: read all, compare, say what clashes; nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from cli.provisioning import columns, forms, mapping, role, solution, steps, tables, tracking, webhook
from cli.provisioning.forms import Choice
from cli.provisioning.plan import Plan, note
from cli.provisioning.site import Site
from cli.provisioning.standing import Columns, columns_of
from cli.provisioning.wanted import TEXT, Wanted, of_lead, of_opportunity
from cli.provisioning.webhook import Hook
from shared.connectors.dynamics.schema import squeezed


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What the administrator asked for besides."""

    hook: Hook = field(default_factory=Hook)
    forms: Choice = field(default_factory=Choice)
    application: str = ""


async def plan(site: Site, ask: Ask) -> Plan:
    """In the order in which it has to be carried out: what refers to something comes after it."""
    deal = of_opportunity(site.config.names, site.config.prefix, site.own)
    deals, leads = await columns_of(site.dataverse, "opportunity"), await columns_of(site.dataverse, "lead")
    lead = fitting(site, labelled(site, of_lead(site.own), leads), deals)
    made, names = await tables.plan(site)
    first = await solution.plan(site)
    first += columns.plan(site, "opportunity", deal, deals) + columns.plan(site, "lead", lead, leads) + made
    if first.clashes:
        return first
    fields = {
        "opportunity": columns.standing_then(site, deal, deals),
        "lead": columns.standing_then(site, lead, leads),
    }
    first += await tracking.plan(site, names)
    first += await mapping.plan(site, fields["lead"], fields["opportunity"])
    first += await forms.plan(site, ask.forms, fields, names)
    return first + await _outward(site, ask, names)


async def _outward(site: Site, ask: Ask, names: tables.Tables) -> Plan:
    """The webhook, and who may do what."""
    there = await webhook.endpoint(site, ask.hook.url)
    found = await role.plan(site, names, ask.application)
    if there is None and not ask.hook.url:
        found += note("no webhook: give the address of the function as --url, and its key when it is asked for")
    else:
        found += webhook.plan(site, ask.hook, there) + await steps.plan(site, ask.hook, there, names)
    return found


def labelled(site: Site, lead: tuple[Wanted, ...], standing: Columns) -> tuple[Wanted, ...]:
    """The lead's columns as the product will find them: of DATAVERSE_PREFIX by their label, else ours."""
    return tuple(replace(each, name=_labelled(site, each, standing) or each.name) for each in lead)


def _labelled(site: Site, wanted: Wanted, standing: Columns) -> str:
    prefix, label = f"{site.config.prefix}_", squeezed(wanted.label)
    found = [each for each in standing.values() if each.name.startswith(prefix) and each.type in wanted.allowed]
    named = [each.name for each in found if label in map(squeezed, each.labels)]
    return named[0] if len(named) == 1 else ""


def fitting(site: Site, lead: tuple[Wanted, ...], deals: Columns) -> tuple[Wanted, ...]:
    """A lead's column is made as long as the opportunity's that it is handed over to, and of its format."""
    pairs = mapping.pairs(site, lead)
    return tuple(_fitting(each, deals, pairs.get(each.name, "")) for each in lead)


def _fitting(wanted: Wanted, deals: Columns, target: str) -> Wanted:
    found = deals.get(target)
    if found is None or wanted.type != TEXT or found.length is None:
        return wanted
    return replace(wanted, length=min(wanted.length, found.length), format=found.format or wanted.format)
