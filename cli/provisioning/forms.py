"""The tab "Co-sell" on the main forms of opportunity and lead: ours alone, no section of anybody else's is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cli.provisioning.formtab import Content, Grid
from cli.provisioning.formxml import has_tab, shown, with_tab, without_tab
from cli.provisioning.plan import Act, Plan, note, step, together
from cli.provisioning.site import Site, guid
from cli.provisioning.tables import Tables
from cli.provisioning.wanted import Wanted
from shared.connectors.dynamics.odata import Row, literal

MAIN, ACTIVE = 2, 1  # systemform.type and formactivationstate
PUBLIC = 0  # savedquery.querytype
_COLUMNS = "formid,name,formxml"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which forms: all active main forms, or those with these names."""

    names: frozenset[str] = frozenset()
    none: bool = False


async def main_forms(site: Site, table: str) -> tuple[Row, ...]:
    asked = f"objecttypecode eq {literal(table)} and type eq {MAIN} and formactivationstate eq {ACTIVE}"
    return await site.dataverse.rows("systemforms", select=_COLUMNS, filter=asked)


async def plan(site: Site, choice: Choice, fields: Mapping[str, tuple[Wanted, ...]], tables: Tables) -> Plan:
    """`fields` are the columns of each table as they will be; the technical marker is shown nowhere."""
    if choice.none:
        return note("no form is touched: put the fields on a form by hand")
    found = [(table, form) for table in fields for form in await main_forms(site, table)]
    wanted = [(table, form) for table, form in found if not choice.names or form.text("name") in choice.names]
    absent = choice.names - {form.text("name") for _, form in found}
    missing = together([note(f'there is no active main form called "{name}"') for name in sorted(absent)])
    shows = {
        table: tuple(each for each in columns if not each.name.endswith("_syncmarker"))
        for table, columns in fields.items()
    }
    return missing + together([_one(site, table, form, shows[table], tables) for table, form in wanted])


def _one(site: Site, table: str, form: Row, fields: tuple[Wanted, ...], tables: Tables) -> Plan:
    async def do() -> None:
        await _change(site, form, Content(fields=fields, grid=await _grid(site, table, tables), language=site.language))

    there = shown(form.text("formxml"))
    absent = {each.name for each in fields} - there
    if table == "opportunity" and f"grid:{tables.relation}" not in there:
        absent.add(tables.relation)
    if not absent:
        return Plan()
    act = Act.CHANGE if has_tab(form.text("formxml")) else Act.CREATE
    return step(act, f'tab Co-sell of the {table} form "{form.text("name")}"', do, frozenset({table}))


async def _grid(site: Site, table: str, tables: Tables) -> Grid | None:
    if table != "opportunity":
        return None
    asked = f"returnedtypecode eq {literal(tables.row)} and querytype eq {PUBLIC} and isdefault eq true"
    views = await site.dataverse.rows("savedqueries", select="savedqueryid", filter=asked)
    if not views:
        return None
    return Grid(relation=tables.relation, table=tables.row, view=guid(views[0].text("savedqueryid")))


async def _change(site: Site, form: Row, content: Content) -> None:
    """Read again right before, and written only over what was read."""
    now = await _again(site, form)
    made = with_tab(now.text("formxml"), guid(form.text("formid")), content)
    await _write(site, now, made)


async def _again(site: Site, form: Row) -> Row:
    found = await site.dataverse.row(f"systemforms({guid(form.text('formid'))})", select=_COLUMNS)
    return found or form


async def _write(site: Site, form: Row, text: str) -> None:
    if text != form.text("formxml"):
        path = f"systemforms({guid(form.text('formid'))})"
        await site.dataverse.patch(path, {"formxml": text}, match=form.version or "*")


async def removal(site: Site) -> Plan:
    """Our tab off every form that has it."""
    found = [(table, form) for table in ("opportunity", "lead") for form in await main_forms(site, table)]
    return together([_without(site, table, form) for table, form in found if has_tab(form.text("formxml"))])


def _without(site: Site, table: str, form: Row) -> Plan:
    async def do() -> None:
        now = await _again(site, form)
        await _write(site, now, without_tab(now.text("formxml")))

    return step(Act.REMOVE, f'tab Co-sell of the {table} form "{form.text("name")}"', do, frozenset({table}))
