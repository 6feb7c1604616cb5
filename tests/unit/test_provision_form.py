"""A form with our tab and without it: pure, on XML as designers write it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.provisioning.formtab import Content, Grid
from cli.provisioning.formxml import LARGEST, has_tab, shown, with_tab, without_tab
from cli.provisioning.wanted import of_lead, of_opportunity
from shared.connectors.dynamics.names import names_of
from shared.errors import Misconfigured

IDENT = "11111111-2222-4333-8444-555555555555"
GRID = Grid(relation="cosell_opportunity_microsoftsolution", table="cosell_microsoftsolution", view=IDENT)
CONTENT = Content(fields=of_lead("cosell"), grid=GRID, language=1031)
PLACE = "<columns><column width='100%'><sections><section><rows/></section></sections></column></columns>"
FORM = f"""<form headerdensity="HighWithControls"><!-- </tabs> --><tabs><tab id='{{1}}' name="Summary">{PLACE}</tab
></tabs><events><event name="onload"><![CDATA[a && b </tabs >]]></event></events></form>"""


def test_everything_else_stays_byte_for_byte() -> None:
    """What is put in is cut out again and leaves the very text, odd spaces, quotes and comments included."""
    made = with_tab(FORM, IDENT, CONTENT)

    assert has_tab(made)
    assert not has_tab(FORM)
    assert without_tab(made) == FORM


def test_the_same_form_gets_the_same_tab_once() -> None:
    """Again changes nothing, another run makes the same bytes, and another form has other ids."""
    made = with_tab(FORM, IDENT, CONTENT)

    assert with_tab(made, IDENT, CONTENT) == made
    assert with_tab(FORM, IDENT, CONTENT) == made
    ids = [each.get("id") for each in ET.fromstring(made).iter() if each.tag in ("tab", "section", "cell")]  # noqa: S314 - our own
    assert len(ids) == len(set(ids))
    assert with_tab(FORM, IDENT.replace("1", "9"), CONTENT) != made


def test_what_is_shown_elsewhere_is_not_shown_again() -> None:
    """A column that any control shows, and a sub-grid of the relationship wherever it stands."""
    first, *others = CONTENT.fields
    control = f'<row><cell><control datafieldname="{first.name}"/></cell></row>'
    made = with_tab(FORM.replace("<rows/>", f"<rows>{control}</rows>"), IDENT, CONTENT)

    assert made.count(f'datafieldname="{first.name}"') == 1
    assert {each.name for each in others} | {f"grid:{GRID.relation}"} <= shown(made)


def test_a_new_field_joins_the_tab_that_is_there() -> None:
    """A later version's field comes into a section of its own in the same tab, under ids that are new."""
    older = with_tab(FORM, IDENT, replace(CONTENT, fields=CONTENT.fields[:2]))
    newer = with_tab(older, IDENT, CONTENT)

    assert newer.count("<tab ") == 2
    assert without_tab(newer) == FORM
    assert newer.count("cosell_tab_2") == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no XML",
        "<form><tabs></form>",
        "<form/>",
        '<!DOCTYPE form [<!ENTITY a "aaaa">]><form><tabs>&a;</tabs></form>',
        "<form><tabs/></form>",
        f"<form><tabs></tabs><x>{' ' * LARGEST}</x></form>",
    ],
    ids=["nothing", "text", "cut off", "no tabs", "declarations", "an empty element", "too large"],
)
def test_what_is_no_form_is_refused_in_words(text: str) -> None:
    """Nothing is written that was not understood, and nothing is expanded."""
    with pytest.raises(Misconfigured):
        with_tab(text, IDENT, CONTENT)


@given(st.text(max_size=30), st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), max_size=30))
def test_no_name_or_label_breaks_out_of_its_place(name: str, label: str) -> None:
    """Whatever a name, label, relationship or table is, the form stays the form plus one tab, or is refused."""
    field = replace(CONTENT.fields[0], name=name, label=label)
    content = replace(CONTENT, fields=(field,), grid=replace(GRID, relation=label or "r", table=name))
    try:
        made = with_tab(FORM, IDENT, content)
    except Misconfigured:
        return  # a character that XML cannot hold at all
    before, after = ET.fromstring(FORM), ET.fromstring(made)  # noqa: S314 - our own
    assert [each.tag for each in after] == [each.tag for each in before]
    assert len(after.findall("tabs/tab")) == 2
    assert without_tab(made) == FORM


def test_names_are_written_as_the_product_reads_them() -> None:
    """Each column's schema name, lower case, is the name that the connector looks for, under any prefix."""
    for prefix, own in (("msft", "cosell"), ("fab", "fab")):
        names = names_of(prefix, own)
        assert {each.name for each in of_opportunity(names, prefix, own)} == set(names.every)
        assert all(each.schema.lower() == each.name for each in of_opportunity(names, prefix, own))
